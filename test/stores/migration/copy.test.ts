import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/core/ports.ts';
import type { Session } from '../../../src/core/session.ts';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { parseStoreAddress } from '../../../src/stores/registry.ts';
import { type CopyOptions, type CopyReport, copyStore } from '../../../src/stores/shared/migration/copy-store.ts';
import { copiedTables } from '../../../src/stores/shared/migration/copied-tables.ts';
import { type Verification, verify } from '../../../src/stores/shared/migration/verify.ts';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { fillOddly, fillPlainly, oddKey, oddTexts } from '../../support/odd-store.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { freshPaths } from '../../support/store-files.ts';
import { aChange, aMessage, aSending, created, sent, start, stored } from '../../support/store-fixtures.ts';

const freshPath = freshPaths();
const server = postgresIsMissing ? null : postgresOfFile();

type Driver = 'sqlite' | 'postgres';

const freshAddress = async (driver: Driver): Promise<string> =>
  driver === 'sqlite' ? `sqlite:${freshPath()}` : ((await server?.freshUrl()) ?? '');

const openAt = (address: string): Promise<Store> =>
  address.startsWith('sqlite:')
    ? createSqliteStore({ path: address.slice('sqlite:'.length), durability: 'normal' })
    : createPostgresStore({ url: address });

/** A statement beside the stores. */
async function execute(address: string, sql: string): Promise<void> {
  if (!address.startsWith('sqlite:')) return void (await server?.execute(sql, address));
  const database = new DatabaseSync(address.slice('sqlite:'.length));
  database.exec(sql);
  database.close();
}

async function copy(from: string, to: string, onProgress?: CopyOptions['onProgress']): Promise<CopyReport> {
  await using source = await parseStoreAddress(from).openSource();
  await using target = await parseStoreAddress(to).openTarget();
  return await copyStore({ source, target, ...(onProgress && { onProgress }) });
}

async function compare(from: string, to: string): Promise<Verification> {
  await using source = await parseStoreAddress(from).openSource();
  await using target = await parseStoreAddress(to).openSource();
  return await verify(source, target);
}

/** What everybody who reads the store may see of it. */
async function visible(store: Store): Promise<unknown> {
  const { items } = await store.sessions.list({ page: { limit: 1_000 }, audience: { all: true }, now: start });
  return {
    epoch: store.epoch,
    keys: await store.apiKeys.list(),
    challenges: await Promise.all(oddTexts.map((_, index) => store.challenges.read(`challenge-${index}`, 0))),
    sessions: await Promise.all(
      items.map(async (session) => ({
        session,
        timeline: await store.timeline.read(session.id, 0, 10_000),
        members: await store.members.list([{ sessionId: session.id, page: { limit: 1_000 } }]),
        messages: await store.messages.list([{ sessionId: session.id, page: { limit: 1_000 } }]),
        banned: await Promise.all(oddTexts.map((text) => store.members.banned(session.id, { principal: null, address: null, name: text }))),
        keys: await Promise.all(
          oddTexts.map(async (text) => {
            const { scope, key } = oddKey(session, text);
            return store.sessions.idempotency(scope, key);
          }),
        ),
      })),
    ),
  };
}

const written = ({ copies }: CopyReport): object => Object.fromEntries(copies.map((each) => [each.table, each.written]));
const removed = ({ copies }: CopyReport): object =>
  Object.fromEntries(copies.filter((each) => each.removed > 0).map((each) => [each.table, each.removed]));

const pairs: readonly (readonly [Driver, Driver])[] = [
  ['sqlite', 'sqlite'],
  ...(postgresIsMissing
    ? []
    : ([
        ['sqlite', 'postgres'],
        ['postgres', 'sqlite'],
        ['postgres', 'postgres'],
      ] as const)),
];

if (postgresIsMissing) it.skip(`copies from and to PostgreSQL${needsPostgres}`);

