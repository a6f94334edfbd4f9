import { sameJson } from '../canonical-json.ts';
import { dueAtOf, expiryOf } from '../lifetime.ts';
import type { Member } from '../member.ts';
import type { EventBody } from '../event.ts';
import type { SessionChange } from '../commit.ts';
import { changedRules } from '../rules.ts';
import type { Facts } from '../service.ts';
import type { Session, SessionStatus, SessionUpstream } from '../session.ts';
import { compareMembers } from './roster.ts';
import { type State, change } from './state.ts';

type Moment = Pick<State, 'session' | 'now'>;

export const noUpstream: SessionUpstream = { data: {}, sealed: null, clock: false, endsAt: null, clearedAt: null };

const settings = ['title', 'description', 'visibility', 'situation', 'agentId', 'defaults', 'metadata', 'owners'] as const;
const plain = [...settings, 'renewalCount'] as const;

/** The session as it is with what the service says of it. Its end, where it is over, is not among that. */
export function sessionWith(session: Session, facts: Facts): Session {
  const before = session.upstream ?? noUpstream;
  const upstream: SessionUpstream = {
    ...before,
    ...(facts.data && { data: facts.data }),
    clock: before.clock || facts.expiresAt !== undefined,
    endsAt: facts.endsAt ?? before.endsAt,
    clearedAt: facts.clearedAt === undefined ? before.clearedAt : facts.clearedAt,
  };
  const given = Object.fromEntries(plain.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]]))) as Partial<Session>;
  // The gateway knows of activity that the service does not: of two instants the later one holds.
  const lastActivityAt = Math.max(session.lastActivityAt, facts.lastActivityAt ?? -Infinity);
  const next = { ...session, ...given, lastActivityAt, rules: { ...session.rules, ...facts.rules }, upstream };
  const expiresAt = facts.expiresAt === undefined ? expiryOf(next.rules, next) : facts.expiresAt;
  return { ...next, expiresAt, dueAt: dueAtOf(next.rules, expiresAt, session.warnedFor) };
}

const told = [...plain, 'lastActivityAt', 'rules', 'upstream', 'expiresAt', 'dueAt'] as const;

/** What of a session differs from how it was. */
const differences = (before: Session, after: Session): SessionChange['set'] =>
  Object.fromEntries(told.flatMap((name) => (sameJson(before[name], after[name]) ? [] : [[name, after[name]]])));

/** The names by which clients know what has changed. */
const changedNames = (before: Session, after: Session): readonly string[] => [
  ...settings.filter((name) => !sameJson(before[name], after[name])),
  ...changedRules(before.rules, after.rules),
];

type Over = Exclude<SessionStatus, 'ACTIVE'>;
export const overIn = ({ status = 'ACTIVE' }: Facts): Over | null => (status === 'ACTIVE' ? null : status);

/** The end of a session at its service, as an event. */
export const endOf = (status: Over): EventBody =>
  status === 'EXPIRED' ? { type: 'SESSION_EXPIRED' } : { type: 'SESSION_ENDED', byId: null, reason: 'It is gone from its service' };

/** The decision's events, with what the service's answer makes of them and adds to them. */
function eventsWith(decided: SessionChange, session: Session, facts: Facts, over: Over | null): readonly EventBody[] {
  const base: Session = { ...session, ...decided.set };
  const after = sessionWith(base, facts);
  const changed = changedNames(base, after);
  const events = decided.events.map((event): EventBody => {
    if (event.type === 'SESSION_RENEWED' && facts.expiresAt !== undefined) return { ...event, expiresAt: after.expiresAt };
    return event.type === 'SESSION_UPDATED' ? { ...event, changed: [...new Set([...event.changed, ...changed])] } : event;
  });
  const isTold = events.some(({ type }) => type === 'SESSION_UPDATED');
  // What moves the end and has no event of its own is a sign of life.
  const renewed = decided.events.length === 0 && after.expiresAt !== session.expiresAt;
  return [
    ...events,
    ...(changed.length > 0 && !isTold ? [{ type: 'SESSION_UPDATED', changed } as const] : []),
    ...(renewed ? [{ type: 'SESSION_RENEWED', expiresAt: after.expiresAt } as const] : []),
    ...(over === null ? [] : [endOf(over)]),
  ];
}

/** A decision, with what the service answered when it was asked to do its part. */
export function withFacts(decided: SessionChange, session: Session, facts: Facts): SessionChange {
  const base: Session = { ...session, ...decided.set };
  const over = base.status === 'ACTIVE' ? overIn(facts) : null;
  const { expiresAt, dueAt, ...rest } = differences(base, sessionWith(base, facts));
  return {
    ...decided,
    // What was asked of a service is decided once more where anything was written meanwhile: it may be this.
    guard: { ...decided.guard, exclusive: true },
    set: {
      ...decided.set,
      ...rest,
      ...(base.status === 'ACTIVE' && { ...(expiresAt !== undefined && { expiresAt }), ...(dueAt !== undefined && { dueAt }) }),
      ...(over && { status: over, updatedAt: decided.at, dueAt: null }),
    },
    // A decision without the service reckons with its own clock: what the service says replaces that.
    touch: decided.touch && {
      ...decided.touch,
      ...((facts.expiresAt !== undefined || over !== null) && { expiry: null }),
      ...(facts.renewalCount !== undefined && { renewed: false }),
    },
    events: eventsWith(decided, session, facts, over),
  };
}

/**
 * What the record becomes where the service says something else; null = nothing.
 *
 * @param active - Who is in the session by the record; needed where the service tells its members.
 */
export function decideFacts(moment: Moment, facts: Facts, active: readonly Member[] = []): SessionChange | null {
  const { session, now } = moment;
  if (session.status !== 'ACTIVE') return null;
  const over = overIn(facts);
  if (over !== null) return change(moment, { set: { status: over, updatedAt: now, dueAt: null }, events: [endOf(over)] });
  const after = sessionWith(session, facts);
  const { lastActivityAt, ...set } = differences(session, after);
  const roster = facts.members === undefined ? null : compareMembers(moment, active, facts.members);
  const isNews = Object.keys(set).length > 0 || (roster !== null && roster.members.length > 0);
  if (!isNews && lastActivityAt === undefined) return null;
  const changed = changedNames(session, after);
  const moved = after.expiresAt !== session.expiresAt;
  const activeMembers = Math.max(0, session.activeMembers + (roster?.delta ?? 0));
  const deserted = session.visibility === 'TEMPORARY' && roster !== null && roster.delta < 0 && activeMembers === 0;
  const events: readonly EventBody[] = [
    ...(roster?.events ?? []),
    ...(changed.length > 0 ? [{ type: 'SESSION_UPDATED', changed } as const] : []),
    ...(moved ? [{ type: 'SESSION_RENEWED', expiresAt: after.expiresAt } as const] : []),
    ...(deserted ? [{ type: 'SESSION_ENDED', byId: null, reason: 'The last member left' } as const] : []),
  ];
  return change(moment, {
    // Activity commutes with all else, and slides the end meanwhile: what is written of that is decided on it.
    exclusive: isNews,
    onExpiry: set.expiresAt !== undefined || set.dueAt !== undefined,
    touch: lastActivityAt === undefined ? null : { at: lastActivityAt, expiry: null, renewed: false },
    set: {
      ...set,
      ...(events.length > 0 && { updatedAt: now }),
      ...(roster && roster.members.length > 0 && { activeMembers }),
      ...(deserted && { status: 'ENDED', dueAt: null }),
    },
    members: roster?.members ?? [],
    events,
  });
}
