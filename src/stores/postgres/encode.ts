import { randomInt } from 'node:crypto';
import type { Member } from '../../core/member.ts';
import type { Commit } from '../../core/commit.ts';
import type { Session } from '../../core/session.ts';
import { identityKey } from '../../core/viewer.ts';
import { assertOneSession, messagePlaces } from '../shared/coherence.ts';
import { idempotencyTable, memberTable, messageTable, sessionTable } from '../shared/tables.ts';
import { escapeText, toColumns, toJson } from './codec.ts';

/** A commit as `parley_commit_1` takes it. */
export interface Job {
  readonly sessionId: string;
  /** JSON without NUL and lone surrogates. */
  readonly json: string;
  /** Whether it may share a transaction: what waits for another session's, by its idempotency key or its handle, may not. */
  readonly shares: boolean;
  /** Whether one whose answer was lost can be found again: by its events, or by its session. */
  readonly traceable: boolean;
}

// The largest range that `randomInt` has.
const marks = 2 ** 48 - 1;

function memberColumns(member: Member): object {
  const { banned, address, name } = member;
  return {
    ...toColumns(memberTable, member),
    banned_address: banned && address !== null ? escapeText(identityKey(address)) : null,
    banned_name: banned ? escapeText(identityKey(name)) : null,
  };
}

/** All JSON is made here, once and at once: the caller's objects may change while the commit waits. */
export function encodeCommit(commit: Commit): Job {
  assertOneSession(commit);
  // A member that is there twice is as it is last: one statement writes a row once.
  const members = [...new Map(commit.members.map((member) => [member.id, member])).values()].map(memberColumns);
  const common = {
    mark: randomInt(marks),
    at: commit.at,
    members,
    events: commit.events.map(toJson),
    idempotency: commit.idempotency && toColumns(idempotencyTable, commit.idempotency),
  };
  if (commit.kind === 'creation') {
    const { session } = commit;
    const job = { ...common, kind: commit.kind, sessionId: session.id, set: toColumns(sessionTable, session), messages: [] };
    return { sessionId: session.id, json: JSON.stringify(job), shares: false, traceable: true };
  }
  const { sessionId, guard, set, touch, add, clearMessages } = commit;
  const places = messagePlaces(commit);
  const traceable = commit.events.length > 0;
  const job = {
    ...common,
    kind: commit.kind,
    sessionId,
    version: guard.version,
    ...(guard.expiresAt !== undefined && { guardExpiresAt: guard.expiresAt }),
    exclusive: guard.exclusive,
    set: toColumns<Session>(sessionTable, set),
    touchedAt: touch?.at ?? null,
    expiresAt: touch?.expiry?.expiresAt ?? null,
    dueAt: touch?.expiry?.dueAt ?? null,
    renewals: touch?.renewed === true ? 1 : 0,
    files: add.files,
    fileBytes: add.fileBytes,
    clears: clearMessages,
    messages: commit.messages.map((message, index) => ({ ...toColumns(messageTable, message), place: places[index] })),
  };
  return { sessionId, json: JSON.stringify(job), shares: commit.idempotency === null && traceable, traceable };
}
