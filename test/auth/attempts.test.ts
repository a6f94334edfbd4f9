import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAttemptLimiter } from '../../src/auth/attempts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('as many attempts as the limit go on, then the key waits for its window', async () => {
  const attempts = createAttemptLimiter({ limit: 3, windowSeconds: 60 });
  for (let count = 0; count < 3; count += 1) expect(await attempts.consume('a')).toBeNull();
  expect(await attempts.consume('a')).toBe(60);
  vi.advanceTimersByTime(58_500);
  expect(await attempts.consume('a')).toBe(2);
  vi.advanceTimersByTime(1_500);
  expect(await attempts.consume('a')).toBeNull();
});

test('refused attempts do not make the wait longer', async () => {
  const attempts = createAttemptLimiter({ limit: 1, windowSeconds: 60 });
  for (let count = 0; count < 100; count += 1) await attempts.consume('a');
  vi.advanceTimersByTime(60_000);
  expect(await attempts.consume('a')).toBeNull();
});

test('attempts at the same moment are counted one by one', async () => {
  const attempts = createAttemptLimiter({ limit: 10 });
  const answers = await Promise.all(Array.from({ length: 200 }, () => attempts.consume('a')));
  expect(answers.filter((wait) => wait === null)).toHaveLength(10);
});

test('keys are counted apart', async () => {
  const attempts = createAttemptLimiter({ limit: 1 });
  expect([await attempts.consume('a'), await attempts.consume('b'), await attempts.consume('a')]).toEqual([null, null, 60]);
});

test('a long key is counted whole', async () => {
  const attempts = createAttemptLimiter({ limit: 1 });
  const long = 'x'.repeat(10_000);
  expect([await attempts.consume(`${long}a`), await attempts.consume(`${long}b`), await attempts.consume(`${long}a`)]).toEqual([
    null,
    null,
    60,
  ]);
});

test('a success forgets the attempts', async () => {
  const attempts = createAttemptLimiter({ limit: 1 });
  await attempts.consume('a');
  await attempts.reset('a');
  expect(await attempts.consume('a')).toBeNull();
  expect(await attempts.consume('a')).toBe(60);
});

test('a key that came back after its window is still bounded and can be reset', async () => {
  const attempts = createAttemptLimiter({ limit: 1, windowSeconds: 60 });
  await attempts.consume('a');
  vi.advanceTimersByTime(60_000);
  await attempts.consume('a');
  expect(await attempts.consume('a')).toBe(60);
  await attempts.reset('a');
  expect(await attempts.consume('a')).toBeNull();
});

test('a flood of keys leaves no more timers than keys, and does not free a busy one', async () => {
  const attempts = createAttemptLimiter({ limit: 5, maxKeys: 100 });
  for (let count = 0; count < 1_000; count += 1) {
    await attempts.consume(`flood-${count}`);
    if (count % 50 === 0) await attempts.consume('busy');
  }
  expect(vi.getTimerCount()).toBeLessThanOrEqual(100);
  expect(await attempts.consume('busy')).toBe(60);
});
