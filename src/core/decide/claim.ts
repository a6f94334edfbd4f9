import type { EventBody } from '../event.ts';
import type { Member } from '../member.ts';
import type { SessionChange, SessionCreation } from '../ports.ts';
import type { Session } from '../session.ts';
import { change } from './state.ts';

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
