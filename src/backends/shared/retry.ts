import type { HttpFailure } from './http-outcome.ts';

const maxDelayMs = 5_000;

/** How long to wait before the next attempt; null = there is none to be made. `number` is that of the attempt that failed, from 1. */
export function delayBeforeNext(
  failed: Pick<HttpFailure, 'again' | 'retryAfterMs'>,
  { safe, number, baseMs }: { readonly safe: boolean; readonly number: number; readonly baseMs: number },
): number | null {
  if (failed.again === 'never' || (failed.again === 'safe' && !safe)) return null;
  if (failed.retryAfterMs !== null && failed.retryAfterMs > maxDelayMs) return null;
  const delayMs = Math.min(baseMs * 2 ** (number - 1), maxDelayMs);
  // By chance, so that those who failed together do not come back together.
  return Math.max(delayMs / 2 + (Math.random() * delayMs) / 2, failed.retryAfterMs ?? 0);
}
