import { type MemberId, memberIdFrom } from '../ids.ts';
import { dueAtOf, expiryOf } from '../lifetime.ts';
import type { Member } from '../member.ts';
import type { EventBody } from '../event.ts';
import type { SessionChange, SessionCreation } from '../ports.ts';
import { changedRules, noRules } from '../rules.ts';
import type { Facts, ServiceMember } from '../service.ts';
import type { Session, SessionUpstream } from '../session.ts';
import { type State, change } from './state.ts';

type Moment = Pick<State, 'session' | 'now'>;

export const noUpstream: SessionUpstream = { data: {}, sealed: null, clock: false, endsAt: null, clearedAt: null };

const plain = [
  'title',
  'description',
  'visibility',
  'situation',
  'agentId',
  'metadata',
  'defaults',
  'owners',
  'lastActivityAt',
  'renewalCount',
] as const;

/** The session as it is with what the service says of it. Its end, where it is over, is not among that. */
export function sessionWith(session: Session, facts: Facts): Session {
  const before = session.upstream ?? noUpstream;
  const upstream: SessionUpstream = {
    ...before,
    ...(facts.data && { data: facts.data }),
    clock: before.clock || facts.expiresAt !== undefined,
    endsAt: facts.endsAt ?? before.endsAt,
  };
  const given = Object.fromEntries(plain.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]]))) as Partial<Session>;
  const next = { ...session, ...given, rules: { ...session.rules, ...facts.rules }, upstream };
  const expiresAt = facts.expiresAt === undefined ? expiryOf(next.rules, next) : facts.expiresAt;
  return { ...next, expiresAt, dueAt: dueAtOf(next.rules, expiresAt, session.warnedFor) };
}

const told = [...plain, 'rules', 'upstream', 'expiresAt', 'dueAt'] as const;
const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** What of a session differs from how it was. */
const differences = (before: Session, after: Session): SessionChange['set'] =>
  Object.fromEntries(told.flatMap((name) => (same(before[name], after[name]) ? [] : [[name, after[name]]])));

/** A decision, with what the service answered when it was asked to do its part. */
export function withFacts(decided: SessionChange, session: Session, facts: Facts): SessionChange {
  const base: Session = { ...session, ...decided.set };
  const after = sessionWith(base, facts);
  const isOver = base.status !== 'ACTIVE';
  const { expiresAt, dueAt, ...rest } = differences(base, after);
  // A decision without the service reckons with its own clock: what the service says replaces that.
  const saysEnd = facts.expiresAt !== undefined;
  return {
    ...decided,
    guard: { ...decided.guard, exclusive: true },
    set: {
      ...decided.set,
      ...rest,
      ...(!isOver && { ...(expiresAt !== undefined && { expiresAt }), ...(dueAt !== undefined && { dueAt }) }),
    },
    touch:
      decided.touch &&
      ({
        ...decided.touch,
        ...(saysEnd && { expiry: null }),
        ...(facts.renewalCount !== undefined && { renewed: false }),
      } as const),
    events: decided.events.map((event) => (event.type === 'SESSION_RENEWED' && saysEnd ? { ...event, expiresAt: after.expiresAt } : event)),
  };
}

/** A creation, with what the service answered when it opened the session. */
export function createdWith(
  creation: SessionCreation,
  facts: Facts,
  kept: { readonly sealed: string | null; readonly member: Member['upstream'] },
): SessionCreation {
  const own = { ...creation.session, ...(facts.createdAt !== undefined && { createdAt: facts.createdAt }) };
  const session = sessionWith({ ...own, upstream: { ...noUpstream, sealed: kept.sealed } }, facts);
  return { ...creation, session, members: creation.members.map((member) => ({ ...member, upstream: kept.member })) };
}

interface Roster {
  readonly members: readonly Member[];
  readonly events: readonly EventBody[];
  /** How many are active after it. */
  readonly delta: number;
}

