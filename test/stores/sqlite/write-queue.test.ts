import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { openForReading } from '../../../src/stores/sqlite/open-database.ts';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { aMessage, aSending, created, stored } from '../../support/store-fixtures.ts';
import { freshPaths, lockedBy } from '../../support/store-files.ts';

const freshPath = freshPaths();
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

it('commits together what is submitted together', async () => {
  await using store = await createSqliteStore({ path: freshPath() });
  const { id } = await created(store);
  const before = { ...store.stats };
  await Promise.all(times(64, () => store.commit(aSending(id, [aMessage(id)]))));
  expect(store.stats.jobs - before.jobs).toBe(64);
  expect(store.stats.transactions - before.transactions).toBe(1);
});

it('begins to write before all that come one by one have come', async () => {
  const path = freshPath();
  await using store = await createSqliteStore({ path });
  const { id } = await created(store);
  const outcomes: Promise<unknown>[] = [];
  for (let index = 0; index < 40; index += 1) {
    outcomes.push(store.commit(aSending(id, [aMessage(id)])));
    await Promise.resolve();
  }
  // The event loop has not turned since the first of them, and does not here either.
  const database = openForReading({ path, busyTimeoutMs: 5_000 });
  const written = database.prepare('SELECT seq FROM sessions WHERE id = ?');
  const deadline = Date.now() + 10_000;
  while (written.get(id)?.['seq'] === 0 && Date.now() < deadline);
  expect(written.get(id)?.['seq']).toBeGreaterThan(0);
  database.close();
  await Promise.all(outcomes);
  expect(await store.timeline.heads([id])).toEqual([40]);
});

it('bounds how many share a transaction', async () => {
  await using store = await createSqliteStore({ path: freshPath(), maxBatch: 10 });
  const { id } = await created(store);
  const before = { ...store.stats };
  await Promise.all(times(64, () => store.commit(aSending(id, [aMessage(id)]))));
  expect(store.stats.transactions - before.transactions).toBe(7);
  expect(await store.timeline.heads([id])).toEqual([64]);
});

it('gathers what comes while a transaction runs, and leaves the event loop free meanwhile', async () => {
  const path = freshPath();
  await using store = await createSqliteStore({ path });
  const { id } = await created(store);
  const before = { ...store.stats };
  const outcomes: Promise<unknown>[] = [];
  let acknowledged = 0;
  using lock = lockedBy(path);
  for (let index = 0; index < 20; index += 1) {
    outcomes.push(store.commit(aSending(id, [aMessage(id)])).then(() => (acknowledged += 1)));
    await turn();
  }
  // The writer waits for the lock, with all this pending: the loop turns and reads are answered.
  for (let index = 0; index < 1_000; index += 1) await turn();
  expect(await store.timeline.heads([id])).toEqual([0]);
  expect(acknowledged).toBe(0);
  lock[Symbol.dispose]();
  await Promise.all(outcomes);
  // The first one waits alone, or with those that came before the writer began; the rest come together.
  expect(store.stats.transactions - before.transactions).toBeLessThanOrEqual(2);
  expect(await store.timeline.heads([id])).toEqual([20]);
});

it('fails one commit alone', async () => {
  await using store = await createSqliteStore({ path: freshPath() });
  const { id } = await created(store);
  const stored = aMessage(id);
  await store.commit(aSending(id, [stored]));
  const messages = times(20, (index) => (index === 7 ? stored : aMessage(id)));
  const ends = await Promise.allSettled(messages.map((message) => store.commit(aSending(id, [message]))));
  expect(ends.map(({ status }) => status)).toEqual(times(20, (index) => (index === 7 ? 'rejected' : 'fulfilled')));
  expect(ends[7]).toMatchObject({ reason: { message: expect.stringMatching(/parley\.sqlite could not write: UNIQUE/) as string } });
  const { events, head } = await store.timeline.read(id, 0, 50);
  expect(head).toBe(20);
  expect(events.map(({ message }) => message?.id)).toEqual([
    stored.id,
    ...messages.filter((_, index) => index !== 7).map((message) => message.id),
  ]);
  expect(await store.commit(aSending(id, [aMessage(id)]))).toMatchObject({ kind: 'committed', seq: 21 });
});

it('rejects what cannot be written in time, and writes again after', async () => {
  const path = freshPath();
  await using store = await createSqliteStore({ path, busyTimeoutMs: 20 });
  const { id } = await created(store);
  using lock = lockedBy(path);
  const ends = await Promise.allSettled(times(5, () => store.commit(aSending(id, [aMessage(id)]))));
  for (const end of ends) {
    expect(end).toMatchObject({
      status: 'rejected',
      reason: { message: `The SQLite store at ${path} could not write: database is locked` },
    });
  }
  await expect(store.check()).rejects.toThrow('database is locked');
  lock[Symbol.dispose]();
  await store.check();
  expect(await store.commit(aSending(id, [aMessage(id)]))).toMatchObject({ kind: 'committed', seq: 1 });
});

it('bounds how many may wait', async () => {
  await using store = await createSqliteStore({ path: freshPath(), maxWaiting: 10 });
  const { id } = await created(store);
  const ends = await Promise.allSettled(times(12, () => store.commit(aSending(id, [aMessage(id)]))));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(ends.at(-1)).toMatchObject({ reason: { problem: { code: 'UNAVAILABLE', retryAfterSeconds: 1 } } });
  expect(await store.commit(aSending(id, [aMessage(id)]))).toMatchObject({ kind: 'committed', seq: 11 });
});

it('gives a check up with its signal', async () => {
  const path = freshPath();
  await using store = await createSqliteStore({ path });
  await created(store);
  using lock = lockedBy(path);
  const controller = new AbortController();
  const checked = store.check(controller.signal);
  await turn();
  const reason = new Error('took too long');
  controller.abort(reason);
  await expect(checked).rejects.toBe(reason);
  lock[Symbol.dispose]();
});

it('rejects everything once its writer has died, and still reads', async () => {
  const path = freshPath();
  const started = once(process, 'worker') as Promise<[Worker]>;
  await using store = await createSqliteStore({ path, busyTimeoutMs: 100 });
  const [worker] = await started;
  const session = await created(store);
  using lock = lockedBy(path);
  const pending = times(3, () => store.commit(aSending(session.id, [aMessage(session.id)])));
  const ends = Promise.allSettled(pending);
  await worker.terminate();
  lock[Symbol.dispose]();
  for (const end of await ends) {
    expect(end).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining(`at ${path} stopped`) as string } });
  }
  await expect(store.commit(aSending(session.id, [aMessage(session.id)]))).rejects.toThrow(`at ${path} stopped`);
  await expect(store.check()).rejects.toThrow(`at ${path} stopped`);
  expect(await stored(store, session.id)).toEqual(session);
  await store[Symbol.asyncDispose]();
});
