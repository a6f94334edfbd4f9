import { type MessageId, fingerprintOf } from '../ids.ts';
import type { Message } from '../message.ts';
import type { SessionChange } from '../commit.ts';
import type { Session, SessionUpstream, Underway } from '../session.ts';
import { noUpstream } from './facts.ts';
import { change } from './state.ts';

/** What is under way to a service, or back from it. `content` null = whatever it says: an answer. */
export interface Awaited {
  readonly id: MessageId;
  readonly role: Message['role'];
  readonly content: string | null;
}

/** A message, or an answer, is on its way for this long; after that its gateway is taken to have died. */
export const underwayMs = 60_000;
/** What of a sending is over, and what begins. */
export interface Exchange {
  readonly gone: MessageId;
  readonly next: readonly Awaited[];
}

/** With the exchanges made, and without what is over by the clock. */
function upstreamWith({ upstream }: Pick<Session, 'upstream'>, now: number, exchanges: readonly Exchange[]): SessionUpstream {
  const { underway: before = [], ...rest } = upstream ?? noUpstream;
  let underway = before.filter(({ until }) => until > now);
  for (const { gone, next } of exchanges) {
    const added = next.map(({ id, role, content }): Underway => ({
      id,
      role,
      fingerprint: content === null ? null : fingerprintOf(content),
      until: now + underwayMs,
    }));
    underway = [...underway.filter(({ id }) => id !== gone), ...added];
  }
  return underway.length === 0 ? rest : { ...rest, underway };
}

/** Tells other gateways what is under way, and nobody else. */
export const decideUnderway = (session: Session, now: number, exchanges: readonly Exchange[]): SessionChange =>
  change({ session, now }, { set: { upstream: upstreamWith(session, now, exchanges) }, events: [] });

/** A change that tells what is under way as well. Others decide by it: they are to decide again. */
export const withUnderway = (decided: SessionChange, session: Session, exchange: Exchange): SessionChange => ({
  ...decided,
  guard: { ...decided.guard, exclusive: true },
  set: { ...decided.set, upstream: upstreamWith({ ...session, ...decided.set }, decided.at, [exchange]) },
});

/**
 * Whether a message of the service may be one that some gateway has under way.
 *
 * @param isPatient - Whether it can wait for an answer to come, which may be another one.
 */
export const isUnderway = (
  { upstream }: Pick<Session, 'upstream'>,
  now: number,
  { role, content }: Pick<Message, 'role' | 'content'>,
  isPatient: boolean,
): boolean =>
  (upstream?.underway ?? []).some(
    (each) =>
      each.until > now && each.role === role && (each.fingerprint === null ? isPatient : each.fingerprint === fingerprintOf(content)),
  );
