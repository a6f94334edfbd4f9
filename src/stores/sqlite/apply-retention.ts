import type { Job } from './jobs.ts';
import type { Prepare } from './statements.ts';

type JobOf<K extends Job['kind']> = Extract<Job, { readonly kind: K }>;

const pruneRecords = 'DELETE FROM idempotency WHERE (scope, key) IN (SELECT scope, key FROM idempotency WHERE created_at < ? LIMIT ?)';
const pruneChallenges = 'DELETE FROM challenges WHERE id IN (SELECT id FROM challenges WHERE expires_at < ? LIMIT ?)';

const deleteEvents = 'DELETE FROM events WHERE session_id = ? AND seq <= ?';
const deleteMessages = 'DELETE FROM messages WHERE session_id = ? AND seq <= ?';
const sumMessages = `
  SELECT count(*), coalesce(sum(json_array_length(attachments)), 0),
    coalesce(sum((SELECT sum(json_extract(value, '$.sizeBytes')) FROM json_each(attachments))), 0)
  FROM messages WHERE session_id = ? AND seq <= ?`;
const countDown = `
  UPDATE sessions SET message_count = message_count - ?, files = max(0, files - ?), file_bytes = max(0, file_bytes - ?) WHERE id = ?`;

const removals = [
  'DELETE FROM messages WHERE session_id = ?1 AND seq IN (SELECT seq FROM messages WHERE session_id = ?1 ORDER BY seq LIMIT ?2)',
  'DELETE FROM events WHERE session_id = ?1 AND seq IN (SELECT seq FROM events WHERE session_id = ?1 ORDER BY seq LIMIT ?2)',
  'DELETE FROM members WHERE id IN (SELECT id FROM members WHERE session_id = ?1 LIMIT ?2)',
];
const isOver = `SELECT 1 FROM sessions WHERE id = ? AND status <> 'ACTIVE'`;
const removeLocal = 'DELETE FROM sessions WHERE id = ? AND upstream IS NULL';
const emptyRemote = 'UPDATE sessions SET message_count = 0, files = 0, file_bytes = 0 WHERE id = ?';

const lease = `
  INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?4)
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE holder = excluded.holder OR expires_at <= ?3`;

export function prune(prepare: Prepare, { idempotency, challenges, limit }: JobOf<'prune'>): number {
  const records = prepare(pruneRecords).run(idempotency, limit);
  const ended = prepare(pruneChallenges).run(challenges, limit);
  return Number(records.changes) + Number(ended.changes);
}

export function deleteThrough(prepare: Prepare, { history, sessionId, seq }: JobOf<'deleteThrough'>): number {
  if (history === 'events') return Number(prepare(deleteEvents).run(sessionId, seq).changes);
  const [count = 0, files = 0, bytes = 0] = prepare(sumMessages).get(sessionId, seq) ?? [];
  prepare(deleteMessages).run(sessionId, seq);
  prepare(countDown).run(count, files, bytes, sessionId);
  return Number(count);
}

export function removeSession(prepare: Prepare, { sessionId, limit }: JobOf<'removeSession'>): boolean {
  if (prepare(isOver).get(sessionId) === undefined) return true;
  const deleted = removals.map((removal) => Number(prepare(removal).run(sessionId, limit).changes));
  // What met the limit may have left more.
  if (deleted.some((count) => count === limit)) return false;
  if (prepare(removeLocal).run(sessionId).changes === 0) prepare(emptyRemote).run(sessionId);
  return true;
}

export const takeLease = (prepare: Prepare, { name, holder, now, until }: JobOf<'lease'>): boolean =>
  prepare(lease).run(name, holder, now, until).changes === 1;
