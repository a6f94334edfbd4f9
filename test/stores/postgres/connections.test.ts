import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/core/ports.ts';
import { ProblemError } from '../../../src/core/problem.ts';
import { withoutPassword } from '../../../src/stores/postgres/connection-url.ts';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { problemOf } from '../../support/problem-of.ts';
import { aChange, aMember, aMessage, aSending, created, joined, sent, start, stored } from '../../support/store-fixtures.ts';

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

describe.skipIf(postgresIsMissing)(`connections${needsPostgres}`, () => {
  const server = postgresOfFile();

  /** A client that holds the session's row until it ends. */
  async function holding(url: string, id: string): Promise<AsyncDisposable & { release(): Promise<void> }> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE', [id]);
    let isOver = false;
    const release = async (): Promise<void> => {
      if (isOver) return;
      isOver = true;
      await client.end();
    };
    return { release, [Symbol.asyncDispose]: release };
  }

  /** Ends the connections of gateways that wait for a lock, once there is one, and answers with how many those were. */
  async function killWaiting(): Promise<number> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const killed = await server.execute(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley' AND wait_event_type = 'Lock'`,
      );
      if (killed.length > 0) return killed.length;
      await delay(10);
    }
    return 0;
  }

  async function killAll(): Promise<void> {
    await server.execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'`);
  }

  it('are made anew where the server has ended them', async () => {
    await using store = await createPostgresStore({ url: await server.freshUrl(), poolSize: 2 });
    const { id } = await created(store);
    for (let round = 1; round <= 5; round += 1) {
      await killAll();
      await sent(store, id, [{}]);
      expect(await store.timeline.heads([id])).toEqual([round]);
    }
  });

  it('lose no commit and write none twice while they are killed', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url, poolSize: 4 });
    const sessions = await Promise.all(times(4, () => created(store)));
    const stop = new AbortController();
    const killing = (async () => {
      while (!stop.signal.aborted) {
        await killAll();
        await delay(25);
      }
    })();
    const acknowledged: string[] = [];
    const refused: string[] = [];
    await Promise.all(
      sessions.map(async ({ id }) => {
        for (let count = 0; count < 150; count += 1) {
          const message = aMessage(id);
          try {
            const outcome = await store.commit(aSending(id, [message]));
            expect(outcome.kind).toBe('committed');
            acknowledged.push(message.id);
          } catch (error) {
            if (!(error instanceof ProblemError)) throw error;
            refused.push(message.id);
          }
        }
      }),
    );
    stop.abort();
    await killing;
    const pages = await store.messages.list(sessions.map(({ id }) => ({ sessionId: id, page: { limit: 1_000 } })));
    const kept = pages.flatMap(({ items }) => items.map(({ id }) => String(id)));
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept).toEqual(expect.arrayContaining(acknowledged));
    expect(kept.filter((id) => !acknowledged.includes(id) && !refused.includes(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(300);
    for (const [index, head] of (await store.timeline.heads(sessions.map(({ id }) => id))).entries()) {
      expect(head).toBe(pages[index]?.totalCount);
    }
  });

  it('that go while a commit waits let it be sent again', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url });
    const { id } = await created(store);
    await using holder = await holding(url, id);
    const outcome = store.commit(aSending(id, [aMessage(id)]));
    expect(await killWaiting()).toBe(1);
    await holder.release();
    expect(await outcome).toEqual({ kind: 'committed', seq: 1, version: 1 });
  });

  it('that go with a change that leaves no event are told of', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url });
    const { id } = await created(store);
    await using holder = await holding(url, id);
    const outcome = problemOf(store.commit(aChange(id, { add: { files: 1, fileBytes: 1 } })));
    expect(await killWaiting()).toBe(1);
    await holder.release();
    expect(await outcome).toBe('UNAVAILABLE');
    expect(await stored(store, id)).toMatchObject({ files: 0 });
  });

  it('of two gateways let one of 200 exclusive changes through, and number all that commute', async () => {
    const url = await server.freshUrl();
    await using one = await createPostgresStore({ url });
    await using two = await createPostgresStore({ url });
    const either = (index: number): Store => (index % 2 === 0 ? one : two);
    const { id } = await created(one);
    const exclusive = await Promise.all(
      times(200, (index) =>
        either(index).commit(
          aChange(id, {
            guard: { version: 1, exclusive: true },
            set: { activeMembers: 1 },
            members: [aMember(id)],
            events: [{ type: 'SESSION_UPDATED', changed: ['title'] }],
          }),
        ),
      ),
    );
    expect(exclusive.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(exclusive.filter(({ kind }) => kind === 'conflict')).toHaveLength(199);
    await Promise.all(
      times(200, (index) => either(index).commit(aSending(id, [aMessage(id)], { guard: { version: 2, exclusive: false } }))),
    );
    const { events, head } = await two.timeline.read(id, 0, 500);
    expect(head).toBe(201);
    expect(events.map(({ seq }) => seq)).toEqual(times(201, (index) => index + 1));
  });

  it('of two gateways fill a session to its last place and no further', async () => {
    const url = await server.freshUrl();
    await using one = await createPostgresStore({ url });
    await using two = await createPostgresStore({ url });
    const { id } = await created(one);
    const capacity = 20;
    const join = async (store: Store): Promise<boolean> => {
      for (;;) {
        const { version, activeMembers } = await stored(store, id);
        if (activeMembers >= capacity) return false;
        const outcome = await store.commit(
          aChange(id, { guard: { version, exclusive: true }, set: { activeMembers: activeMembers + 1 }, members: [aMember(id)] }),
        );
        if (outcome.kind === 'committed') return true;
      }
    };
    const joins = await Promise.all(times(50, (index) => join(index % 2 === 0 ? one : two)));
    expect(joins.filter(Boolean)).toHaveLength(capacity);
    const [page] = await one.members.list([{ sessionId: id, page: { limit: 1 } }]);
    expect(page?.totalCount).toBe(capacity);
  });

  it('of two gateways give one idempotency key to one commit', async () => {
    const url = await server.freshUrl();
    await using one = await createPostgresStore({ url });
    await using two = await createPostgresStore({ url });
    const { id } = await created(one);
    const idempotency = { scope: 's', key: 'k', inputHash: 'h', result: { sessionId: id }, createdAt: start };
    const outcomes = await Promise.all(
      times(40, (index) => (index % 2 === 0 ? one : two).commit(aSending(id, [aMessage(id)], { idempotency }))),
    );
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'repeated')).toHaveLength(39);
    expect(await two.timeline.heads([id])).toEqual([1]);
  });

  it('carry what waits together, and what does not hang together fails alone', async () => {
    await using store = await createPostgresStore({ url: await server.freshUrl() });
    const { id } = await created(store);
    const [taken] = await sent(store, id, [{}]);
    if (taken === undefined) throw new Error('A message was expected');
    const { seq: _, ...again } = taken;
    const messages = [aMessage(id), aMessage(id), again, aMessage(id)];
    const ends = await Promise.allSettled(messages.map((message) => store.commit(aSending(id, [message]))));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(ends[2]).toMatchObject({ reason: { message: expect.stringContaining('SQLSTATE 23505') as string } });
    const { events } = await store.timeline.read(id, 0, 10);
    expect(events.map(({ message }) => message?.id)).toEqual([taken.id, messages[0]?.id, messages[1]?.id, messages[3]?.id]);
  });

  it('that write the same member from two gateways keep to one order', async () => {
    const url = await server.freshUrl();
    await using one = await createPostgresStore({ url });
    await using two = await createPostgresStore({ url });
    const { id } = await created(one);
    const [member] = await joined(one, id, [{}]);
    if (member === undefined) throw new Error('A member was expected');
    const outcomes = await Promise.all(
      times(60, (index) =>
        (index % 2 === 0 ? one : two).commit(
          aChange(id, {
            members: [{ ...member, name: String(index) }],
            events: [{ type: 'SESSION_UPDATED', changed: ['title'] }],
          }),
        ),
      ),
    );
    expect(outcomes.every(({ kind }) => kind === 'committed')).toBe(true);
  });

  it('that are all in use are waited for no longer than they may be', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url, poolSize: 1, waitMs: 200 });
    const { id } = await created(store);
    const other = await created(store);
    await using holder = await holding(url, id);
    const first = store.commit(aSending(id, [aMessage(id)]));
    const since = performance.now();
    expect(await problemOf(store.commit(aSending(other.id, [aMessage(other.id)])))).toBe('UNAVAILABLE');
    expect(await problemOf(store.sessions.byIds([id]))).toBe('UNAVAILABLE');
    // It waits for the first of its session, which is what is held up.
    const behind = problemOf(store.commit(aSending(id, [aMessage(id)])));
    await delay(250);
    expect(performance.now() - since).toBeLessThan(3_000);
    await holder.release();
    expect(await first).toMatchObject({ kind: 'committed', seq: 1 });
    expect(await behind).toBe('UNAVAILABLE');
    expect(await store.timeline.heads([id, other.id])).toEqual([1, 0]);
  });

  it('are not waited for by more than may wait', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url, poolSize: 1, maxWaiting: 3 });
    const { id } = await created(store);
    await using holder = await holding(url, id);
    const outcomes = times(6, () => problemOf(store.commit(aSending(id, [aMessage(id)]))));
    // Until the first of them has the connection.
    await delay(50);
    const reads = times(5, () => problemOf(store.timeline.heads([id])));
    await delay(50);
    await holder.release();
    expect(await Promise.all(outcomes)).toEqual(['none', 'none', 'none', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
    expect((await Promise.all(reads)).filter((code) => code === 'UNAVAILABLE')).toHaveLength(2);
  });

  it('are not waited for by more than may be kept in memory', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url, maxWaitingCharacters: 100_000 });
    const { id } = await created(store);
    const content = 'x'.repeat(40_000);
    await using holder = await holding(url, id);
    const outcomes = times(4, () => problemOf(store.commit(aSending(id, [aMessage(id, { content })]))));
    expect(await Promise.all(outcomes.slice(2))).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    await holder.release();
    expect(await Promise.all(outcomes.slice(0, 2))).toEqual(['none', 'none']);
    // One that is larger than all may be does not wait for room that there will never be.
    const large = aMessage(id, { content: 'x'.repeat(200_000) });
    expect(await problemOf(store.commit(aSending(id, [large])))).toBe('none');
    expect(await problemOf(store.commit(aSending(id, [aMessage(id, { content })])))).toBe('none');
  });

  it('wait for a lock no longer than a statement may take', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url, statementMs: 200 });
    const { id } = await created(store);
    await using holder = await holding(url, id);
    expect(await problemOf(store.commit(aSending(id, [aMessage(id)])))).toBe('UNAVAILABLE');
    await holder.release();
    expect(await store.timeline.heads([id])).toEqual([0]);
  });

  it('that the server does not allow any more are told of, and others go on', async () => {
    const other = new URL(await server.freshUrl());
    await using store = await createPostgresStore({ url: other.href });
    const { id } = await created(store);
    await server.execute('CREATE ROLE passing SUPERUSER LOGIN');
    other.username = 'passing';
    await using passing = await createPostgresStore({ url: other.href });
    await server.execute('ALTER ROLE passing NOLOGIN');
    await killAll();
    await expect(passing.timeline.heads([id])).rejects.toMatchObject({
      problem: { code: 'UNAVAILABLE', detail: 'The store cannot be reached.' },
      cause: { message: expect.stringMatching(/role "passing" is not permitted to log in/) },
    });
    expect(await store.timeline.heads([id])).toEqual([0]);
    await server.execute('ALTER ROLE passing LOGIN');
    expect(await passing.timeline.heads([id])).toEqual([0]);
  });
});

