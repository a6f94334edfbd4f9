import { newMemberId, newMessageId, newSessionId, type SessionId } from '../../src/core/ids.ts';
import type { Member } from '../../src/core/member.ts';
import type { Message } from '../../src/core/message.ts';
import type { NewMessage, SessionChange, SessionCreation } from '../../src/core/commit.ts';
import type { Store } from '../../src/core/ports.ts';
import type { Session } from '../../src/core/session.ts';

/** An instant that the tests of stores count from. */
export const start = 1_900_000_000_000;

export function aSession(over: Partial<Session> = {}): Session {
  const id = newSessionId();
  return {
    id,
    backend: 'local',
    handle: id,
    title: null,
    description: null,
    visibility: 'PUBLIC',
    status: 'ACTIVE',
    createdAt: start,
    updatedAt: start,
    lastActivityAt: start,
    renewedAt: null,
    expiresAt: null,
    dueAt: null,
    warnedFor: null,
    renewalCount: 0,
    rules: {
      maxMembers: null,
      lifetimeSeconds: null,
      timeout: null,
      passwordHash: null,
      allowlistOnly: false,
      allowlist: [],
      maxFiles: null,
      maxTotalMegabytes: null,
    },
    owners: [],
    createdBy: null,
    defaults: {},
    metadata: {},
    agentId: null,
    situation: null,
    upstream: null,
    activeMembers: 0,
    files: 0,
    fileBytes: 0,
    version: 1,
    seq: 0,
    ...over,
  };
}

export const aMember = (sessionId: SessionId, over: Partial<Member> = {}): Member => ({
  id: newMemberId(),
  sessionId,
  name: 'Ann',
  address: null,
  role: 'MEMBER',
  status: 'ACTIVE',
  joinedAt: start,
  leftAt: null,
  principal: null,
  banned: false,
  upstream: null,
  ...over,
});

export const aMessage = (sessionId: SessionId, over: Partial<NewMessage> = {}): NewMessage => ({
  id: newMessageId(),
  sessionId,
  authorId: null,
  role: 'USER',
  content: 'hello',
  channel: null,
  attachments: [],
  metadata: {},
  options: {},
  inReplyTo: null,
  createdAt: start,
  ...over,
});

export const aCreation = (session: Session, over: Partial<SessionCreation> = {}): SessionCreation => ({
  kind: 'creation',
  session,
  members: [],
  events: [],
  at: start,
  idempotency: null,
  ...over,
});

/** A change that commutes and writes nothing, decided on version 1. */
export const aChange = (sessionId: SessionId, over: Partial<SessionChange> = {}): SessionChange => ({
  kind: 'change',
  sessionId,
  guard: { version: 1, exclusive: false },
  set: {},
  touch: null,
  add: { files: 0, fileBytes: 0 },
  members: [],
  messages: [],
  clearMessages: false,
  events: [],
  at: start,
  idempotency: null,
  ...over,
});

/** The sending of messages, as the gateway commits it. */
export const aSending = (sessionId: SessionId, messages: readonly NewMessage[], over: Partial<SessionChange> = {}): SessionChange =>
  aChange(sessionId, {
    messages,
    events: messages.map(({ id }) => ({ type: 'MESSAGE_ADDED', messageId: id })),
    touch: { at: start, expiry: null, renewed: false },
    ...over,
  });

/** Puts a session into the store. */
export async function created(store: Store, over: Partial<Session> = {}, creation: Partial<SessionCreation> = {}): Promise<Session> {
  const session = aSession(over);
  const outcome = await store.commit(aCreation(session, creation));
  if (outcome.kind !== 'committed') throw new Error(`The session was not created: ${outcome.kind}`);
  return session;
}

/** Puts members into a session. */
export async function joined(store: Store, sessionId: SessionId, members: readonly Partial<Member>[]): Promise<readonly Member[]> {
  const made = members.map((over) => aMember(sessionId, over));
  const outcome = await store.commit(aChange(sessionId, { members: made }));
  if (outcome.kind !== 'committed') throw new Error(`The members were not stored: ${outcome.kind}`);
  return made;
}

/** Puts messages into a session, one commit each, and answers them as stored. */
export async function sent(store: Store, sessionId: SessionId, messages: readonly Partial<NewMessage>[]): Promise<readonly Message[]> {
  const made: Message[] = [];
  for (const over of messages) {
    const message = aMessage(sessionId, over);
    const outcome = await store.commit(aSending(sessionId, [message]));
    if (outcome.kind !== 'committed') throw new Error(`The message was not stored: ${outcome.kind}`);
    made.push({ ...message, seq: outcome.seq });
  }
  return made;
}

/** The session as the store has it. */
export async function stored(store: Store, id: SessionId): Promise<Session> {
  const [session] = await store.sessions.byIds([id]);
  if (!session) throw new Error(`The store has no session ${id}`);
  return session;
}
