import { type Problem, problem } from '../../core/problem.ts';
import type { Facts } from '../../core/service.ts';
import type { JsonObject, Rules, Session } from '../../core/session.ts';
import type { PatchedSession } from './wire.ts';

// The service strips others without a word: those stay with the gateway.
const known: ReadonlySet<string> = new Set(['chain', 'privacyLevel', 'rpcProvider', 'backend', 'defaultViewingKey']);

/** The service answers these in clear, so they are kept from there on. */
export const secretDefaults: readonly string[] = ['defaultViewingKey'];

const shortestSeconds = 60;
const longestSeconds = 86_400;

const pick = (defaults: JsonObject, which: (key: string, value: unknown) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(defaults).filter(([key, value]) => which(key, value)));

/** What of the defaults goes to the service. It refuses null, which is the same as leaving a default out. */
export const sentDefaults = (defaults: JsonObject): JsonObject => pick(defaults, (key, value) => known.has(key) && value !== null);

/** The first of the service's defaults that a change takes away by null. */
export const takenAway = (change: JsonObject): string | undefined =>
  Object.keys(change).find((key) => known.has(key) && change[key] === null);

/** The first of the defaults set at the service that are not among the ones to be. */
export const dropped = (there: JsonObject, toBe: JsonObject): string | undefined =>
  Object.keys(there).find((key) => known.has(key) && (toBe[key] ?? null) === null);

/** The service merges, and refuses null: what is set stays set. */
export const unremovable = (backend: string, key: string): Problem =>
  problem(
    'UNSUPPORTED',
    `Backend ${backend} cannot take \`defaults.${key}\` away once it is set: give it another value, or end the session.`,
    {
      path: ['defaults', key],
      backend,
    },
  );

/**
 * What the service says, with what only the gateway keeps.
 *
 * @param record - The gateway's defaults. They say in which order keys come, so that an unchanged session reads as unchanged.
 */
export function factsOf(said: PatchedSession & { readonly createdAt?: number }, record: JsonObject): Facts {
  const shown = pick(said.defaults, (key) => known.has(key) && !secretDefaults.includes(key));
  return {
    defaults: { ...pick(record, (key) => !known.has(key) || Object.hasOwn(shown, key)), ...shown },
    endsAt: said.expiresAt,
    ...(said.createdAt !== undefined && { createdAt: said.createdAt }),
  };
}

/**
 * How long the service is to keep a session, in seconds: its end is fixed when it is made. Where the rules slide, it is as far off as they
 * may come; where they say nothing, as far off as the service lets it be, instead of the hour that is its own default.
 */
export function ttlOf({ lifetimeSeconds, timeout }: Pick<Rules, 'lifetimeSeconds' | 'timeout'>, backend: string): number | Problem {
  if (lifetimeSeconds === null) {
    return Math.max(shortestSeconds, Math.min(timeout?.maxDurationSeconds ?? longestSeconds, longestSeconds));
  }
  if (lifetimeSeconds >= shortestSeconds && lifetimeSeconds <= longestSeconds) return lifetimeSeconds;
  return problem(
    'BAD_INPUT',
    `Expected \`rules.lifetimeSeconds\` to be ${shortestSeconds} to ${longestSeconds}, which is what backend ${backend} keeps sessions for, got ${lifetimeSeconds}.`,
    { path: ['rules', 'lifetimeSeconds'], backend },
  );
}

/** The refusal of a lifetime that ends after the service has let go of the session; null = it does not. */
export function beyondEnd(
  { createdAt, upstream }: Pick<Session, 'createdAt' | 'upstream'>,
  lifetimeSeconds: number | null | undefined,
  backend: string,
): Problem | null {
  const endsAt = upstream?.endsAt ?? null;
  if (endsAt === null || lifetimeSeconds === null || lifetimeSeconds === undefined) return null;
  if (createdAt + lifetimeSeconds * 1_000 <= endsAt) return null;
  return problem(
    'BAD_INPUT',
    `Expected \`rules.lifetimeSeconds\` to be at most ${Math.floor((endsAt - createdAt) / 1_000)}, got ${lifetimeSeconds}: backend ${backend} lets go of the session at ${new Date(endsAt).toISOString()}, and cannot be told otherwise.`,
    { path: ['rules', 'lifetimeSeconds'], backend },
  );
}
