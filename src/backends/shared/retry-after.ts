/** Nobody is put off for longer: what asks for more means something else, or nothing. */
export const longestWaitMs: number = 24 * 60 * 60 * 1_000;

/** The milliseconds, at most a day, that a `Retry-After` header asks for: whole seconds, or the date of an end. Null = none that can be read. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const at = /[a-z]/i.test(header) ? Date.parse(header) : Number.NaN;
  const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : at - now;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(0, waitMs), longestWaitMs);
}
