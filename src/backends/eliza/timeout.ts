import { type Problem, problem } from '../../core/problem.ts';
import type { Rules, TimeoutPolicy } from '../../core/session.ts';
import type { WireTimeout } from './wire.ts';

/** What the service keeps to (its own defaults: `SESSION_MIN_TIMEOUT_MINUTES` and others move them there). Seconds. */
const bounds = {
  minTimeout: 300,
  maxTimeout: 86_400,
  /** Twice the longest timeout. */
  maxDuration: 172_800,
  minWarning: 60,
} as const;

/** What the service gives a session of which nothing else is said. Seconds. */
const defaults = { warning: 300, maxDuration: 43_200 } as const;

type Ends = Pick<Rules, 'lifetimeSeconds' | 'timeout'>;

const minutes = (seconds: number): number => seconds / 60;
const maxSeconds = Number.MAX_SAFE_INTEGER;
const seconds = (minutes: number): number => Math.max(-maxSeconds, Math.min(maxSeconds, Math.round(minutes * 60)));

/** A policy as the gateway has it. */
export const policyOf = (wire: WireTimeout): TimeoutPolicy => ({
  timeoutSeconds: seconds(wire.timeoutMinutes),
  autoRenew: wire.autoRenew,
  maxDurationSeconds: seconds(wire.maxDurationMinutes),
  warningSeconds: seconds(wire.warningThresholdMinutes),
});

/** What the service is to be told so that a policy of its own comes back, also one that the gateway would not have made. */
export const restoringOf = (policy: TimeoutPolicy | null): Partial<WireTimeout> =>
  policy === null
    ? {}
    : {
        timeoutMinutes: minutes(policy.timeoutSeconds),
        autoRenew: policy.autoRenew,
        ...(policy.maxDurationSeconds !== null && { maxDurationMinutes: minutes(policy.maxDurationSeconds) }),
        ...(policy.warningSeconds !== null && { warningThresholdMinutes: minutes(policy.warningSeconds) }),
      };

/**
 * What the service is to be told so that a session ends when the rules say; {} = nothing, its defaults will do. A lifetime is a timeout
 * that nothing renews, or, beside a shorter timeout, the maximum duration: renewals do not carry a session past that.
 */
export function timeoutOf({ lifetimeSeconds: lifetime, timeout }: Ends): Partial<WireTimeout> {
  if (lifetime !== null && (timeout === null || lifetime <= timeout.timeoutSeconds)) {
    return {
      timeoutMinutes: minutes(lifetime),
      autoRenew: false,
      maxDurationMinutes: minutes(lifetime),
      ...warningOf(timeout?.warningSeconds ?? null, lifetime),
    };
  }
  if (timeout === null) return {};
  const { timeoutSeconds, autoRenew, warningSeconds } = timeout;
  const asked = Math.min(timeout.maxDurationSeconds ?? Infinity, lifetime ?? Infinity);
  // The service's default would end a session before such a timeout is over.
  const duration = asked === Infinity && timeoutSeconds > defaults.maxDuration ? bounds.maxDuration : asked;
  return {
    timeoutMinutes: minutes(timeoutSeconds),
    autoRenew,
    ...(duration !== Infinity && { maxDurationMinutes: minutes(duration) }),
    ...warningOf(warningSeconds, timeoutSeconds),
  };
}

/** The default, where nothing is asked for; less where it would not be less than the timeout. */
function warningOf(asked: number | null, timeout: number): Pick<Partial<WireTimeout>, 'warningThresholdMinutes'> {
  if (asked !== null && asked < timeout) return { warningThresholdMinutes: minutes(asked) };
  return timeout <= defaults.warning ? { warningThresholdMinutes: minutes(bounds.minWarning) } : {};
}

/**
 * Whether the service can keep to the rules: it would silently make something else of what it cannot. What is as it was before is not
 * asked about again.
 */
export function checkEnds(name: string, ends: Ends, before: Ends | null): Problem | null {
  const outside = (path: readonly string[], value: number, min: number, max: number): Problem | null => {
    if (value >= min && value <= max) return null;
    const detail = `Backend ${name} takes ${min} to ${max} seconds for \`${path.join('.')}\`, got ${value}.`;
    return problem('BAD_INPUT', detail, { path, backend: name });
  };
  const { lifetimeSeconds: lifetime, timeout } = ends;
  const old = before?.timeout ?? null;
  const changed = (key: keyof TimeoutPolicy): boolean => timeout !== null && timeout[key] !== old?.[key];
  const at = ['rules', 'timeout'] as const;
  if (timeout !== null) {
    const { timeoutSeconds, maxDurationSeconds, warningSeconds } = timeout;
    const refused =
      (changed('timeoutSeconds') ? outside([...at, 'timeoutSeconds'], timeoutSeconds, bounds.minTimeout, bounds.maxTimeout) : null) ??
      (changed('maxDurationSeconds') && maxDurationSeconds !== null
        ? outside([...at, 'maxDurationSeconds'], maxDurationSeconds, timeoutSeconds, bounds.maxDuration)
        : null) ??
      (changed('warningSeconds') && warningSeconds !== null
        ? outside([...at, 'warningSeconds'], warningSeconds, bounds.minWarning, timeoutSeconds)
        : null);
    if (refused !== null) return refused;
  }
  if (lifetime === null || lifetime === before?.lifetimeSeconds) return null;
  const slides = timeout !== null && lifetime > timeout.timeoutSeconds;
  return outside(['rules', 'lifetimeSeconds'], lifetime, bounds.minTimeout, slides ? bounds.maxDuration : bounds.maxTimeout);
}

/** Why rules are not kept: the service has made something else of them, and said nothing. Null = all is as it was told. */
export function checkKept(name: string, rules: Ends, told: Partial<WireTimeout>, kept: WireTimeout): Problem | null {
  const clamped = clampedIn(told, kept);
  if (clamped === null) return null;
  // What is told may come of either rule.
  const path = rules.timeout === null ? ['rules', 'lifetimeSeconds'] : rules.lifetimeSeconds === null ? clamped.path : ['rules'];
  const detail = `Backend ${name} keeps to ${clamped.seconds} seconds for \`${clamped.path.join('.')}\` where something else was asked for: ask for that.`;
  return problem('BAD_INPUT', detail, { path, backend: name });
}

/** The first thing that the service made otherwise than it was told, by the gateway's name for it; null = all is as told. */
function clampedIn(told: Partial<WireTimeout>, kept: WireTimeout): { readonly path: readonly string[]; readonly seconds: number } | null {
  const names = [
    ['timeoutMinutes', 'timeoutSeconds'],
    ['maxDurationMinutes', 'maxDurationSeconds'],
    ['warningThresholdMinutes', 'warningSeconds'],
  ] as const;
  for (const [wire, ours] of names) {
    const asked = told[wire];
    if (asked !== undefined && seconds(asked) !== seconds(kept[wire])) {
      return { path: ['rules', 'timeout', ours], seconds: seconds(kept[wire]) };
    }
  }
  return null;
}
