import { expect, test } from 'vitest';
import { createSerializer } from '../../src/core/serializer.ts';

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
