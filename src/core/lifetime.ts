import type { Rules, Session } from './session.ts';

/** Where no policy names a warning: this long before the expiry, or half of the lifetime where that is shorter. */
const defaultWarningMs = 60_000;

type Instants = Pick<Session, 'createdAt' | 'lastActivityAt' | 'renewedAt' | 'expiresAt' | 'upstream'>;

/**
 * When a session runs out, epoch milliseconds; null = never. The sliding timeout counts from the last activity where it renews by
 * itself, else from the last renewal on purpose, else from creation, and never reaches past the maximum duration. A fixed lifetime
 * counts from creation. Of several ends the earliest one holds, that of the service among them; where the service's clock decides, nothing
 * is reckoned here.
 */
export function expiryOf(rules: Pick<Rules, 'lifetimeSeconds' | 'timeout'>, instants: Instants): number | null {
  const { upstream } = instants;
  if (upstream?.clock) return instants.expiresAt;
  const ends: number[] = [];
  if (upstream !== null && upstream.endsAt !== null) ends.push(upstream.endsAt);
  const { lifetimeSeconds, timeout } = rules;
  if (lifetimeSeconds !== null) ends.push(instants.createdAt + lifetimeSeconds * 1_000);
  if (timeout !== null) {
    const from = timeout.autoRenew ? instants.lastActivityAt : (instants.renewedAt ?? instants.createdAt);
    ends.push(from + timeout.timeoutSeconds * 1_000);
    if (timeout.maxDurationSeconds !== null) ends.push(instants.createdAt + timeout.maxDurationSeconds * 1_000);
  }
  return ends.length === 0 ? null : Math.min(...ends);
}

function warningMsOf(rules: Pick<Rules, 'lifetimeSeconds' | 'timeout'>): number {
  const named = rules.timeout?.warningSeconds ?? null;
  if (named !== null) return named * 1_000;
  const lifetime = Math.min(rules.lifetimeSeconds ?? Infinity, rules.timeout?.timeoutSeconds ?? Infinity) * 1_000;
  return Math.min(defaultWarningMs, Math.floor(lifetime / 2));
}

/** When the warning for an expiry is to be given; null where the rules want none. */
export function warningAt(rules: Pick<Rules, 'lifetimeSeconds' | 'timeout'>, expiresAt: number): number | null {
  const ms = warningMsOf(rules);
  return ms > 0 ? expiresAt - ms : null;
}

/** When the clock next has to look at a session: for its warning, else for its expiry. */
export function dueAtOf(rules: Rules, expiresAt: number | null, warnedFor: number | null): number | null {
  if (expiresAt === null || warnedFor === expiresAt) return expiresAt;
  return warningAt(rules, expiresAt) ?? expiresAt;
}
