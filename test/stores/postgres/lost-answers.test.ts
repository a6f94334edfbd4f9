import { describe, expect, it } from 'vitest';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { type StoreBehindProxy, storeBehindProxy } from '../../support/postgres-behind-proxy.ts';
import { problemOf } from '../../support/problem-of.ts';
import { aChange, aCreation, aMember, aMessage, aSending, aSession, created, start, stored } from '../../support/store-fixtures.ts';

describe.skipIf(postgresIsMissing)(`answers that are lost on their way${needsPostgres}`, () => {
  const server = postgresOfFile();

  const lossy = (): Promise<StoreBehindProxy> => storeBehindProxy(server, { waitMs: 1_000 });

  it('of a commit are found by its events, and it is not written twice', async () => {
    await using world = await lossy();
    const { store, proxy } = world;
    const { id } = await created(store);
    const event = { type: 'SESSION_UPDATED', changed: ['title'] } as const;
    proxy.loseNextAnswer();
    expect(await store.commit(aChange(id, { events: [event], add: { files: 1, fileBytes: 5 } }))).toEqual({
      kind: 'committed',
      seq: 1,
      version: 1,
    });
    proxy.loseNextAnswer();
    const joining = aChange(id, {
      guard: { version: 1, exclusive: true },
      set: { activeMembers: 1 },
      members: [aMember(id)],
      events: [event],
    });
    expect(await store.commit(joining)).toEqual({ kind: 'committed', seq: 2, version: 2 });
    proxy.loseNextAnswer();
    const sending = aSending(id, [aMessage(id)], { guard: { version: 2, exclusive: false } });
    expect(await store.commit(sending)).toEqual({ kind: 'committed', seq: 3, version: 2 });
    expect(await stored(store, id)).toMatchObject({ seq: 3, version: 2, files: 1, fileBytes: 5, activeMembers: 1 });
  });

  it('of several that shared a transaction are found for each', async () => {
    await using world = await lossy();
    const { store, proxy } = world;
    const { id } = await created(store);
    const first = store.commit(aSending(id, [aMessage(id)]));
    const others = Array.from({ length: 5 }, () => store.commit(aSending(id, [aMessage(id)])));
    await first;
    proxy.loseNextAnswer();
    expect((await Promise.all(others)).map((outcome) => outcome.kind === 'committed' && outcome.seq)).toEqual([2, 3, 4, 5, 6]);
    expect(await store.timeline.heads([id])).toEqual([6]);
  });

  it('of a creation are found by its session', async () => {
    await using world = await lossy();
    const { store, proxy } = world;
    const session = aSession();
    const creation = aCreation(session, { events: [{ type: 'SESSION_UPDATED', changed: ['title'] }], members: [aMember(session.id)] });
    await store.check();
    proxy.loseNextAnswer();
    expect(await store.commit(creation)).toEqual({ kind: 'committed', seq: 1, version: 1 });
    expect(await stored(store, session.id)).toEqual({ ...session, seq: 1 });
    expect(await problemOf(store.commit(creation).then((outcome) => expect(outcome).toEqual({ kind: 'handle-taken' })))).toBe('none');
  });

  it('of a commit with an idempotency key are found as well', async () => {
    await using world = await lossy();
    const { store, proxy } = world;
    const { id } = await created(store);
    const idempotency = { scope: 's', key: 'k', inputHash: 'h', result: { sessionId: id }, createdAt: start };
    proxy.loseNextAnswer();
    expect(await store.commit(aSending(id, [aMessage(id)], { idempotency }))).toEqual({ kind: 'committed', seq: 1, version: 1 });
    expect(await store.commit(aSending(id, [aMessage(id)], { idempotency }))).toEqual({ kind: 'repeated', record: idempotency });
  });

  it('of a change without events are told of, and nothing is written twice', async () => {
    await using world = await lossy();
    const { store, proxy } = world;
    const { id } = await created(store);
    proxy.loseNextAnswer();
    expect(await problemOf(store.commit(aChange(id, { add: { files: 1, fileBytes: 1 } })))).toBe('UNAVAILABLE');
    expect(await stored(store, id)).toMatchObject({ files: 1, fileBytes: 1 });
    await store.challenges.put({ id: 'c', payload: 'p', expiresAt: start });
    proxy.loseNextAnswer();
    expect(await problemOf(store.challenges.take('c', 0))).toBe('UNAVAILABLE');
    expect(await store.challenges.take('c', 0)).toBeNull();
  });

  it('of a read are asked for again', async () => {
    await using world = await lossy();
    const { store, proxy } = world;
    const session = await created(store);
    proxy.loseNextAnswer();
    expect(await stored(store, session.id)).toEqual(session);
  });

  it('never come from a server that is gone, and that is told in bounded time', async () => {
    await using world = await lossy();
    const { store, proxy } = world;
    const { id } = await created(store);
    await proxy.close();
    const since = performance.now();
    expect(await problemOf(store.timeline.heads([id]))).toBe('UNAVAILABLE');
    expect(await problemOf(store.commit(aSending(id, [aMessage(id)])))).toBe('UNAVAILABLE');
    expect(await problemOf(store.check())).toBe('UNAVAILABLE');
    expect(performance.now() - since).toBeLessThan(10_000);
  });
});
