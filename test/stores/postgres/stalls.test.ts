import { describe, expect, it } from 'vitest';
import { createDatabase } from '../../../src/stores/postgres/database.ts';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { type StoreBehindProxy, storeBehindProxy } from '../../support/postgres-behind-proxy.ts';
import { problemOf } from '../../support/problem-of.ts';
import { aMessage, aSending, created } from '../../support/store-fixtures.ts';

/** As short as a statement may take. */
const limits = { waitMs: 300, statementMs: 300 };

describe.skipIf(postgresIsMissing)(`a network that passes nothing on${needsPostgres}`, () => {
  const server = postgresOfFile();

  const stalling = (): Promise<StoreBehindProxy> => storeBehindProxy(server, limits);

  it('makes reads and commits fail in bounded time, also those that wait for a connection, and is over when it is', async () => {
    await using world = await stalling();
    const { store, proxy } = world;
    const { id } = await created(store);
    proxy.stall();
    const since = performance.now();
    const works = [
      ...Array.from({ length: 5 }, () => store.commit(aSending(id, [aMessage(id)]))),
      ...Array.from({ length: 5 }, () => store.timeline.heads([id])),
      store.check(),
    ];
    expect(await Promise.all(works.map(problemOf))).toEqual(works.map(() => 'UNAVAILABLE'));
    // The limits, what the answer of the server may be late by, and what a busy machine is.
    expect(performance.now() - since).toBeLessThan(15_000);
    proxy.resume();
    await expect.poll(() => problemOf(store.check()), { timeout: 10_000 }).toBe('none');
    expect(await store.commit(aSending(id, [aMessage(id)]))).toMatchObject({ kind: 'committed' });
  });

  it('in the middle of a commit holds up its session only, whose other commits are refused in bounded time', async () => {
    await using world = await stalling();
    const { store, proxy, url } = world;
    await using other = await createPostgresStore({ url, ...limits });
    const { id } = await created(store);
    const { id: another } = await created(store);
    // All but the Sync that ends the transaction: the server has done the work, holds the row, and waits.
    proxy.stallBeforeLast(5);
    const held = problemOf(store.commit(aSending(id, [aMessage(id)])));
    await expect.poll(() => problemOf(other.commit(aSending(id, [aMessage(id)]))), { timeout: 10_000 }).toBe('UNAVAILABLE');
    expect(await other.commit(aSending(another, [aMessage(another)]))).toMatchObject({ kind: 'committed' });
    expect(await other.timeline.heads([another])).toEqual([1]);
    expect(await held).toBe('UNAVAILABLE');
    // The connection was given up: as soon as the server learns of that, the session is free.
    proxy.resume();
    await expect.poll(() => problemOf(other.commit(aSending(id, [aMessage(id)]))), { timeout: 10_000 }).toBe('none');
  });

  it('is noticed by the server within half a minute, which by itself would take hours', async () => {
    await using database = createDatabase({ url: await server.freshUrl(), poolSize: 1, maxWaiting: 1, ...limits });
    const settings: unknown[] = [];
    for (const name of ['tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'tcp_user_timeout']) {
      settings.push(...(await database.query('SELECT current_setting($1)', [name])).flat());
    }
    expect(settings).toEqual(['15', '5', '3', '30000']);
  });

  it('does not keep the store from closing', async () => {
    await using world = await stalling();
    const { store, proxy } = world;
    const { id } = await created(store);
    proxy.stall();
    const under = problemOf(store.timeline.heads([id]));
    const since = performance.now();
    await store[Symbol.asyncDispose]();
    expect(await under).toBe('UNAVAILABLE');
    expect(performance.now() - since).toBeLessThan(15_000);
    proxy.resume();
  });
});