describe.skipIf(postgresIsMissing)(`secrets${needsPostgres}`, () => {
  const server = postgresOfFile();
  const planted = 'pl%40nted-s3cret';

  async function refusalOf(url: string): Promise<string> {
    try {
      await using store = await createPostgresStore({ url, waitMs: 2_000 });
      await store.check();
    } catch (error) {
      const { message, stack, cause } = error as Error;
      return [message, stack, JSON.stringify(cause), JSON.stringify(error)].join('\n');
    }
    throw new Error('Expected the store not to open');
  }

  it('are taken out of a text in either form', () => {
    const url = `postgres://me:${planted}@host/db`;
    expect(withoutPassword(`no ${planted}, no pl@nted-s3cret, at host`, url)).toBe('no (hidden), no (hidden), at host');
    expect(withoutPassword('as it is', 'postgres://me@host/db')).toBe('as it is');
  });

  it('of the URL appear in no error of opening', async () => {
    await server.execute(`CREATE ROLE secretive LOGIN PASSWORD 'another'`);
    const at = `127.0.0.1:${server.port}`;
    const refusals = await Promise.all(
      [
        `postgres://secretive:${planted}@${at}/postgres`,
        `postgres://postgres:${planted}@${at}/nowhere`,
        `postgres://postgres:${planted}@127.0.0.1:1/postgres`,
        `postgres://postgres:${planted}@nowhere.invalid/postgres`,
        `postgres://postgres:${planted}@${at}/postgres?options=-c%20search_path%3Dmissing`,
        `postgres://postgres:${planted}@127.0.0.1:notaport/postgres`,
        `mysql://postgres:${planted}@${at}/postgres`,
      ].map(refusalOf),
    );
    for (const text of refusals) {
      expect(text).toContain('PostgreSQL store');
      expect(text).not.toContain('s3cret');
    }
    expect(refusals[0]).toContain('password authentication failed');
    expect(refusals[1]).toContain(`at ${at}/nowhere cannot be opened: database "nowhere" does not exist`);
    expect(refusals[2]).toContain('ECONNREFUSED');
  });
});