/** Who the service has that the record has not, and the other way round. */
function compareMembers({ session, now }: Moment, active: readonly Member[], said: readonly ServiceMember[]): Roster {
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
  const come = said.filter(({ id }) => !known.has(id)).map((member) => newcomer({ session, now }, member));
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
function newcomer({ session, now }: Moment, { id, name, address, role }: ServiceMember): Member {
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

/** The end of a session at its service, as an event. */
const over = (moment: Moment, status: 'EXPIRED' | 'ENDED'): SessionChange =>
  change(moment, {
    set: { status, updatedAt: moment.now, dueAt: null },
    events: [
      status === 'EXPIRED' ? { type: 'SESSION_EXPIRED' } : { type: 'SESSION_ENDED', byId: null, reason: 'It is gone from its service' },
    ],
  });

/** The names by which clients know what has changed. */
function changedNames(before: Session, after: Session): readonly string[] {
  const settings = (['title', 'description', 'visibility', 'situation', 'agentId', 'defaults', 'metadata', 'owners'] as const).filter(
    (name) => !same(before[name], after[name]),
  );
  return [...settings, ...changedRules(before.rules, after.rules)];
}

/**
 * What the record becomes where the service says something else; null = nothing.
 *
 * @param active - Who is in the session by the record; needed where the service tells its members.
 */
export function decideFacts(moment: Moment, facts: Facts, active: readonly Member[] = []): SessionChange | null {
  const { session, now } = moment;
  if (session.status !== 'ACTIVE') return null;
  if (facts.status !== undefined && facts.status !== 'ACTIVE') return over(moment, facts.status);
  const after = sessionWith(session, facts);
  const set = differences(session, after);
  const roster = facts.members === undefined ? null : compareMembers(moment, active, facts.members);
  if (Object.keys(set).length === 0 && (roster === null || roster.members.length === 0)) return null;
  const changed = changedNames(session, after);
  const moved = after.expiresAt !== session.expiresAt;
  const events: readonly EventBody[] = [
    ...(roster?.events ?? []),
    ...(changed.length > 0 ? [{ type: 'SESSION_UPDATED', changed } as const] : []),
    ...(moved ? [{ type: 'SESSION_RENEWED', expiresAt: after.expiresAt } as const] : []),
  ];
  return change(moment, {
    set: {
      ...set,
      ...(events.length > 0 && { updatedAt: now }),
      ...(roster && { activeMembers: Math.max(0, session.activeMembers + roster.delta) }),
    },
    members: roster?.members ?? [],
    events,
  });
}

/** A record for a session that was made at the service itself. */
export function decideAdoption(
  adopted: Pick<Session, 'id' | 'backend' | 'handle' | 'visibility' | 'createdBy'>,
  facts: Facts,
  sealed: string | null,
  now: number,
): SessionCreation {
  const createdAt = facts.createdAt ?? now;
  const blank: Session = {
    ...adopted,
    title: null,
    description: null,
    status: 'ACTIVE',
    createdAt,
    updatedAt: now,
    lastActivityAt: facts.lastActivityAt ?? createdAt,
    renewedAt: null,
    expiresAt: null,
    dueAt: null,
    warnedFor: null,
    renewalCount: 0,
    rules: noRules,
    owners: [],
    defaults: {},
    metadata: {},
    agentId: null,
    situation: null,
    upstream: { ...noUpstream, sealed },
    activeMembers: 0,
    files: 0,
    fileBytes: 0,
    version: 1,
    seq: 0,
  };
  const session = sessionWith(blank, facts);
  const members = (facts.members ?? []).map((member) => newcomer({ session, now }, member));
  return {
    kind: 'creation',
    session: { ...session, activeMembers: members.length },
    members,
    events: members.map(({ id }) => ({ type: 'MEMBER_JOINED', memberId: id })),
    at: now,
    idempotency: null,
  };
}