describe.each(pairs)('from %s to %s', { timeout: 60_000 }, (fromDriver, toDriver) => {
  /** Two addresses, the first with odd records. */
  async function begin(): Promise<{ readonly from: string; readonly to: string; readonly plain: Session }> {
    const from = await freshAddress(fromDriver);
    await using store = await openAt(from);
    const plain = await fillOddly(store);
    return { from, to: await freshAddress(toDriver), plain };
  }

  it('everything is there as it was, whatever the texts', async () => {
    const { from, to } = await begin();
    const report = await copy(from, to);
    expect(report).toMatchObject({ differences: [], isChanged: false });
    for (const { table, source, target } of report.tables) {
      expect(source.rows, table).toBeGreaterThan(oddTexts.length - 2);
      expect(target, table).toEqual(source);
    }
    expect(written(report)).toEqual(Object.fromEntries(report.tables.map(({ table, source }) => [table, source.rows])));
    await using before = await openAt(from);
    await using after = await openAt(to);
    expect(await visible(after)).toEqual(await visible(before));
  });

  it('a second pass writes what has changed and deletes what is gone, alone', async () => {
    const { from, to, plain } = await begin();
    await copy(from, to);
    expect(await copy(from, to)).toMatchObject({ copies: copiedTables.map(({ name }) => ({ table: name, written: 0, removed: 0 })) });
    {
      await using store = await openAt(from);
      const gone = await created(store, { handle: 'taken', status: 'ENDED' });
      await sent(store, gone.id, [{}]);
      await copy(from, to);
      // A new session with the handle of one that is gone.
      await store.retention.removeSession(gone.id, 100);
      await created(store, { handle: 'taken' });
      await store.challenges.take('challenge-3', 0);
      await store.apiKeys.revoke('key-2', start + 1);
      await sent(store, plain.id, [{ content: 'later' }]);
    }
    const report = await copy(from, to);
    expect(report.differences).toEqual([]);
    expect(written(report)).toEqual({ sessions: 2, members: 0, messages: 1, events: 1, idempotency: 0, api_keys: 1, challenges: 0 });
    expect(removed(report)).toEqual({ sessions: 1, messages: 1, events: 1, challenges: 1 });
  });

  it.each([
    [
      'a changed value',
      `UPDATE messages SET content = 'other' WHERE id = (SELECT min(id) FROM messages)`,
      'messages',
      'different in the target',
    ],
    [
      'a missing row',
      'DELETE FROM events WHERE session_id = (SELECT min(session_id) FROM events) AND seq = 1',
      'events',
      'missing in the target',
    ],
    ['an additional row', `INSERT INTO challenges (id, payload, expires_at) VALUES ('planted', '', 1)`, 'challenges', 'only in the target'],
  ])('%s in the target is found and named', async (_, sql, table, kind) => {
    const { from, to } = await begin();
    await copy(from, to);
    expect((await compare(from, to)).differences).toEqual([]);
    await execute(to, sql);
    const { differences, tables } = await compare(from, to);
    expect(differences).toEqual([{ table, key: expect.stringMatching(/^\[".+\]$/), kind }]);
    expect(tables.filter(({ source, target }) => source.sum !== target.sum).map((each) => each.table)).toEqual([table]);
    // And put right by the next pass.
    expect((await copy(from, to)).differences).toEqual([]);
  });

  it('goes on after it broke off anywhere, and no gateway starts on what is not finished', async () => {
    const { from, to } = await begin();
    // Each time a little further.
    for (let allowed = 0; ; allowed += 5) {
      let steps = 0;
      const end = new Error('The end');
      try {
        await copy(from, to, () => {
          steps += 1;
          if (steps > allowed) throw end;
        });
        break;
      } catch (error) {
        expect(error).toBe(end);
      }
      await expect(openAt(to)).rejects.toThrow(/holds an unfinished copy of the store [0-9a-z]{8}: finish `parley migrate`/);
    }
    expect((await compare(from, to)).differences).toEqual([]);
    await using before = await openAt(from);
    await using after = await openAt(to);
    expect(await visible(after)).toEqual(await visible(before));
  });

  it('a source that is written to meanwhile is copied as it was, and the copy is not finished', async () => {
    const { from, to } = await begin();
    await using store = await openAt(from);
    const session = await created(store);
    await using source = await parseStoreAddress(from).openSource();
    await sent(store, session.id, [{ content: 'too late' }]);
    {
      await using target = await parseStoreAddress(to).openTarget();
      const report = await copyStore({ source, target });
      expect(report).toMatchObject({ differences: [], isChanged: true });
    }
    await expect(openAt(to)).rejects.toThrow('unfinished copy');
    expect(await copy(from, to)).toMatchObject({ differences: [], isChanged: false });
    await using after = await openAt(to);
    expect(await stored(after, session.id)).toMatchObject({ seq: 1 });
  });

  it('a target that a gateway has opened since is never written to again', async () => {
    const { from, to } = await begin();
    await copy(from, to);
    {
      await using store = await openAt(to);
      await created(store, { title: 'of the new gateway' });
    }
    await expect(copy(from, to)).rejects.toThrow(
      /Expected the target .+ to be empty or a copy of the store [0-9a-z]{8} that no gateway has used, got a store with records of its own/,
    );
  });

  it('a target with a copy of another store, or records of its own, is refused and left as it is', async () => {
    const { from, to } = await begin();
    const other = await begin();
    await copy(other.from, to);
    await expect(copy(from, to)).rejects.toThrow(/got a copy of the store [0-9a-z]{8}/);
    await expect(copy(from, other.from)).rejects.toThrow('records of its own');
    expect((await compare(other.from, to)).differences).toEqual([]);
  });

  it('an unfinished copy is no source', async () => {
    const { from, to } = await begin();
    await expect(
      copy(from, to, () => {
        throw new Error('The end');
      }),
    ).rejects.toThrow('The end');
    await expect(copy(to, await freshAddress(toDriver))).rejects.toThrow(/Expected the source .+ to be complete/);
  });

  it('of two at once, one ends, and the copy is exact', async () => {
    const { from, to } = await begin();
    const outcomes = await Promise.allSettled([copy(from, to), copy(from, to)]);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(String(outcome.reason)).toContain('Another `parley migrate` writes to');
    }
    expect((await compare(from, to)).differences).toEqual([]);
  });

  it('takes batches over their bounds, and goes on from the middle', async () => {
    const from = await freshAddress(fromDriver);
    const to = await freshAddress(toDriver);
    {
      await using store = await openAt(from);
      await fillPlainly(store, 2_500);
      const large = await created(store);
      await store.commit(
        aSending(
          large.id,
          Array.from({ length: 40 }, () => aMessage(large.id, { content: 'x'.repeat(100_000) })),
        ),
      );
      await store.commit(aChange(large.id, { events: [{ type: 'MESSAGES_CLEARED' }] }));
    }
    await expect(
      copy(from, to, (step, table, rows) => {
        if (step === 'rows compared and copied' && table === 'messages' && rows > 900) throw new Error('The end');
      }),
    ).rejects.toThrow('The end');
    const report = await copy(from, to);
    expect(report.tables.find(({ table }) => table === 'messages')?.target.rows).toBe(2_540);
    const { messages } = written(report) as { readonly messages: number };
    expect(messages).toBeGreaterThan(500);
    expect(messages).toBeLessThan(2_000);
  });
});
