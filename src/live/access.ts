import type { SessionId } from '../core/ids.ts';
import type { Member } from '../core/member.ts';
import type { Store } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { standingOf } from '../core/standing.ts';
import { mayRead } from '../core/use-cases.ts';
import { membershipPrincipal, type Viewer } from '../core/viewer.ts';

/** What a viewer may follow of one session, as of the session's `seq`: later events say what has changed since. */
export interface Access {
  readonly session: Session;
  /** The viewer's ACTIVE membership. */
  readonly member: Member | null;
  readonly allowed: boolean;
}

async function membershipOf(store: Pick<Store, 'members'>, viewer: Viewer, sessionId: SessionId): Promise<Member | null> {
  if (viewer.kind === 'MEMBER') {
    const [member] = viewer.member.sessionId === sessionId ? await store.members.byIds([viewer.member.id]) : [];
    return member?.status === 'ACTIVE' ? member : null;
  }
  const principal = membershipPrincipal(viewer);
  return principal === null ? null : ((await store.members.ofPrincipal(principal, [sessionId]))[0] ?? null);
}

/** Reads it from the store. Null = there is no such session. */
export async function accessOf(store: Pick<Store, 'sessions' | 'members'>, viewer: Viewer, sessionId: SessionId): Promise<Access | null> {
  // The session first: what happens after it was read, a kick among it, comes as an event after its `seq`.
  const [session] = await store.sessions.byIds([sessionId]);
  if (session === undefined || session === null) return null;
  const member = await membershipOf(store, viewer, sessionId);
  // A member token is good for its membership only: whoever was removed does not go on as a passer-by.
  const dismissed = viewer.kind === 'MEMBER' && viewer.member.sessionId === sessionId && member === null;
  return { session, member, allowed: !dismissed && mayRead(session, { ...standingOf(viewer, session, member), member }) };
}
