import { firstOf, text } from '../checks.ts';
import { textLimits } from '../limits.ts';
import { dueAtOf, expiryOf, warningAt } from '../lifetime.ts';
import type { SessionChange } from '../commit.ts';
import { problem } from '../problem.ts';
import type { Session } from '../session.ts';
import { type Decision, type State, change, refuseNonHost, refuseOutsider, refuseOver, touchOf } from './state.ts';

/** A host's ending of the session. */
export function decideEnd(state: State, reason: string | null): Decision {
  const refused = firstOf(refuseOver(state), refuseNonHost(state, 'end the session'), text(['reason'], reason, textLimits.reason));
  if (refused !== null) return refused;
  return change(state, {
    set: { status: 'ENDED', updatedAt: state.now, dueAt: null },
    events: [{ type: 'SESSION_ENDED', byId: state.standing.member?.id ?? null, reason }],
  });
}

/** A member's starting the timeout anew, whether or not activity does so by itself. */
export function decideRenew(state: State): Decision {
  const { session, now } = state;
  const refused = firstOf(refuseOver(state), refuseOutsider(state));
  if (refused !== null) return refused;
  if (session.rules.timeout === null) {
    const why = session.expiresAt === null ? 'never expires' : 'has a fixed lifetime';
    return problem('CONFLICT', `Session ${session.id} ${why}, so there is nothing to renew: setTimeoutPolicy gives it a timeout.`);
  }
  const set = { lastActivityAt: now, renewedAt: now };
  const expiresAt = expiryOf(session.rules, { ...session, ...set });
  return change(state, {
    set: { ...set, expiresAt, dueAt: dueAtOf(session.rules, expiresAt, session.warnedFor) },
    touch: { at: now, expiry: null, renewed: true },
    events: [{ type: 'SESSION_RENEWED', expiresAt }],
  });
}

/** A member's sign of life: renews where activity does, else only says that somebody is there. */
export function decideHeartbeat(state: State): Decision {
  const refused = firstOf(refuseOver(state), refuseOutsider(state));
  if (refused !== null) return refused;
  const touch = touchOf(state);
  return change(state, {
    exclusive: false,
    touch,
    events: touch.renewed ? [{ type: 'SESSION_RENEWED', expiresAt: touch.expiry?.expiresAt ?? state.session.expiresAt }] : [],
  });
}

/** What the clock does to a session: the expiry, the warning before it, or nothing yet. */
export function decideTick(session: Session, now: number): SessionChange | null {
  const { expiresAt, rules, warnedFor } = session;
  if (session.status !== 'ACTIVE' || expiresAt === null) return null;
  const state = { session, now };
  if (expiresAt <= now) {
    return change(state, {
      onExpiry: true,
      set: { status: 'EXPIRED', updatedAt: now, dueAt: null },
      events: [{ type: 'SESSION_EXPIRED' }],
    });
  }
  const warning = warningAt(rules, expiresAt);
  if (warning === null || warning > now || warnedFor === expiresAt) return null;
  return change(state, {
    onExpiry: true,
    set: { warnedFor: expiresAt, dueAt: expiresAt },
    events: [{ type: 'SESSION_EXPIRING', secondsLeft: Math.max(1, Math.round((expiresAt - now) / 1_000)) }],
  });
}
