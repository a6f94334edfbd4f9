import type { History, RetentionStore } from '../../core/ports.ts';
import { toBeginning, toHolding } from '../shared/holding.ts';
import type { Query } from './database.ts';

// So that no transaction holds many locks.
const pruneStep = 1_000;
// By their places: joined by their keys, each step may read the whole table.
const pruneOf = (table: string, instant: string): string => `
  WITH gone AS (
    DELETE FROM ${table} WHERE ${instant} < $1
      AND ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${instant} < $1 ORDER BY ${instant} LIMIT $2)) RETURNING 1)
  SELECT count(*) FROM gone`;
const pruneIdempotency = pruneOf('idempotency', 'created_at');
const pruneChallenges = pruneOf('challenges', 'expires_at');

const survey = `
  SELECT session.id, session.status, session.updated_at, session.is_remote, session.seq, session.message_count, event.seq, event.at,
    message.created_at, EXISTS (SELECT 1 FROM members WHERE session_id = session.id)
  FROM (
    SELECT id, status, updated_at, upstream IS NOT NULL AS is_remote, seq, message_count FROM sessions WHERE id > $1 ORDER BY id LIMIT $2
  ) AS session
  LEFT JOIN LATERAL (SELECT seq, at FROM events WHERE session_id = session.id ORDER BY seq LIMIT 1) AS event ON true
  LEFT JOIN LATERAL (SELECT created_at FROM messages WHERE session_id = session.id ORDER BY seq LIMIT 1) AS message ON true
  ORDER BY session.id`;

const oldest: Readonly<Record<History, string>> = {
  events: `
    SELECT seq, at, (SELECT seq FROM sessions WHERE id = $1)
    FROM events WHERE session_id = $1 ORDER BY events.seq LIMIT $2`,
  messages: `
    SELECT seq, created_at, (SELECT message_count FROM sessions WHERE id = $1)
    FROM messages WHERE session_id = $1 ORDER BY seq LIMIT $2`,
};

// Nothing else deletes events or changes them, so the session is not locked for it.
const deleteEvents = `
  WITH gone AS (DELETE FROM events WHERE session_id = $1 AND seq <= $2 RETURNING 1) SELECT count(*) FROM gone`;
// The session's lock first, as a commit takes it: one that clears the messages holds it while it waits for theirs.
const deleteMessages = `
  WITH locked AS MATERIALIZED (SELECT id FROM sessions WHERE id = $1 FOR UPDATE),
  gone AS (
    DELETE FROM messages USING locked WHERE messages.session_id = locked.id AND messages.session_id = $1 AND messages.seq <= $2
    RETURNING messages.attachments),
  sums AS (
    SELECT count(*) AS messages, coalesce(sum(jsonb_array_length(attachments::jsonb)), 0) AS files,
      coalesce(sum((SELECT sum((file->>'sizeBytes')::bigint) FROM jsonb_array_elements(attachments::jsonb) AS file)), 0) AS bytes
    FROM gone)
  UPDATE sessions SET
    message_count = sessions.message_count - sums.messages,
    files = greatest(0, sessions.files - sums.files),
    file_bytes = greatest(0, sessions.file_bytes - sums.bytes)
  FROM sums WHERE sessions.id = $1 AND sums.messages > 0 RETURNING sums.messages`;

const isOver = `EXISTS (SELECT 1 FROM sessions WHERE id = $1 AND status <> 'ACTIVE')`;
const removalOf = (table: string, key: string): string => `
  WITH gone AS (
    DELETE FROM ${table} WHERE session_id = $1 AND ${isOver}
      AND ${key} = ANY (ARRAY(SELECT ${key} FROM ${table} WHERE session_id = $1 LIMIT $2)) RETURNING 1)
  SELECT count(*) FROM gone`;
const removals = [removalOf('messages', 'seq'), removalOf('events', 'seq'), removalOf('members', 'id')];
const removeLocal = `DELETE FROM sessions WHERE id = $1 AND status <> 'ACTIVE' AND upstream IS NULL`;
const emptyRemote = `
  UPDATE sessions SET message_count = 0, files = 0, file_bytes = 0 WHERE id = $1 AND status <> 'ACTIVE' AND upstream IS NOT NULL`;

const lease = `
  INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $4)
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE leases.holder = excluded.holder OR leases.expires_at <= $3
  RETURNING name`;

/** Sent again where its answer is lost: the holder's own lease is given again. */
export const takeLease = async (query: Query, name: string, holder: string, now: number, until: number): Promise<boolean> =>
  (await query(lease, [name, holder, now, until])).length === 1;

async function countOf(query: Query, sql: string, values: readonly unknown[]): Promise<number> {
  const [[count = 0] = []] = await query(sql, values);
  return Number(count);
}

/** Each statement is a transaction, and may be sent again where its answer was lost: what is deleted is not there to be deleted twice. */
export const createRetentionStore = (query: Query): RetentionStore => ({
  prune: async (before) => {
    let total = 0;
    for (const [sql, instant] of [
      [pruneIdempotency, before.idempotency],
      [pruneChallenges, before.challenges],
    ] as const) {
      for (;;) {
        const deleted = await countOf(query, sql, [instant, pruneStep]);
        total += deleted;
        if (deleted < pruneStep) break;
      }
    }
    return total;
  },
  survey: async (after, limit) => (await query(survey, [after ?? '', limit])).map((row) => toHolding(row)),
  oldest: async (history, sessionId, limit) => {
    return toBeginning(history, await query(oldest[history], [sessionId, limit]));
  },
  deleteThrough: (history, sessionId, seq) => countOf(query, history === 'events' ? deleteEvents : deleteMessages, [sessionId, seq]),
  removeSession: async (sessionId, limit) => {
    for (const removal of removals) {
      // What met the limit may have left more.
      if ((await countOf(query, removal, [sessionId, limit])) === limit) return false;
    }
    await query(removeLocal, [sessionId]);
    await query(emptyRemote, [sessionId]);
    return true;
  },
});
