import type { Member } from '../../core/member.ts';
import type { Commit, SessionChange } from '../../core/commit.ts';
import type { Session } from '../../core/session.ts';
import { identityKey } from '../../core/viewer.ts';
import { assertOneSession, messagePlaces } from '../shared/coherence.ts';
import { idempotencyTable, memberTable, messageTable, sessionTable } from '../shared/tables.ts';
import { escapeText, toColumn, toRow } from './codec.ts';
import type { ChangeJob, CreationJob } from './jobs.ts';
import type { Row } from './statements.ts';

/** A member's columns, with what a ban of it compares by behind them. */
function memberRow(member: Member): Row {
  const { banned, address, name } = member;
  return [
    ...toRow(memberTable, member),
    banned && address !== null ? escapeText(identityKey(address)) : null,
    banned ? escapeText(identityKey(name)) : null,
  ];
}

const messageKeys = messageTable.keys.filter((key) => key !== 'seq');

function setColumns(set: SessionChange['set']): ChangeJob['set'] {
  return (Object.keys(set) as (keyof Session)[]).map((key) => {
    const value: Partial<Session>[typeof key] = (set as Partial<Session>)[key];
    return [sessionTable.definition[key][0], toColumn(sessionTable, key, value as Session[typeof key])];
  });
}

/** The commit as the writer takes it. All JSON is made here, once. */
export function encodeCommit(commit: Commit): ChangeJob | CreationJob {
  assertOneSession(commit);
  const { at } = commit;
  const members = commit.members.map(memberRow);
  const events = commit.events.map((event) => JSON.stringify(event));
  const idempotency = commit.idempotency && toRow(idempotencyTable, commit.idempotency);
  if (commit.kind === 'creation') {
    const session = { ...commit.session, seq: events.length };
    return {
      kind: 'creation',
      sessionId: session.id,
      backend: session.backend,
      handle: escapeText(session.handle),
      version: session.version,
      session: toRow(sessionTable, session),
      members,
      events,
      at,
      idempotency,
    };
  }
  const { sessionId, guard, set, touch, add, clearMessages } = commit;
  return {
    kind: 'change',
    sessionId,
    guard,
    set: setColumns(set),
    touch,
    add,
    members,
    messages: commit.messages.map((message) => messageKeys.map((key) => toColumn(messageTable, key, message[key]))),
    places: messagePlaces(commit),
    clearMessages,
    events,
    at,
    idempotency,
  };
}
