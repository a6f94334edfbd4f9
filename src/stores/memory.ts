import type { ApiKeyRecord, Store } from '../core/ports.ts';
import { applyCommit } from './memory/commit.ts';
import { frozenCopy } from './memory/frozen-copy.ts';
import { compareKeys } from './memory/page.ts';
import {
  bannedMembers,
  dueSessions,
  listMembers,
  listMessages,
  listSessions,
  memberOfPrincipal,
  pick,
  readTimeline,
  sessionsOfPrincipal,
} from './memory/readers.ts';
import { createMemoryPresence } from './memory/presence.ts';
import { deleteThrough, oldest, prune, removeSession, survey } from './memory/retention.ts';
import { newTables, pairKey } from './memory/tables.ts';
import { newEpoch } from './shared/epoch.ts';

export interface MemoryStoreOptions {
  /**
   * The name of the body of data: 8 characters of [0-9a-z].
   * @default a fresh one
   */
  readonly epoch?: string;
}

/** A store in the memory of the process: what it holds is gone with it. For tests, and for trying things out. */
export function createMemoryStore({ epoch = newEpoch() }: MemoryStoreOptions = {}): Store {
  const tables = newTables();
  let closed = false;
  const answerNow = <T>(work: () => T): T => {
    if (closed) throw new Error('The memory store is closed.');
    return work();
  };
  const answer = async <T>(work: () => T): Promise<T> => answerNow(work);
  const keysByAge = (): ApiKeyRecord[] =>
    [...tables.apiKeys.values()].sort((a, b) => compareKeys([b.createdAt, b.id], [a.createdAt, a.id]));

  return {
    epoch,
    commit: (commit) => answer(() => applyCommit(tables, commit)),
    sessions: {
      byIds: (ids) => answer(() => pick(tables.sessions, ids)),
      peek: (id) => answerNow(() => tables.sessions.get(id) ?? null),
      byHandles: (handles) =>
        answer(() =>
          handles.map(({ backend, handle }) => {
            const id = tables.handles.get(pairKey(backend, handle));
            return (id !== undefined && tables.sessions.get(id)) || null;
          }),
        ),
      list: (query) => answer(() => listSessions(tables, query)),
      due: (before, limit) => answer(() => dueSessions(tables, before, limit)),
      idempotency: (scope, key) => answer(() => tables.idempotency.get(pairKey(scope, key)) ?? null),
    },
    members: {
      byIds: (ids) => answer(() => pick(tables.members, ids)),
      peek: (id) => answerNow(() => tables.members.get(id) ?? null),
      list: (queries) => answer(() => queries.map((query) => listMembers(tables, query))),
      ofPrincipal: (principal, sessionIds) => answer(() => sessionIds.map((id) => memberOfPrincipal(tables, principal, id))),
      sessionsOf: (principal, limit) => answer(() => sessionsOfPrincipal(tables, principal, limit)),
      banned: (sessionId, identity) => answer(() => bannedMembers(tables, sessionId, identity)),
    },
    messages: {
      byIds: (ids) => answer(() => pick(tables.messages, ids)),
      list: (queries) => answer(() => queries.map((query) => listMessages(tables, query))),
    },
    timeline: {
      read: (sessionId, after, limit) => answer(() => readTimeline(tables, sessionId, after, limit)),
      heads: (sessionIds) => answer(() => sessionIds.map((id) => tables.sessions.get(id)?.seq ?? -1)),
    },
    apiKeys: {
      insert: (record) =>
        answer(() => {
          const twin = tables.apiKeys.values().find(({ id, hash }) => id === record.id || hash === record.hash);
          if (twin !== undefined) throw new Error(`API key ${twin.id} is there already.`);
          tables.apiKeys.set(record.id, frozenCopy(record));
        }),
      byHash: (hash) => answer(() => tables.apiKeys.values().find((record) => record.hash === hash) ?? null),
      byIds: (ids) => answer(() => pick(tables.apiKeys, ids)),
      list: () => answer(keysByAge),
      revoke: (id, at) =>
        answer(() => {
          const record = tables.apiKeys.get(id);
          if (record === undefined || record.revokedAt !== null) return false;
          tables.apiKeys.set(id, Object.freeze({ ...record, revokedAt: at }));
          return true;
        }),
    },
    challenges: {
      put: ({ id, payload, expiresAt }) =>
        answer(() => {
          tables.challenges.set(id, { payload, expiresAt });
        }),
      read: (id, now) =>
        answer(() => {
          const challenge = tables.challenges.get(id);
          return challenge !== undefined && challenge.expiresAt > now ? challenge.payload : null;
        }),
      take: (id, now) =>
        answer(() => {
          const challenge = tables.challenges.get(id);
          tables.challenges.delete(id);
          return challenge !== undefined && challenge.expiresAt > now ? challenge.payload : null;
        }),
    },
    presence: createMemoryPresence(tables, answer),
    retention: {
      prune: (before) => answer(() => prune(tables, before)),
      survey: (after, limit) => answer(() => survey(tables, after, limit)),
      oldest: (history, sessionId, limit) => answer(() => oldest(tables, history, sessionId, limit)),
      deleteThrough: (history, sessionId, seq) => answer(() => deleteThrough(tables, history, sessionId, seq)),
      removeSession: (sessionId, limit) => answer(() => removeSession(tables, sessionId, limit)),
    },
    lease: (name, holder, now, until) =>
      answer(() => {
        const lease = tables.leases.get(name);
        if (lease !== undefined && lease.holder !== holder && lease.expiresAt > now) return false;
        tables.leases.set(name, { holder, expiresAt: until });
        return true;
      }),
    check: async (signal) => {
      signal?.throwIfAborted();
      await answer(() => null);
    },
    checkWrites: () => answer(() => undefined),
    [Symbol.asyncDispose]: async () => {
      closed = true;
    },
  };
}
