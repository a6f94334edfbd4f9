import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Retention, type RetentionOptions, createRetention } from '../../src/core/retention.ts';
import type { Store } from '../../src/core/ports.ts';
import { orThrow } from '../../src/core/problem.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type TestClock, createTestClock } from '../support/core-clock.ts';
import { apiKey, createGateway } from '../support/core-service.ts';

const hour = 3_600_000;

let store: Store;
let clock: TestClock;
let errors: unknown[];
let retention: Retention;
const open = (options: Partial<RetentionOptions> = {}) => {
  retention = createRetention({ store, clock, report: (error) => errors.push(error), ...options });
  return retention;
};
beforeEach(() => {
  store = createMemoryStore();
  clock = createTestClock();
  errors = [];
});
afterEach(async () => {
  await retention[Symbol.asyncDispose]();
});

/** Uses the key once and answers with the session that it gave. */
const useKey = async (key: string) =>
  orThrow(await createGateway(store, { clock }).sessions.create(apiKey('k1'), { idempotencyKey: key })).sessionId;

test('an idempotency key is remembered for its time and no longer', async () => {
  open().start();
  const first = await useKey('a');
  await clock.advance(24 * hour);
  expect(await useKey('a')).toBe(first);
  await clock.advance(hour);
  expect(await useKey('a')).not.toBe(first);
});

test('a challenge is forgotten once it has ended', async () => {
  open({ intervalMs: hour }).start();
  await store.challenges.put({ id: 'one', payload: 'x', expiresAt: clock.now() + hour / 2 });
  await store.challenges.put({ id: 'two', payload: 'y', expiresAt: clock.now() + 3 * hour });
  await clock.advance(2 * hour);
  expect(await store.challenges.take('one', 0)).toBeNull();
  expect(await store.challenges.take('two', clock.now())).toBe('y');
});

test('a failure is reported, and the next round tries again', async () => {
  let rounds = 0;
  open({
    intervalMs: hour,
    store: {
      async prune() {
        rounds += 1;
        throw new Error('gone');
      },
    },
  }).start();
  await clock.advance(3 * hour);
  expect(rounds).toBe(4);
  expect(errors).toEqual(Array.from({ length: 4 }, () => new Error('gone')));
});

test('a second start is none', async () => {
  open().start();
  retention.start();
  await clock.advance(hour);
  expect(clock.pending).toBe(1);
});

test('its end leaves nothing behind, whether or not it had begun', async () => {
  open();
  await retention[Symbol.asyncDispose]();
  retention.start();
  await clock.advance(hour);
  expect(clock.pending).toBe(0);
  open().start();
  await clock.advance(hour);
  expect(clock.pending).toBe(1);
  await retention[Symbol.asyncDispose]();
  await retention[Symbol.asyncDispose]();
  expect(clock.pending).toBe(0);
});

test('its end waits for the round that is under way', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  open({ store: { prune: () => promise } }).start();
  let closed = false;
  const closing = (async () => {
    await retention[Symbol.asyncDispose]();
    closed = true;
  })();
  await clock.advance(hour);
  expect(closed).toBe(false);
  resolve(0);
  await closing;
  expect(clock.pending).toBe(0);
});
