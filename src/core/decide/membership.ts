import { firstOf, text } from '../checks.ts';
import type { MemberId } from '../ids.ts';
import { type SessionLimits, textLimits } from '../limits.ts';
import type { Member } from '../member.ts';
import { isProblem, problem } from '../problem.ts';
import { identityKey } from '../viewer.ts';
import { type Decision, type State, change, departure, refuseNonHost, refuseOver } from './state.ts';

/** Somebody at the door. */
export interface Joiner {
  readonly memberId: MemberId;
  readonly name: string;
  readonly address: string | null;
  readonly principal: string | null;
  /** The names and addresses that are beyond doubt: proven by the caller, or vouched for by the API key that owns the session. */
  readonly proven: readonly string[];
  /** Banned members with the same principal, address or name. */
  readonly banned: readonly Member[];
  /** Whether the password that it gave is right; null = none given. */
  readonly password: boolean | null;
}

const isOn = (names: readonly string[], proven: readonly string[]): boolean => {
  const keys = new Set(names.map(identityKey));
  return proven.some((name) => keys.has(identityKey(name)));
};

/** A ban follows a principal and an address. A name it follows only where neither the banned nor the joiner has more: names are not unique. */
const isMeant = (banned: Member, { principal, address }: Joiner): boolean =>
  (principal !== null && banned.principal === principal) ||
  (address !== null && banned.address !== null && identityKey(banned.address) === identityKey(address)) ||
  [banned.principal, banned.address, principal, address].every((each) => each === null);

/** Whether the session lets the joiner in. The cheap and the telling checks come in the order of what they give away. */
export function decideJoin(state: State, joiner: Joiner, limits: SessionLimits): Decision {
  const { session, standing, now } = state;
  const { rules } = session;
  const over = refuseOver(state);
  if (over !== null) return over;
  const isOwner = isOn(session.owners, joiner.proven) || (joiner.principal !== null && joiner.principal === session.createdBy);
  if (joiner.banned.some((member) => isMeant(member, joiner)))
    return problem('KICKED', `${joiner.name} was removed from session ${session.id} for good.`);
  if (!standing.owner) {
    if (rules.allowlistOnly && !isOwner && !isOn(rules.allowlist, joiner.proven)) {
      return problem(
        'NOT_ALLOWLISTED',
        `Session ${session.id} admits only those on its allowlist; an address counts once its wallet is verified, a user name once the user is signed in.`,
      );
    }
    if (rules.passwordHash !== null && joiner.password !== true) {
      return problem(
        'WRONG_PASSWORD',
        joiner.password === null ? `Session ${session.id} asks for a password.` : `That is not the password of session ${session.id}.`,
        {
          path: ['password'],
        },
      );
    }
  }
  const capacity = rules.maxMembers ?? limits.maxMembersLimit;
  if (session.activeMembers >= capacity)
    return problem('SESSION_FULL', `Session ${session.id} has ${session.activeMembers} of at most ${capacity} members.`);
  const member: Member = {
    id: joiner.memberId,
    sessionId: session.id,
    name: joiner.name,
    address: joiner.address,
    role: isOwner ? 'HOST' : 'MEMBER',
    status: 'ACTIVE',
    joinedAt: now,
    leftAt: null,
    principal: joiner.principal,
    banned: false,
    upstream: null,
  };
  return change(state, {
    set: { activeMembers: session.activeMembers + 1, updatedAt: now },
    members: [member],
    events: [{ type: 'MEMBER_JOINED', memberId: member.id }],
  });
}

/** The same for one whose joining at the service was heard of before it was recorded: that record, `twin`, gives its place to this one. */
export function decideJoinAs(state: State, joiner: Joiner, twin: Member, limits: SessionLimits): Decision {
  const { session, now } = state;
  const decided = decideJoin({ ...state, session: { ...session, activeMembers: session.activeMembers - 1 } }, joiner, limits);
  if (isProblem(decided)) return decided;
  return {
    ...decided,
    members: [{ ...twin, status: 'LEFT', leftAt: now }, ...decided.members],
    events: [{ type: 'MEMBER_LEFT', memberId: twin.id }, ...decided.events],
  };
}

/** The caller's own leaving. */
export function decideLeave(state: State): Decision {
  const { session, standing, now } = state;
  const over = refuseOver(state);
  if (over !== null) return over;
  if (standing.member === null) return problem('NOT_A_MEMBER', `The caller is not a member of session ${session.id}.`);
  const left: Member = { ...standing.member, status: 'LEFT', leftAt: now };
  return departure(state, left, { type: 'MEMBER_LEFT', memberId: left.id });
}

/** A host's removing of a member. */
export function decideKick(
  state: State,
  target: Member | null,
  options: { readonly memberId: string; readonly reason: string | null; readonly ban: boolean },
): Decision {
  const { session, standing, now } = state;
  const refused = firstOf(refuseOver(state), refuseNonHost(state, 'remove members'), text(['reason'], options.reason, textLimits.reason));
  if (refused !== null) return refused;
  if (target === null || target.sessionId !== session.id) {
    return problem('NOT_FOUND', `Session ${session.id} has no member ${options.memberId}.`, { path: ['memberId'] });
  }
  if (target.id === standing.member?.id)
    return problem('CONFLICT', 'A member cannot remove itself: leaveSession is for that.', { path: ['memberId'] });
  if (target.status !== 'ACTIVE')
    return problem('CONFLICT', `Member ${target.id} is not active any more (${target.status}).`, { path: ['memberId'] });
  if (target.role === 'HOST' && !standing.owner)
    return problem('FORBIDDEN', `Member ${target.id} is a HOST: only the API key that created the session removes one.`, {
      path: ['memberId'],
    });
  const kicked: Member = { ...target, status: 'KICKED', leftAt: now, banned: options.ban };
  return departure(state, kicked, {
    type: 'MEMBER_KICKED',
    memberId: kicked.id,
    byId: standing.member?.id ?? null,
    reason: options.reason,
  });
}
