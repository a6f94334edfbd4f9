import { randomUUID } from 'node:crypto';
import { newMemberId, newSessionId } from '../../src/core/ids.ts';
import type { Member } from '../../src/core/member.ts';
import type { SessionChange } from '../../src/core/commit.ts';
import type { Store } from '../../src/core/ports.ts';
import type { Session } from '../../src/core/session.ts';

/** Commits a new session with one member, its host. */
export async function admitMember(store: Store, at: number): Promise<Member> {
  const sessionId = newSessionId();
  const member: Member = {
    id: newMemberId(),
    sessionId,
    name: 'ada',
    address: null,
    role: 'HOST',
    status: 'ACTIVE',
    joinedAt: at,
    leftAt: null,
    principal: null,
    banned: false,
    upstream: null,
  };
  const session: Session = {
    id: sessionId,
    backend: 'local',
    handle: randomUUID(),
    title: null,
    description: null,
    visibility: 'PRIVATE',
    status: 'ACTIVE',
    createdAt: at,
    updatedAt: at,
    lastActivityAt: at,
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
    activeMembers: 1,
    files: 0,
    fileBytes: 0,
    version: 1,
    seq: 0,
  };
  const outcome = await store.commit({
    kind: 'creation',
    session,
    members: [member],
    events: [{ type: 'MEMBER_JOINED', memberId: member.id }],
    at,
    idempotency: null,
  });
  if (outcome.kind !== 'committed') throw new Error(`The session was not created: ${outcome.kind}`);
  return member;
}

async function change(store: Store, member: Member, at: number, changes: Partial<SessionChange>): Promise<void> {
  const [session] = await store.sessions.byIds([member.sessionId]);
  if (session === null || session === undefined) throw new Error('There is no such session');
  const outcome = await store.commit({
    kind: 'change',
    sessionId: member.sessionId,
    guard: { version: session.version, exclusive: true },
    set: {},
    touch: null,
    add: { files: 0, fileBytes: 0 },
    members: [],
    messages: [],
    clearMessages: false,
    events: [],
    at,
    idempotency: null,
    ...changes,
  });
  if (outcome.kind !== 'committed') throw new Error(`The change was not made: ${outcome.kind}`);
}

/** Commits the end of a membership. */
export const removeMember = (store: Store, member: Member, status: 'LEFT' | 'KICKED', at: number): Promise<void> =>
  change(store, member, at, {
    set: { activeMembers: 0 },
    members: [{ ...member, status, leftAt: at }],
    events: [
      status === 'LEFT'
        ? { type: 'MEMBER_LEFT', memberId: member.id }
        : { type: 'MEMBER_KICKED', memberId: member.id, byId: null, reason: null },
    ],
  });

/** Commits the end of the member's session. */
export const closeSession = (store: Store, member: Member, status: 'EXPIRED' | 'ENDED', at: number): Promise<void> =>
  change(store, member, at, {
    set: { status },
    events: [status === 'EXPIRED' ? { type: 'SESSION_EXPIRED' } : { type: 'SESSION_ENDED', byId: null, reason: null }],
  });
