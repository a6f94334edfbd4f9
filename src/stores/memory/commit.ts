import type { EventBody } from '../../core/event.ts';
import type { SessionId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import type { Message } from '../../core/message.ts';
import type { Commit, CommitOutcome, IdempotencyRecord, SessionChange, SessionCreation } from '../../core/commit.ts';
import type { Session } from '../../core/session.ts';
import { assertOneSession, messagePlaces } from '../shared/coherence.ts';
import { frozenCopy } from './frozen-copy.ts';
import { type Tables, pairKey } from './tables.ts';

/** Checks and writes one commit, all of it or nothing: whatever can fail comes before the first write. */
export function applyCommit(tables: Tables, given: Commit): CommitOutcome {
  assertOneSession(given);
  const commit = frozenCopy(given);
  const record = commit.idempotency && tables.idempotency.get(pairKey(commit.idempotency.scope, commit.idempotency.key));
  if (record) return { kind: 'repeated', record };
  return commit.kind === 'creation' ? applyCreation(tables, commit) : applyChange(tables, commit);
}

function applyCreation(tables: Tables, { session, members, events, at, idempotency }: SessionCreation): CommitOutcome {
  const handle = pairKey(session.backend, session.handle);
  if (tables.handles.has(handle)) return { kind: 'handle-taken' };
  if (tables.sessions.has(session.id)) throw new Error(`Session ${session.id} is there already.`);
  assertOwnMembers(tables, members);
  const stored = Object.freeze({ ...session, seq: events.length });
  tables.handles.set(handle, session.id);
  tables.sessions.set(session.id, stored);
  putMembers(tables, session.id, members);
  putEvents(tables, session.id, events, at, 1);
  putIdempotency(tables, idempotency);
  return { kind: 'committed', seq: stored.seq, version: stored.version };
}

function applyChange(tables: Tables, change: SessionChange): CommitOutcome {
  const session = tables.sessions.get(change.sessionId);
  if (session === undefined) return { kind: 'missing' };
  const { guard } = change;
  if (session.version !== guard.version || (guard.expiresAt !== undefined && session.expiresAt !== guard.expiresAt)) {
    return { kind: 'conflict' };
  }
  const places = messagePlaces(change);
  const messages = change.messages.map((message, index): Message => Object.freeze({ ...message, seq: session.seq + (places[index] ?? 0) }));
  assertNewMessages(tables, change, messages);
  assertOwnMembers(tables, change.members);
  const next = advance(session, change);
  tables.sessions.set(session.id, next);
  if (change.clearMessages) clearMessages(tables, session.id);
  putMembers(tables, session.id, change.members);
  putMessages(tables, session.id, messages);
  putEvents(tables, session.id, change.events, change.at, session.seq + 1);
  putIdempotency(tables, change.idempotency);
  return { kind: 'committed', seq: next.seq, version: next.version };
}

/** The session after the change: what is set first, activity by maximum over it, then the counters. */
function advance(session: Session, { set, touch, add, clearMessages, guard, events }: SessionChange): Session {
  const next = { ...session, ...set };
  const later = touch?.expiry != null && next.expiresAt !== null && touch.expiry.expiresAt > next.expiresAt ? touch.expiry : null;
  return Object.freeze({
    ...next,
    lastActivityAt: Math.max(next.lastActivityAt, touch?.at ?? next.lastActivityAt),
    expiresAt: later?.expiresAt ?? next.expiresAt,
    dueAt: later === null ? next.dueAt : later.dueAt,
    renewalCount: next.renewalCount + (touch?.renewed === true ? 1 : 0),
    files: (clearMessages ? 0 : next.files) + add.files,
    fileBytes: (clearMessages ? 0 : next.fileBytes) + add.fileBytes,
    version: session.version + (guard.exclusive ? 1 : 0),
    seq: session.seq + events.length,
  });
}

function assertOwnMembers(tables: Tables, members: readonly Member[]): void {
  for (const { id, sessionId } of members) {
    const stored = tables.members.get(id);
    if (stored !== undefined && stored.sessionId !== sessionId) throw new Error(`Member ${id} is of session ${stored.sessionId}.`);
  }
}

function assertNewMessages(tables: Tables, change: SessionChange, messages: readonly Message[]): void {
  const seen = new Set<string>();
  for (const { id } of messages) {
    const stored = tables.messages.get(id);
    const cleared = change.clearMessages && stored?.sessionId === change.sessionId;
    if (seen.has(id) || (stored !== undefined && !cleared)) throw new Error(`Message ${id} is there already.`);
    seen.add(id);
  }
}

function clearMessages(tables: Tables, sessionId: SessionId): void {
  for (const { id } of tables.messagesOf.get(sessionId) ?? []) tables.messages.delete(id);
  tables.messagesOf.delete(sessionId);
}

function putMembers(tables: Tables, sessionId: SessionId, members: readonly Member[]): void {
  const ofSession = tables.membersOf.get(sessionId) ?? new Map<Member['id'], Member>();
  for (const member of members) {
    tables.members.set(member.id, member);
    ofSession.set(member.id, member);
  }
  tables.membersOf.set(sessionId, ofSession);
}

function putMessages(tables: Tables, sessionId: SessionId, messages: readonly Message[]): void {
  if (messages.length === 0) return;
  const ofSession = tables.messagesOf.get(sessionId) ?? [];
  for (const message of messages) {
    tables.messages.set(message.id, message);
    ofSession.push(message);
  }
  tables.messagesOf.set(sessionId, ofSession);
}

function putEvents(tables: Tables, sessionId: SessionId, bodies: readonly EventBody[], at: number, first: number): void {
  const events = tables.events.get(sessionId) ?? [];
  for (const [index, body] of bodies.entries()) events.push(Object.freeze({ sessionId, seq: first + index, at, body }));
  tables.events.set(sessionId, events);
}

function putIdempotency(tables: Tables, record: IdempotencyRecord | null): void {
  if (record !== null) tables.idempotency.set(pairKey(record.scope, record.key), record);
}
