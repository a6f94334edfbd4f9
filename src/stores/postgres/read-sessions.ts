import type { SessionId } from '../../core/ids.ts';
import type { SessionReader } from '../../core/ports.ts';
import type { Page, SessionQuery } from '../../core/queries.ts';
import type { Session, SessionStatus } from '../../core/session.ts';
import { asJson } from '../shared/metadata.ts';
import { idempotencyTable, sessionTable } from '../shared/tables.ts';
import { escapeText, fromRow, toJson } from './codec.ts';
import type { Query } from './database.ts';
import { readAll, readByIds, readOne } from './reading.ts';

const byHandles = `
  SELECT ${sessionTable.columns} FROM sessions
  WHERE (backend, handle) IN (SELECT * FROM unnest($1::text[], $2::text[]))`;
const due = `SELECT id, due_at FROM sessions WHERE status = 'ACTIVE' AND due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2`;
const idempotency = `SELECT ${idempotencyTable.columns} FROM idempotency WHERE scope = $1 AND key = $2`;

/** `statusAt`, in SQL. */
const isOfStatus: Readonly<Record<SessionStatus, (now: string) => string>> = {
  ACTIVE: (now) => `(status = 'ACTIVE' AND (expires_at IS NULL OR expires_at > ${now}))`,
  EXPIRED: (now) => `(status = 'EXPIRED' OR (status = 'ACTIVE' AND expires_at <= ${now}))`,
  ENDED: () => `status = 'ENDED'`,
};

// `@>` would take an array for equal to one that holds more.
const hasEntries = (wanted: string): string => `NOT EXISTS (
  SELECT FROM jsonb_each(${wanted}::jsonb) AS wanted (key, value) WHERE (metadata::jsonb -> wanted.key) IS DISTINCT FROM wanted.value)`;

/** Conditions that all hold, with the values that their `$1`, `$2`… stand for. */
interface Conditions {
  readonly all: readonly string[];
  readonly values: readonly unknown[];
}

function conditionsOf({ audience, backends, visibilities, agentId, statuses, metadata, now }: SessionQuery): Conditions {
  const all: string[] = [];
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  if (!('all' in audience)) {
    const parts = audience.public ? [`visibility = 'PUBLIC'`] : [];
    if (audience.principal !== null) {
      const principal = `${bind(escapeText(audience.principal))}::text`;
      parts.push(`id IN (
        SELECT id FROM sessions WHERE created_by = ${principal}
        UNION SELECT session_id FROM members WHERE principal = ${principal} AND status = 'ACTIVE')`);
    }
    if (audience.sessionId !== null) parts.push(`id = ${bind(audience.sessionId)}`);
    if (audience.creators !== undefined && audience.creators.length > 0) {
      parts.push(`id IN (SELECT id FROM sessions WHERE created_by = ANY(${bind(audience.creators.map(escapeText))}::text[]))`);
    }
    all.push(parts.length === 0 ? 'FALSE' : `(${parts.join(' OR ')})`);
  }
  if (backends !== undefined) all.push(`backend = ANY(${bind([...backends])}::text[])`);
  if (visibilities !== undefined) all.push(`visibility = ANY(${bind([...visibilities])}::text[])`);
  if (agentId !== undefined) all.push(`agent_id = ${bind(escapeText(agentId))}`);
  if (statuses !== undefined) {
    const wanted = [...new Set(statuses)];
    const instant = wanted.some((status) => status !== 'ENDED') ? `${bind(now)}::bigint` : '';
    all.push(wanted.length === 0 ? 'FALSE' : `(${wanted.map((status) => isOfStatus[status](instant)).join(' OR ')})`);
  }
  if (metadata !== undefined) all.push(hasEntries(bind(toJson(asJson(metadata)))));
  return { all, values };
}

const whereOf = (conditions: readonly string[]): string => (conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`);

/** One page, newest first: a statement for its rows, and another one for the count where the page does not show it. */
async function list(query: Query, asked: SessionQuery): Promise<Page<Session>> {
  const { page } = asked;
  const { all, values } = conditionsOf(asked);
  const bound = [...values];
  const bind = (value: unknown, type: string): string => `$${bound.push(value)}::${type}`;
  const placed = [...all];
  const beyond = (sign: string, place: { readonly createdAt: number; readonly id: SessionId }): void => {
    placed.push(`(created_at, id) ${sign} (${bind(place.createdAt, 'bigint')}, ${bind(place.id, 'text')})`);
  };
  if (page.after !== undefined) beyond('<', page.after);
  if (page.before !== undefined) beyond('>', page.before);
  const backwards = page.fromEnd === true;
  const direction = backwards ? 'ASC' : 'DESC';
  const limit = bind(page.limit + 1, 'bigint');
  const rows = await query(
    `SELECT ${sessionTable.columns} FROM sessions${whereOf(placed)} ORDER BY created_at ${direction}, id ${direction} LIMIT ${limit}`,
    bound,
  );
  const hasMore = rows.length > page.limit;
  const items = rows.slice(0, page.limit).map((row) => fromRow(sessionTable, row));
  const isWhole = !hasMore && page.after === undefined && page.before === undefined;
  const [[total = 0] = []] = isWhole ? [[items.length]] : await query(`SELECT count(*) FROM sessions${whereOf(all)}`, values);
  return { items: backwards ? items.toReversed() : items, hasMore, totalCount: Number(total) };
}

/** Reads sessions. */
export const createSessionReader = (query: Query): SessionReader => ({
  byIds: (ids) => readByIds(query, sessionTable, 'sessions', ids),
  byHandles: async (handles) => {
    const nameOf = (backend: string, handle: string): string => JSON.stringify([backend, handle]);
    const found = await readAll(query, sessionTable, byHandles, [
      handles.map(({ backend }) => backend),
      handles.map(({ handle }) => escapeText(handle)),
    ]);
    const known = new Map(found.map((session) => [nameOf(session.backend, session.handle), session]));
    return handles.map(({ backend, handle }) => known.get(nameOf(backend, handle)) ?? null);
  },
  list: (asked) => list(query, asked),
  due: async (before, limit) => (await query(due, [before, limit])).map(([id, dueAt]) => ({ id: id as SessionId, dueAt: Number(dueAt) })),
  idempotency: (scope, key) => readOne(query, idempotencyTable, idempotency, [escapeText(scope), escapeText(key)]),
});
