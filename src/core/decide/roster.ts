import type { EventBody } from '../event.ts';
import { type MemberId, memberIdFrom } from '../ids.ts';
import type { Member } from '../member.ts';
import type { ServiceMember } from '../service.ts';
import type { State } from './state.ts';

type Moment = Pick<State, 'session' | 'now'>;

/** What comes of comparing members. */
interface Roster {
  readonly members: readonly Member[];
  readonly events: readonly EventBody[];
  /** How many are active after it. */
  readonly delta: number;
}

/** Each member once, however often a service names it. */
export const once = (said: readonly ServiceMember[]): readonly ServiceMember[] => [
  ...new Map(said.map((member) => [member.id, member])).values(),
];

/** Who the service has that the record has not, and the other way round. */
export function compareMembers({ session, now }: Moment, active: readonly Member[], said: readonly ServiceMember[]): Roster {
  const known = new Map<string, Member>();
  const gone: Member[] = [];
  for (const member of active) {
    const id = member.upstream?.id;
    if (id === undefined) continue;
    const other = known.get(id);
    // Heard of by the service while its joining was still being recorded: the one that can act stays.
    if (other !== undefined) gone.push(other.upstream?.sealed == null ? other : member);
    if (other === undefined || other.upstream?.sealed == null) known.set(id, member);
  }
  const ids = new Set(said.map(({ id }) => id));
  for (const [id, member] of known) if (!ids.has(id)) gone.push(member);
  const come = once(said)
    .filter(({ id }) => !known.has(id))
    .map((member) => newcomer({ session, now }, member));
  return {
    members: [...gone.map((member): Member => ({ ...member, status: 'LEFT', leftAt: now })), ...come],
    events: [
      ...gone.map(({ id }): EventBody => ({ type: 'MEMBER_LEFT', memberId: id })),
      ...come.map(({ id }): EventBody => ({ type: 'MEMBER_JOINED', memberId: id })),
    ],
    delta: come.length - gone.length,
  };
}

/** Somebody who joined at the service. */
export function newcomer({ session, now }: Moment, { id, name, address, role }: ServiceMember): Member {
  // Another stay of the same member is another record: the timeline has grown in between.
  const memberId: MemberId = memberIdFrom(session.id, `${id} ${session.seq}`);
  return {
    id: memberId,
    sessionId: session.id,
    name,
    address,
    role,
    status: 'ACTIVE',
    joinedAt: now,
    leftAt: null,
    principal: null,
    banned: false,
    upstream: { id, sealed: null },
  };
}
