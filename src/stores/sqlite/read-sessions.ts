import type { DatabaseSync } from 'node:sqlite';
import type { SessionId } from '../../core/ids.ts';
import type { SessionReader } from '../../core/ports.ts';
import type { Page, SessionQuery } from '../../core/queries.ts';
import type { JsonObject, Session, SessionStatus } from '../../core/session.ts';
import { asJson, hasEntries } from '../shared/metadata.ts';
import { idempotencyTable, sessionTable } from '../shared/tables.ts';
import { escapeText } from './codec.ts';
import type { Kept } from './kept.ts';
import { type Listing, readPage } from './page.ts';
import { readOne } from './reading.ts';
import type { Prepare, Value } from './statements.ts';

const byId = `SELECT ${sessionTable.columns} FROM sessions WHERE id = ?`;
const byHandle = `SELECT ${sessionTable.columns} FROM sessions WHERE backend = ? AND handle = ?`;
const due = `SELECT id, due_at FROM sessions WHERE status = 'ACTIVE' AND due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?`;
const idempotency = `SELECT ${idempotencyTable.columns} FROM idempotency WHERE scope = ? AND key = ?`;

// The plus keeps SQLite from looking sessions up by the column: most are of one backend, and it would then sort them all.
const inList = (column: string): string => `+${column} IN (SELECT value FROM json_each(?))`;

/** `statusAt`, in SQL. */
const isOfStatus: Readonly<Record<SessionStatus, string>> = {
  ACTIVE: `(status = 'ACTIVE' AND (expires_at IS NULL OR expires_at > ?))`,
  EXPIRED: `(status = 'EXPIRED' OR (status = 'ACTIVE' AND expires_at <= ?))`,
  ENDED: `(status = 'ENDED' AND ? IS NOT NULL)`,
};

const ofPrincipal = `id IN (
  SELECT id FROM sessions WHERE created_by = ?
  UNION SELECT session_id FROM members WHERE principal = ? AND status = 'ACTIVE')`;

/** Registers `has_entries(metadata, wanted)`: JSON values compare as values, which SQL's own JSON functions do not do. */
function addFunctions(database: DatabaseSync): void {
  let last: { readonly text: string; readonly value: JsonObject } | null = null;
  database.function('has_entries', { deterministic: true, directOnly: true }, (metadata, wanted) => {
    const text = String(wanted);
    if (last?.text !== text) last = { text, value: JSON.parse(text) as JsonObject };
    return hasEntries(JSON.parse(String(metadata)) as JsonObject, last.value) ? 1 : 0;
  });
}

function listingOf(query: SessionQuery): Listing<Session, { readonly createdAt: number; readonly id: SessionId }> {
  const where: string[] = [];
  const values: Value[] = [];
  const add = (condition: string, ...more: Value[]): void => {
    where.push(condition);
    values.push(...more);
  };
  const { audience, statuses, now } = query;
  if (!('all' in audience)) {
    const parts = audience.public ? [`visibility = 'PUBLIC'`] : [];
    const bound: Value[] = [];
    if (audience.principal !== null) {
      const principal = escapeText(audience.principal);
      parts.push(ofPrincipal);
      bound.push(principal, principal);
    }
    if (audience.sessionId !== null) {
      parts.push('id = ?');
      bound.push(audience.sessionId);
    }
    if (audience.creators !== undefined && audience.creators.length > 0) {
      // Of many sessions at services a page shows the first few: their ids are not collected for it.
      parts.push(inList('created_by'));
      bound.push(JSON.stringify(audience.creators.map(escapeText)));
    }
    add(parts.length === 0 ? 'FALSE' : `(${parts.join(' OR ')})`, ...bound);
  }
  if (query.backends !== undefined) add(inList('backend'), JSON.stringify(query.backends));
  if (query.visibilities !== undefined) add(inList('visibility'), JSON.stringify(query.visibilities));
  if (query.agentId !== undefined) add('agent_id = ?', escapeText(query.agentId));
  if (statuses !== undefined) {
    const wanted = [...new Set(statuses)];
    add(wanted.length === 0 ? 'FALSE' : `(${wanted.map((status) => isOfStatus[status]).join(' OR ')})`, ...wanted.map(() => now));
  }
  // Last: it costs the most, and SQLite asks in this order what no index answers.
  if (query.metadata !== undefined) add('has_entries(metadata, ?)', JSON.stringify(asJson(query.metadata)));
  return {
    table: sessionTable,
    from: 'sessions',
    where,
    values,
    order: ['created_at', 'id'],
    descending: true,
    valuesOf: ({ createdAt, id }) => [createdAt, id],
  };
}

/** The same for queries that differ only in when they are asked. */
const keyOf = (query: SessionQuery): string => JSON.stringify({ ...query, now: 0 });

/** Reads sessions over the given connection. */
export function createSessionReader(database: DatabaseSync, prepare: Prepare, kept: Kept): SessionReader {
  addFunctions(database);
  return {
    byIds: async (ids) => ids.map((id) => readOne(prepare, sessionTable, byId, id)),
    peek: kept.byId(sessionTable, byId),
    byHandles: async (handles) =>
      handles.map(({ backend, handle }) =>
        // A list of a service asks for a hundred at once, of which most are as they were. No id has a space in it.
        kept.read(`${backend} ${handle}`, () => readOne(prepare, sessionTable, byHandle, backend, escapeText(handle))),
      ),
    list: async (query) => {
      const read = (): Page<Session> => readPage(prepare, listingOf(query), query.page);
      // By the clock a session is over without anything having been written.
      return query.statuses === undefined ? (kept.read(keyOf(query), read) ?? read()) : read();
    },
    due: async (before, limit) =>
      prepare(due)
        .all(before, limit)
        .map(([id, dueAt]) => ({ id: id as SessionId, dueAt: Number(dueAt) })),
    idempotency: async (scope, key) => readOne(prepare, idempotencyTable, idempotency, escapeText(scope), escapeText(key)),
  };
}
