import { expect, test } from 'vitest';
import { createBackgroundReports } from '../../src/observability/background-reports.ts';
import type { Clock } from '../../src/core/ports.ts';
import { createTestClock } from '../support/core-clock.ts';

function start(clock: Pick<Clock, 'now'>) {
  const lines: { readonly what: unknown; readonly message: string; readonly repeats: number | undefined }[] = [];
  const error = (...[fields, what]: any[]): void => {
    lines.push({ what, message: String(fields.err.message ?? fields.err), repeats: fields.repeats });
  };
  return { lines, reports: createBackgroundReports({ error }, clock) };
}

test('the same failure is written once in 10 seconds, with how often it came meanwhile', async () => {
  const clock = createTestClock();
  const { lines, reports } = start(clock);
  const report = reports('Sessions could not be expired');
  for (let second = 0; second < 25; second += 1) {
    report(new Error('The store cannot be reached.'));
    await clock.advance(1_000);
  }
  const line = { what: 'Sessions could not be expired', message: 'The store cannot be reached.' };
  expect(lines).toEqual([
    { ...line, repeats: undefined },
    { ...line, repeats: 9 },
    { ...line, repeats: 9 },
  ]);
});

test('another failure, and the same of other work, is written at once', () => {
  const { lines, reports } = start(createTestClock());
  for (const what of ['Sessions could not be expired', 'A subscription could not be served']) {
    for (const error of [new Error('one'), new Error('other'), 'one and other', new Error('one')]) reports(what)(error);
  }
  expect(lines.map(({ message }) => message)).toEqual(['one', 'other', 'one and other', 'one', 'other', 'one and other']);
});

test('a clock that is set back keeps nothing quiet for longer', () => {
  let now = 1_000_000;
  const { lines, reports } = start({ now: () => now });
  const report = reports('Sessions could not be expired');
  report(new Error('The store cannot be reached.'));
  now = 0;
  report(new Error('The store cannot be reached.'));
  expect(lines).toHaveLength(2);
});
