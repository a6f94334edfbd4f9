import { expect, test } from 'vitest';
import { createRateLimiter } from '../../../src/backends/shared/rate-limiter.ts';
import { retryAfterMs } from '../../../src/backends/shared/retry-after.ts';
import { createTestClock } from '../../support/core-clock.ts';

test('a request waits for its turn, in order, and no longer than it may', async () => {
  const clock = createTestClock();
  const limiter = createRateLimiter({ requests: 2, windowMs: 1_000, queueMs: 1_500, clock });
  const { signal } = new AbortController();
  expect(await limiter.take(signal)).toBeNull();
  expect(await limiter.take(signal)).toBeNull();
  const turns: number[] = [];
  const third = limiter.take(signal).then(() => turns.push(3));
  const leaving = new AbortController();
  const fourth = limiter.take(leaving.signal);
  expect(await limiter.take(signal)).toBe(2_000);
  leaving.abort(new Error('left'));
  await expect(fourth).rejects.toThrow('left');
  // The place that it left is free for another one.
  const fifth = limiter.take(signal).then(() => turns.push(5));
  await clock.advance(999);
  expect(turns).toEqual([]);
  await clock.advance(1);
  await Promise.all([third, fifth]);
  expect(turns).toEqual([3, 5]);
});

test.each([
  [undefined, null],
  ['7', 7_000],
  ['Thu, 01 Jan 1970 00:00:09 GMT', 8_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', null],
  ['-1', null],
])('Retry-After %o', (header, ms) => {
  expect(retryAfterMs(header, 1_000)).toBe(ms);
});
