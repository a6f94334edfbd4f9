import { expect, test } from 'vitest';
import { createSerializer } from '../../src/core/serializer.ts';
import { createTestClock } from '../support/core-clock.ts';

test('work of one key is done one after the other, in the order in which it came', async () => {
  const inTurn = createSerializer();
  const log: string[] = [];
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      inTurn('key', async () => {
        log.push(`${name} begins`);
        await new Promise<void>((resolve) => setImmediate(resolve));
        log.push(`${name} ends`);
      }),
    ),
  );
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('work of another key does not wait', async () => {
  const inTurn = createSerializer();
  const { promise: blocked, resolve: unblock } = Promise.withResolvers<string>();
  const first = inTurn('one', () => blocked);
  expect(await inTurn('two', async () => 'two')).toBe('two');
  unblock('one');
  expect(await first).toBe('one');
});

test('a failure is its own, and keeps nobody from their turn', async () => {
  const inTurn = createSerializer();
  const settled = await Promise.allSettled([
    inTurn('key', async () => {
      throw new Error('first');
    }),
    inTurn('key', async () => 'second'),
    inTurn('key', () => Promise.reject(new Error('third'))),
    inTurn('key', async () => 'fourth'),
  ]);
  expect(settled.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual([
    'Error: first',
    'second',
    'Error: third',
    'fourth',
  ]);
});

test('what comes after the queue has run empty begins anew', async () => {
  const inTurn = createSerializer();
  expect([await inTurn('key', async () => 1), await inTurn('key', async () => 2)]).toEqual([1, 2]);
});

test('what waits for too long is refused, and never begun', async () => {
  const clock = createTestClock();
  const inTurn = createSerializer({ clock, waitMs: 1_000 });
  const { promise: blocked, resolve: unblock } = Promise.withResolvers<string>();
  const begun: string[] = [];
  const work = (name: string) => async () => {
    begun.push(name);
    return name;
  };
  const first = inTurn('key', () => blocked);
  await clock.advance(1);
  const late = Promise.allSettled([inTurn('key', work('second')), inTurn('key', work('third'))]);
  await clock.advance(999);
  const inTime = inTurn('key', work('fourth'));
  await clock.advance(1);
  expect((await late).map((each) => each.status === 'rejected' && each.reason.problem)).toEqual(
    Array.from({ length: 2 }, () => expect.objectContaining({ code: 'UNAVAILABLE', retryAfterSeconds: 1 })),
  );
  unblock('first');
  expect(await Promise.all([first, inTime])).toEqual(['first', 'fourth']);
  expect(begun).toEqual(['fourth']);
  await clock.advance(10_000);
  expect(clock.pending).toBe(0);
});

test('what follows from something that has happened waits however long it takes, and however many do', async () => {
  const clock = createTestClock();
  const inTurn = createSerializer({ clock, waitMs: 1_000, maxWaiting: 1 });
  const { promise: blocked, resolve: unblock } = Promise.withResolvers<string>();
  const first = inTurn('key', () => blocked);
  const patient = ['second', 'third'].map((name) => inTurn('key', async () => name, { patient: true }));
  await clock.advance(100_000);
  unblock('first');
  expect(await Promise.all([first, ...patient])).toEqual(['first', 'second', 'third']);
  expect(clock.pending).toBe(0);
});

test('no more wait than may', async () => {
  const inTurn = createSerializer({ maxWaiting: 2 });
  const { promise: blocked, resolve: unblock } = Promise.withResolvers<void>();
  const works = ['one', 'two', 'three', 'four'].map((name) =>
    inTurn('key', async () => {
      await blocked;
      return name;
    }),
  );
  await expect(works[3]).rejects.toMatchObject({ problem: { code: 'UNAVAILABLE' } });
  expect(await inTurn('another', async () => 'alone')).toBe('alone');
  unblock();
  expect(await Promise.all(works.slice(0, 3))).toEqual(['one', 'two', 'three']);
  expect(await Promise.all([inTurn('key', async () => 'again'), inTurn('key', async () => 'and again')])).toEqual(['again', 'and again']);
});
