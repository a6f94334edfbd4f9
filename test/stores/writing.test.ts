import { expect, test } from 'vitest';
import { failureKind } from '../../src/stores/postgres/failures.ts';
import { createWriting } from '../../src/stores/shared/writing.ts';

const reason = new Error('cannot execute INSERT in a read-only transaction');

test('a refusal counts until something is written', () => {
  const writing = createWriting();
  writing.check();
  expect(writing.refused('challenge', reason)).toMatchObject({ problem: { code: 'UNAVAILABLE' }, cause: reason });
  expect(() => writing.check()).toThrow(reason);
  // A read, or a change that found nothing to do, tells nothing.
  writing.done('read');
  expect(() => writing.check()).toThrow(reason);
  writing.wrote();
  writing.check();
});

test('or until what was refused is done', () => {
  const writing = createWriting();
  writing.refused('presence', reason);
  writing.refused('lease', new Error('another'));
  expect(() => writing.check()).toThrow('another');
  writing.done('presence');
  writing.check();
});

test.each([
  ['25006', 'cannot execute UPDATE in a read-only transaction', 'unwritable'],
  ['53100', 'could not extend file "base/5/1": No space left on device', 'unwritable'],
  ['XX000', 'could not extend file "base/5/1": Disk quota exceeded', 'unwritable'],
  ['XX000', 'something else', 'refused'],
  ['23505', 'duplicate key value', 'refused'],
] as const)('PostgreSQL says %s: %s', (code, message, kind) => {
  expect(failureKind(Object.assign(new Error(message), { code }))).toBe(kind);
});
