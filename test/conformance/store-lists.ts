import { expect } from 'vitest';
import { newSessionId, type SessionId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/ports.ts';
import type { Page, SessionQuery } from '../../src/core/queries.ts';
import type { JsonObject, Session } from '../../src/core/session.ts';
import { aChange, created, joined, sent, start } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

const everything = { audience: { all: true }, now: start, page: { limit: 100 } } as const;

const list = (store: Store, query: Partial<SessionQuery>): Promise<Page<Session>> => store.sessions.list({ ...everything, ...query });

const titles = async (store: Store, query: Partial<SessionQuery>): Promise<readonly (string | null)[]> => {
  const page = await list(store, query);
  expect(page).toMatchObject({ hasMore: false, totalCount: page.items.length });
  return page.items.map(({ title }) => title);
};

const sortedTitles = async (store: Store, query: Partial<SessionQuery>): Promise<readonly (string | null)[]> =>
  (await titles(store, query)).toSorted((a, b) => String(a).localeCompare(String(b), 'en'));

/** Three sessions at one instant, so that the id decides; titles in the order of the list. */
async function fiveSessions(store: Store): Promise<readonly Session[]> {
  const ids = [newSessionId(), newSessionId(), newSessionId(), newSessionId(), newSessionId()];
  const ages = [0, 1, 1, 1, 2];
  const made: Session[] = [];
  // Stored in another order than the list's.
  for (const index of [3, 0, 4, 2, 1]) {
    made[index] = await created(store, { id: ids[index] as SessionId, createdAt: start + (ages[index] ?? 0), title: String(4 - index) });
  }
  return made.toReversed();
}

const placeOf = (session: Session | undefined): { createdAt: number; id: SessionId } => {
  if (session === undefined) throw new Error('A session was expected');
  return { createdAt: session.createdAt, id: session.id };
};

export const listChecks: Checks = (check) => {
  check('lists sessions newest first, the id deciding at one instant', async (store) => {
    const made = await fiveSessions(store);
    expect(await list(store, {})).toEqual({ items: made, hasMore: false, totalCount: 5 });
  });

  check('pages through sessions from either end', async (store) => {
    const made = await fiveSessions(store);
    const pageOf = async (page: SessionQuery['page']) => {
      const { items, hasMore, totalCount } = await list(store, { page });
      return [items.map(({ title }) => title).join(''), hasMore, totalCount];
    };
    const [, one, two, three] = made;
    expect(await pageOf({ limit: 2 })).toEqual(['01', true, 5]);
    expect(await pageOf({ limit: 2, after: placeOf(one) })).toEqual(['23', true, 5]);
    expect(await pageOf({ limit: 2, after: placeOf(three) })).toEqual(['4', false, 5]);
    expect(await pageOf({ limit: 3, after: placeOf(one) })).toEqual(['234', false, 5]);
    expect(await pageOf({ limit: 2, fromEnd: true })).toEqual(['34', true, 5]);
    expect(await pageOf({ limit: 2, fromEnd: true, before: placeOf(three) })).toEqual(['12', true, 5]);
    expect(await pageOf({ limit: 2, fromEnd: true, before: placeOf(two) })).toEqual(['01', false, 5]);
    expect(await pageOf({ limit: 9, after: placeOf(made[0]), before: placeOf(three) })).toEqual(['12', false, 5]);
    expect(await pageOf({ limit: 1, after: placeOf(made[0]), before: placeOf(three), fromEnd: true })).toEqual(['2', true, 5]);
    expect(await pageOf({ limit: 2, after: placeOf(made[4]) })).toEqual(['', false, 5]);
    expect(await pageOf({ limit: 0 })).toEqual(['', true, 5]);
    expect(await pageOf({ limit: 2, after: { createdAt: start + 1, id: placeOf(one).id } })).toEqual(['23', true, 5]);
  });

  check('shows each audience its sessions', async (store) => {
    await created(store, { title: 'public' });
    const secret = await created(store, { title: 'private', visibility: 'PRIVATE' });
    await created(store, { title: 'temporary', visibility: 'TEMPORARY' });
    await created(store, { title: 'made', visibility: 'PRIVATE', createdBy: 'p' });
    const inside = await created(store, { title: 'member', visibility: 'TEMPORARY' });
    const left = await created(store, { title: 'left', visibility: 'PRIVATE' });
    await joined(store, inside.id, [{ principal: 'p' }, { principal: 'p' }]);
    await joined(store, left.id, [{ principal: 'p', status: 'LEFT' }, { principal: 'q' }]);
    const seenBy = (audience: SessionQuery['audience']) => sortedTitles(store, { audience });
    const none = { public: false, principal: null, sessionId: null };
    expect(await seenBy(none)).toEqual([]);
    expect(await seenBy({ ...none, public: true })).toEqual(['public']);
    expect(await seenBy({ ...none, principal: 'p' })).toEqual(['made', 'member']);
    expect(await seenBy({ ...none, principal: 'stranger' })).toEqual([]);
    expect(await seenBy({ ...none, sessionId: secret.id })).toEqual(['private']);
    expect(await seenBy({ public: true, principal: 'p', sessionId: secret.id })).toEqual(['made', 'member', 'private', 'public']);
    expect(await seenBy({ all: true })).toHaveLength(6);
  });

  check('shows sessions of named creators besides those of the audience', async (store) => {
    for (const createdBy of ['service:a', 'service:b', 'service:\ud800', 'me', 'other'])
      await created(store, { title: createdBy, createdBy, visibility: 'PRIVATE' });
    await created(store, { title: "nobody's", createdBy: null, visibility: 'PRIVATE' });
    await created(store, { title: 'public', createdBy: 'other' });
    const seenBy = (isPublic: boolean, principal: string | null, creators: readonly string[]) =>
      sortedTitles(store, { audience: { public: isPublic, principal, sessionId: null, creators } });
    expect(await seenBy(false, null, [])).toEqual([]);
    expect(await seenBy(false, null, ['service:a', 'service:c'])).toEqual(['service:a']);
    expect(await seenBy(false, null, ['service:\ud800'])).toEqual(['service:\ud800']);
    expect(await seenBy(true, 'me', ['service:b', 'service:a'])).toEqual(['me', 'public', 'service:a', 'service:b']);
  });

  check('filters sessions by backend, visibility and agent', async (store) => {
    await created(store, { title: 'a', backend: 'x', agentId: 'one' });
    await created(store, { title: 'b', backend: 'y', agentId: 'two', visibility: 'PRIVATE' });
    await created(store, { title: 'c', backend: 'z', visibility: 'TEMPORARY' });
    const sorted = (query: Partial<SessionQuery>) => sortedTitles(store, query);
    expect(await sorted({ backends: ['x', 'z', 'nowhere'] })).toEqual(['a', 'c']);
    expect(await sorted({ backends: [] })).toEqual([]);
    expect(await sorted({ visibilities: ['PRIVATE', 'TEMPORARY'] })).toEqual(['b', 'c']);
    expect(await sorted({ visibilities: [] })).toEqual([]);
    expect(await sorted({ agentId: 'two' })).toEqual(['b']);
    expect(await sorted({ agentId: 'two', backends: ['x'] })).toEqual([]);
  });

  check('filters sessions by their status at the instant', async (store) => {
    await created(store, { title: 'endless' });
    await created(store, { title: 'running', expiresAt: start + 10 });
    await created(store, { title: 'ran out', expiresAt: start });
    await created(store, { title: 'expired', status: 'EXPIRED', expiresAt: start - 5 });
    await created(store, { title: 'ended', status: 'ENDED', expiresAt: start + 10 });
    const at = (now: number, ...statuses: Session['status'][]) => sortedTitles(store, { now, statuses });
    expect(await at(start, 'ACTIVE')).toEqual(['endless', 'running']);
    expect(await at(start, 'EXPIRED')).toEqual(['expired', 'ran out']);
    expect(await at(start, 'ENDED')).toEqual(['ended']);
    expect(await at(start - 1, 'ACTIVE')).toEqual(['endless', 'ran out', 'running']);
    expect(await at(start + 10, 'ACTIVE', 'ENDED')).toEqual(['ended', 'endless']);
    expect(await at(start + 10, 'EXPIRED', 'EXPIRED')).toEqual(['expired', 'ran out', 'running']);
    expect(await at(start)).toEqual([]);
  });

  check('filters sessions by metadata of equal value', async (store) => {
    const odd: JsonObject = JSON.parse('{"__proto__":{"x":1}}') as JsonObject;
    const kinds: readonly JsonObject[] = [
      { k: 1 },
      { k: '1' },
      { k: true },
      { k: null },
      {},
      { k: { a: 1, b: [1, { c: null }] } },
      { k: [1, 2], other: 1 },
      { k: 0.1, other: 1 },
      odd,
      { 'a.b': 1, "it's": '"' },
    ];
    for (const metadata of kinds) await created(store, { title: JSON.stringify(metadata), metadata });
    const having = (metadata: JsonObject) => titles(store, { metadata });
    for (const metadata of kinds.filter((kind) => Object.keys(kind).length > 0)) {
      expect(await having(metadata)).toEqual([JSON.stringify(metadata)]);
    }
    expect(await having({})).toHaveLength(kinds.length);
    expect(await having({ k: { b: [1, { c: null }], a: 1 } })).toHaveLength(1);
    expect(await having({ k: { a: 1 } })).toEqual([]);
    expect(await having({ k: [2, 1] })).toEqual([]);
    expect(await having({ other: 1 })).toHaveLength(2);
    expect(await having({ other: 1, k: 0.1 })).toHaveLength(1);
    expect(await having({ missing: null })).toEqual([]);
    expect(await having({ constructor: 1 })).toEqual([]);
    expect(await having({ k: Object.assign(Object.create(null) as object, { a: 1, b: [1, { c: null }] }) })).toHaveLength(1);
  });

  check('pages and counts what a filter leaves', async (store) => {
    for (let index = 0; index < 12; index += 1) {
      await created(store, {
        title: String(index),
        createdAt: start + index,
        metadata: { odd: index % 2 === 1 },
        visibility: index < 10 ? 'PUBLIC' : 'PRIVATE',
      });
    }
    const query = { metadata: { odd: true }, audience: { public: true, principal: 'p', sessionId: null } };
    const first = await list(store, { ...query, page: { limit: 2 } });
    expect([first.items.map(({ title }) => title), first.hasMore, first.totalCount]).toEqual([['9', '7'], true, 5]);
    const last = await list(store, { ...query, page: { limit: 3, after: placeOf(first.items[1]) } });
    expect([last.items.map(({ title }) => title), last.hasMore, last.totalCount]).toEqual([['5', '3', '1'], false, 5]);
  });

  check('lists messages in the order of their numbers, from either end and of one channel', async (store) => {
    const { id } = await created(store);
    const other = await created(store);
    await sent(store, other.id, [{}]);
    await sent(store, id, [
      { content: '1', channel: 'a' },
      { content: '2' },
      { content: '3', channel: 'a' },
      { content: '4', channel: 'b' },
      { content: '5', channel: 'a' },
    ]);
    const pageOf = async (page: { limit: number; after?: number; before?: number; fromEnd?: boolean }, channel?: string) => {
      const [answer] = await store.messages.list([{ sessionId: id, page, ...(channel !== undefined && { channel }) }]);
      return [answer?.items.map(({ content }) => content).join(''), answer?.hasMore, answer?.totalCount];
    };
    expect(await pageOf({ limit: 9 })).toEqual(['12345', false, 5]);
    expect(await pageOf({ limit: 2 })).toEqual(['12', true, 5]);
    expect(await pageOf({ limit: 2, after: 2 })).toEqual(['34', true, 5]);
    expect(await pageOf({ limit: 2, after: 3 })).toEqual(['45', false, 5]);
    expect(await pageOf({ limit: 2, fromEnd: true })).toEqual(['45', true, 5]);
    expect(await pageOf({ limit: 2, before: 3, fromEnd: true })).toEqual(['12', false, 5]);
    expect(await pageOf({ limit: 2 }, 'a')).toEqual(['13', true, 3]);
    expect(await pageOf({ limit: 2, after: 3 }, 'a')).toEqual(['5', false, 3]);
    expect(await pageOf({ limit: 1, before: 5, fromEnd: true }, 'a')).toEqual(['3', true, 3]);
    expect(await pageOf({ limit: 1 }, 'nowhere')).toEqual(['', false, 0]);
    expect(await pageOf({ limit: 9, after: 9 })).toEqual(['', false, 5]);
  });

  check('answers several lists of messages and members in one call', async (store) => {
    const one = await created(store);
    const two = await created(store);
    await sent(store, one.id, [{ content: 'x' }, { content: 'y' }]);
    await joined(store, two.id, [{ name: 'Ann' }]);
    const queries = [two.id, newSessionId(), one.id].map((sessionId) => ({ sessionId, page: { limit: 5 } }));
    expect((await store.messages.list(queries)).map(({ items, totalCount }) => [items.length, totalCount])).toEqual([
      [0, 0],
      [0, 0],
      [2, 2],
    ]);
    expect((await store.members.list(queries)).map(({ items }) => items.map(({ name }) => name))).toEqual([['Ann'], [], []]);
    expect(await store.messages.list([])).toEqual([]);
  });

  check('finds what is due, soonest first', async (store) => {
    const later = await created(store, { dueAt: start + 5 });
    const sooner = await created(store, { dueAt: start + 1 });
    const tied = [newSessionId(), newSessionId()] as const;
    await created(store, { id: tied[1], dueAt: start + 3 });
    await created(store, { id: tied[0], dueAt: start + 3 });
    await created(store, { dueAt: null });
    await created(store, { dueAt: start, status: 'ENDED' });
    await created(store, { dueAt: start, status: 'EXPIRED' });
    const all = [
      { id: sooner.id, dueAt: start + 1 },
      { id: tied[0], dueAt: start + 3 },
      { id: tied[1], dueAt: start + 3 },
      { id: later.id, dueAt: start + 5 },
    ];
    expect(await store.sessions.due(start + 5, 10)).toEqual(all);
    expect(await store.sessions.due(start + 4, 10)).toEqual(all.slice(0, 3));
    expect(await store.sessions.due(start + 5, 2)).toEqual(all.slice(0, 2));
    expect(await store.sessions.due(start, 10)).toEqual([]);
    await store.commit(aChange(sooner.id, { set: { status: 'EXPIRED', dueAt: null } }));
    await store.commit(aChange(later.id, { set: { dueAt: start + 2 } }));
    expect((await store.sessions.due(start + 5, 10)).map(({ id }) => id)).toEqual([later.id, ...tied]);
  });
};
