import { expect } from 'vitest';
import { aMessage, aSending, created, start, stored } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

export const lifeChecks: Checks = (check) => {
  check('has an epoch of its own', async (store, driver) => {
    await using other = await driver.open();
    for (const { epoch } of [store, other]) expect(epoch).toMatch(/^[0-9a-z]{8}$/);
    expect(store.epoch).not.toBe(other.epoch);
  });

  check('keeps its epoch and all it holds when opened again', async (store, driver) => {
    if (driver.reopen === undefined) throw new Error(`Driver ${driver.name} cannot reopen a store: say so in its limits`);
    const session = await created(store, { title: 'still here' });
    const message = aMessage(session.id);
    await store.commit(aSending(session.id, [message]));
    await store.apiKeys.insert({ id: 'k', name: 'n', tier: 'FREE', hash: 'h', createdAt: start, revokedAt: null });
    await store.challenges.put({ id: 'c', payload: 'p', expiresAt: start + 1 });
    await using again = await driver.reopen(store);
    expect(again.epoch).toBe(store.epoch);
    expect(await stored(again, session.id)).toEqual({ ...session, seq: 1 });
    expect((await again.timeline.read(session.id, 0, 5)).events.map((event) => event.message)).toEqual([{ ...message, seq: 1 }]);
    expect(await again.apiKeys.byHash('h')).toMatchObject({ id: 'k' });
    expect(await again.challenges.take('c', start)).toBe('p');
    expect(await again.commit(aSending(session.id, [aMessage(session.id)]))).toMatchObject({ kind: 'committed', seq: 2 });
  });

  check('answers a check, unless that was given up', async (store) => {
    await store.check();
    await store.check(AbortSignal.timeout(30_000));
    await store.checkWrites();
    const reason = new Error('not now');
    await expect(store.check(AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  check('shows a commit to each read that starts after its acknowledgement', async (store) => {
    const { id } = await created(store);
    for (let seq = 1; seq <= 50; seq += 1) {
      await store.commit(aSending(id, [aMessage(id)]));
      expect(await store.timeline.heads([id])).toEqual([seq]);
    }
  });

  check('acknowledges what was submitted before it is disposed', async (store, driver) => {
    const { id } = await created(store);
    const messages = Array.from({ length: 300 }, () => aMessage(id));
    const outcomes = messages.map((message) => store.commit(aSending(id, [message])));
    const closing = driver.reopen === undefined ? store[Symbol.asyncDispose]() : driver.reopen(store);
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(messages.map(() => 'committed'));
    await using again = (await closing) ?? null;
    if (again !== null) expect(await again.timeline.heads([id])).toEqual([300]);
  });

  check('refuses everything from its disposal on', async (store) => {
    const { id } = await created(store);
    const closing = store[Symbol.asyncDispose]();
    const late = [store.commit(aSending(id, [aMessage(id)])), store.check(), store.timeline.heads([id]), store.sessions.byIds([id])];
    for (const end of await Promise.allSettled(late)) {
      expect(end).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('closed') as string } });
    }
    await closing;
    await expect(store.check()).rejects.toThrow('closed');
    await expect(store.challenges.take('c', start)).rejects.toThrow('closed');
  });

  check('may be disposed again', async (store) => {
    await created(store);
    const ends = await Promise.allSettled([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
    const later = await Promise.allSettled([store[Symbol.asyncDispose]()]);
    expect([...ends, ...later].map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });
};
