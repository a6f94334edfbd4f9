import type { DatabaseSync } from 'node:sqlite';
import type { CommitOutcome } from '../../core/commit.ts';
import { apiKeyTable, idempotencyTable, memberTable, messageTable, sessionTable } from '../shared/tables.ts';
import { deleteThrough, prune, removeSession, takeLease } from './apply-retention.ts';
import { unescapeText } from './codec.ts';
import type { ChangeJob, CreationJob, Job, JobResult } from './jobs.ts';
import { readOne } from './reading.ts';
import { notePresence } from './presence.ts';
import { type Prepare, type Row, createPrepare } from './statements.ts';

const insertSession = `INSERT INTO sessions (${sessionTable.columns}) VALUES (${sessionTable.placeholders})`;
const upsertMember = `
  INSERT INTO members (${memberTable.columns}, banned_address, banned_name) VALUES (${memberTable.placeholders}, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, address = excluded.address, role = excluded.role, status = excluded.status, joined_at = excluded.joined_at,
    left_at = excluded.left_at, principal = excluded.principal, banned = excluded.banned, banned_address = excluded.banned_address,
    banned_name = excluded.banned_name, upstream = excluded.upstream
  WHERE session_id = excluded.session_id`;
const insertMessage = `INSERT INTO messages (${messageTable.columns}) VALUES (${messageTable.placeholders})`;
const insertEvent = 'INSERT INTO events (session_id, seq, at, body) VALUES (?, ?, ?, ?)';
const insertIdempotency = `INSERT INTO idempotency (${idempotencyTable.columns}) VALUES (${idempotencyTable.placeholders})`;

const idempotencyByKey = `SELECT ${idempotencyTable.columns} FROM idempotency WHERE scope = ? AND key = ?`;

const guard = 'id = ? AND version = ? AND (? OR expires_at IS ?)';

/** Guard, activity, counters and numbers in one statement. The expiry's columns are named only where they may change: due_at is indexed. */
const advance = (slides: boolean): string => `
  UPDATE sessions SET
    seq = seq + ?, version = version + ?, last_activity_at = max(last_activity_at, coalesce(?, last_activity_at)),
    renewal_count = renewal_count + ?, files = iif(?, 0, files) + ?, file_bytes = iif(?, 0, file_bytes) + ?,
    message_count = iif(?, 0, message_count) + ?
    ${slides ? ', expires_at = iif(expires_at < ?, ?, expires_at), due_at = iif(expires_at < ?, ?, due_at)' : ''}
  WHERE ${guard} RETURNING seq, version`;
const advanceInPlace = advance(false);
const advanceAndSlide = advance(true);

/** Executes jobs one by one, inside a transaction that the caller begins and ends. A job that throws may have written a part. */
export function createApply(database: DatabaseSync): (job: Job) => JobResult {
  const prepare = createPrepare(database);
  return (job) => {
    switch (job.kind) {
      case 'change':
        return repeatedOr(prepare, job, change);
      case 'creation':
        return repeatedOr(prepare, job, creation);
      case 'insertKey':
        prepare(`INSERT INTO api_keys (${apiKeyTable.columns}) VALUES (${apiKeyTable.placeholders})`).run(...job.row);
        return null;
      case 'revokeKey':
        return prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL').run(job.at, job.id).changes === 1;
      case 'putChallenge':
        prepare('INSERT OR REPLACE INTO challenges (id, payload, expires_at) VALUES (?, ?, ?)').run(...job.row);
        return null;
      case 'takeChallenge': {
        const row = prepare('DELETE FROM challenges WHERE id = ? RETURNING payload, expires_at').get(job.id);
        const [payload = null, expiresAt = null] = row ?? [];
        return payload !== null && Number(expiresAt) > job.now ? unescapeText(String(payload)) : null;
      }
      case 'notePresence':
        return notePresence(prepare, job);
      case 'leavePresence':
        prepare('DELETE FROM gateways WHERE id = ?').run(job.gateway);
        return null;
      case 'prune':
        return prune(prepare, job);
      case 'deleteThrough':
        return deleteThrough(prepare, job);
      case 'removeSession':
        return removeSession(prepare, job);
      case 'lease':
        return takeLease(prepare, job);
      case 'ping':
        return null;
    }
  };
}

