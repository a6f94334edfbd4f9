import type { EventBody } from '../event.ts';
import type { Member } from '../member.ts';
import type { SessionChange, SessionCreation } from '../commit.ts';
import { noRules } from '../rules.ts';
import type { Facts } from '../service.ts';
import type { Session } from '../session.ts';
import { endOf, noUpstream, overIn, sessionWith } from './facts.ts';
import { newcomer, once } from './roster.ts';
import { change } from './state.ts';

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

/**
 * A record for a session that was made at the service itself.
 *
 * @param adopted - With the visibility that it has where the service does not say.
 */
export function decideAdoption(
  adopted: Pick<Session, 'id' | 'backend' | 'handle' | 'visibility' | 'createdBy'>,
  facts: Facts,
  sealed: string | null,
  now: number,
): SessionCreation {
  const createdAt = facts.createdAt ?? now;
  const over = overIn(facts);
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
  const session: Session = { ...sessionWith(blank, facts), ...(over && { status: over, dueAt: null }) };
  const members = once(facts.members ?? []).map((member) => newcomer({ session, now }, member));
  return {
    kind: 'creation',
    session: { ...session, activeMembers: members.length },
    members,
    events: [...members.map(({ id }): EventBody => ({ type: 'MEMBER_JOINED', memberId: id })), ...(over === null ? [] : [endOf(over)])],
    at: now,
    idempotency: null,
  };
}

/**
 * A creation as a change of the record that a list of the service gave the session first: it becomes the creator's.
 *
 * @param sealed - The session's secret, sealed for that record.
 */
export function decideClaim(adopted: Session, active: readonly Member[], creation: SessionCreation, sealed: string | null): SessionChange {
  const { id: sessionId } = adopted;
  const { id: _i, backend: _b, handle: _h, createdAt: _c, version: _v, seq: _s, files: _f, fileBytes: _n, ...set } = creation.session;
  const members = creation.members.map((member) => ({ ...member, sessionId }));
  const own = new Set(members.flatMap(({ upstream }) => (upstream === null ? [] : [upstream.id])));
  // The creator, as the list knew it.
  const twins = active.filter(({ upstream }) => upstream !== null && own.has(upstream.id));
  const record = creation.idempotency;
  return {
    ...change(
      { session: adopted, now: creation.at },
      {
        set: {
          ...set,
          upstream: set.upstream && { ...set.upstream, sealed },
          activeMembers: active.length - twins.length + members.length,
        },
        members: [...twins.map((twin): Member => ({ ...twin, status: 'LEFT', leftAt: creation.at })), ...members],
        events: [...twins.map(({ id: memberId }): EventBody => ({ type: 'MEMBER_LEFT', memberId })), ...creation.events],
      },
    ),
    idempotency: record && { ...record, result: { ...record.result, sessionId } },
  };
}
