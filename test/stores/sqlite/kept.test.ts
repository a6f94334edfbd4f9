import { afterEach, beforeEach, expect, test } from 'vitest';
import { newMemberId } from '../../../src/core/ids.ts';
import { sessionTable } from '../../../src/stores/shared/tables.ts';
import { createKept } from '../../../src/stores/sqlite/kept.ts';
import { openForReading } from '../../../src/stores/sqlite/open-database.ts';
import { type SqliteStore, createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { type Prepare, createPrepare } from '../../../src/stores/sqlite/statements.ts';
import { createReadTurn } from '../../../src/stores/sqlite/turn.ts';
import { peeked } from '../../conformance/store-peeks.ts';
import { freshPaths } from '../../support/store-files.ts';
import { aChange, created, joined, sent, start } from '../../support/store-fixtures.ts';

const freshPath = freshPaths();
const byId = `SELECT ${sessionTable.columns} FROM sessions WHERE id = ?`;
const look = 'PRAGMA data_version';

let path: string;
let store: SqliteStore;
beforeEach(async () => {
  path = freshPath();
  store = await createSqliteStore({ path });
});
afterEach(() => store[Symbol.asyncDispose]());

test('what another one writes to the file is seen at once', async () => {
  await using other = await createSqliteStore({ path });
  const session = await created(other);
  const [member] = await joined(other, session.id, [{}]);
  if (member === undefined) throw new Error('Expected a member');
  for (let round = 1; round <= 30; round += 1) {
    // Kept, and then not so any more.
    await peeked(store, session.id, member.id);
    await other.commit(aChange(session.id, { touch: { at: start + round, expiry: null, renewed: true } }));
    expect(store.sessions.peek?.(session.id)).toMatchObject({ renewalCount: round });
    await other.commit(aChange(session.id, { members: [{ ...member, status: 'KICKED', leftAt: start + round }] }));
    expect(store.members.peek?.(member.id)).toMatchObject({ leftAt: start + round });
  }
});

test('pages and sessions by handle are given again until anybody writes, and then as they are', async () => {
  await using other = await createSqliteStore({ path });
  const session = await created(store, { handle: 'a handle' });
  const named = [{ backend: session.backend, handle: 'a handle' }];
  const query = { page: { limit: 5 }, audience: { all: true }, now: start } as const;
  for (let round = 1; round <= 3; round += 1) {
    await other.commit(aChange(session.id, { touch: { at: start + round, expiry: null, renewed: true } }));
    const page = await store.sessions.list(query);
    expect(page.items[0]).toMatchObject({ id: session.id, renewalCount: round });
    expect(page.totalCount).toBe(round);
    expect(await store.sessions.list({ ...query, now: start + round })).toBe(page);
    const [found] = await store.sessions.byHandles(named);
    expect(found).toMatchObject({ renewalCount: round });
    expect((await store.sessions.byHandles(named))[0]).toBe(found);
    await created(other, { createdAt: start - round });
  }
  expect((await store.sessions.list({ ...query, page: { limit: 1 } })).items).toHaveLength(1);
});

test('a page by status is read each time: sessions are over by the clock, without anybody writing', async () => {
  const session = await created(store, { expiresAt: start + 10 });
  const listed = async (now: number): Promise<number> =>
    (await store.sessions.list({ page: { limit: 5 }, audience: { all: true }, statuses: ['ACTIVE'], now })).totalCount;
  expect([await listed(start), await listed(start + 10)]).toEqual([1, 0]);
  expect(await store.sessions.list({ page: { limit: 5 }, audience: { all: true }, now: start })).toMatchObject({
    items: [{ id: session.id }],
  });
});

/** Peeks over a connection of its own, with the statements that it took. */
function peeking() {
  const database = openForReading({ path, busyTimeoutMs: 5_000 });
  const statements: string[] = [];
  const prepareOpen = createPrepare(database);
  const prepare: Prepare = (sql) => {
    statements.push(sql);
    return prepareOpen(sql);
  };
  const peek = createKept(prepare, createReadTurn(database, prepareOpen)).byId(sessionTable, byId);
  return {
    async taken(ids: readonly string[]): Promise<readonly string[]> {
      // In a turn of its own.
      await Promise.resolve();
      statements.length = 0;
      for (const id of ids) peek(id);
      return [...statements];
    },
    [Symbol.dispose]: () => database.close(),
  };
}

test('as long as nobody writes, rows are read once, and that is asked once for what is done at once', async () => {
  const { id } = await created(store);
  const { id: second } = await created(store);
  using reader = peeking();
  expect(await reader.taken([id, second, id])).toEqual([look, byId, byId]);
  expect(await reader.taken([id, second, id])).toEqual([look]);
  await joined(store, second, [{}]);
  expect(await reader.taken([id, id])).toEqual([look, byId]);
});

test('what is not there is looked for each time', async () => {
  using reader = peeking();
  const nothing = newMemberId();
  await reader.taken([nothing]);
  expect(await reader.taken([nothing, nothing])).toEqual([look, byId, byId]);
});

test('a timeline is read in the same turn as rows, of the same state or a later one', async () => {
  const session = await created(store);
  for (let round = 1; round <= 3; round += 1) {
    await sent(store, session.id, [{}]);
    expect(store.sessions.peek?.(session.id)).toMatchObject({ seq: round });
    const reading = store.timeline.read(session.id, 0, 10);
    expect(store.sessions.peek?.(session.id)).toMatchObject({ seq: round });
    expect(await reading).toMatchObject({ head: round });
  }
});

test('closing in the same turn as a row was read ends both', async () => {
  const { id } = await created(store);
  store.sessions.peek?.(id);
  await store[Symbol.asyncDispose]();
  expect(() => store.sessions.peek?.(id)).toThrow('closed');
});

test('no more is kept than some megabytes', async () => {
  const metadata = { note: 'x'.repeat(1_000_000) };
  const ids: string[] = [];
  for (let count = 0; count < 12; count += 1) ids.push((await created(store, { metadata })).id);
  using reader = peeking();
  await reader.taken(ids);
  await reader.taken(ids);
  const taken = await reader.taken(ids);
  expect(taken.filter((sql) => sql === byId).length).toBeGreaterThan(3);
});