/** Answers from the record where the idempotency key was used before. */
function repeatedOr<T extends ChangeJob | CreationJob>(
  prepare: Prepare,
  job: T,
  write: (prepare: Prepare, job: T) => CommitOutcome,
): CommitOutcome {
  if (job.idempotency !== null) {
    const [scope = null, key = null] = job.idempotency;
    const record = readOne(prepare, idempotencyTable, idempotencyByKey, scope, key);
    if (record !== null) return { kind: 'repeated', record };
  }
  const outcome = write(prepare, job);
  if (outcome.kind === 'committed' && job.idempotency !== null) prepare(insertIdempotency).run(...job.idempotency);
  return outcome;
}

function creation(prepare: Prepare, job: CreationJob): CommitOutcome {
  if (prepare('SELECT 1 FROM sessions WHERE backend = ? AND handle = ?').get(job.backend, job.handle) !== undefined) {
    return { kind: 'handle-taken' };
  }
  prepare(insertSession).run(...job.session);
  putMembers(prepare, job.members);
  putEvents(prepare, job, 1);
  return { kind: 'committed', seq: job.events.length, version: job.version };
}

function change(prepare: Prepare, job: ChangeJob): CommitOutcome {
  const { sessionId, touch, add, clearMessages } = job;
  const isSet = job.set.length > 0;
  if (isSet) {
    const assignments = job.set.map(([column]) => `${column} = ?`).join(', ');
    const set = prepare(`UPDATE sessions SET ${assignments} WHERE ${guard}`);
    if (set.run(...job.set.map(([, value]) => value), ...guardValues(job)).changes === 0) return refusal(prepare, sessionId);
  }
  const expiry = touch?.expiry ?? null;
  const clears = clearMessages ? 1 : 0;
  const row = prepare(expiry === null ? advanceInPlace : advanceAndSlide).get(
    job.events.length,
    job.guard.exclusive ? 1 : 0,
    touch?.at ?? null,
    touch?.renewed === true ? 1 : 0,
    clears,
    add.files,
    clears,
    add.fileBytes,
    clears,
    job.messages.length,
    ...(expiry === null ? [] : [expiry.expiresAt, expiry.expiresAt, expiry.expiresAt, expiry.dueAt]),
    // What has been set was guarded already, and may be the expiry itself.
    ...(isSet ? [sessionId, job.guard.version, 1, null] : guardValues(job)),
  );
  if (row === undefined) return refusal(prepare, sessionId);
  const [seq, version] = row.map(Number) as [number, number];
  const before = seq - job.events.length;
  if (clearMessages) prepare('DELETE FROM messages WHERE session_id = ?').run(sessionId);
  putMembers(prepare, job.members);
  for (const [index, message] of job.messages.entries()) prepare(insertMessage).run(...message, before + (job.places[index] ?? 0));
  putEvents(prepare, job, before + 1);
  return { kind: 'committed', seq, version };
}

const guardValues = ({ sessionId, guard: { version, expiresAt } }: ChangeJob): Row => [
  sessionId,
  version,
  expiresAt === undefined ? 1 : 0,
  expiresAt ?? null,
];

const refusal = (prepare: Prepare, sessionId: string): CommitOutcome =>
  prepare('SELECT 1 FROM sessions WHERE id = ?').get(sessionId) === undefined ? { kind: 'missing' } : { kind: 'conflict' };

function putMembers(prepare: Prepare, members: readonly Row[]): void {
  for (const member of members) {
    if (prepare(upsertMember).run(...member).changes === 0) throw new Error(`Member ${String(member[0])} is of another session.`);
  }
}

function putEvents(prepare: Prepare, { sessionId, at, events }: ChangeJob | CreationJob, first: number): void {
  for (const [index, body] of events.entries()) prepare(insertEvent).run(sessionId, first + index, at, body);
}
