import type { Clock } from '../../core/ports.ts';
import { sleepUntil } from '../../core/sleep.ts';

/** Keeps to what a service allows. */
export interface RateLimiter {
  /** Null when it is the request's turn; the milliseconds to wait where that is longer than it may. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<number | null>;
}

export interface RateLimiterOptions {
  readonly requests: number;
  readonly windowMs: number;
  readonly queueMs: number;
  readonly clock: Clock;
}

/** Counts over any span of the window's length, so that it also fits services whose windows begin at instants of their own. */
export function createRateLimiter({ requests, windowMs, queueMs, clock }: RateLimiterOptions): RateLimiter {
  // Instants of the last ones, past or to come, oldest first: never more than `requests` and those that wait.
  let turns: { readonly at: number }[] = [];
  return {
    async take(signal) {
      const now = clock.now();
      turns = turns.filter(({ at }) => at > now - windowMs);
      const before = turns.at(-requests);
      const turn = { at: before === undefined ? now : Math.max(now, before.at + windowMs) };
      if (turn.at - now > queueMs) return turn.at - now;
      turns.push(turn);
      if (turn.at <= now) return null;
      try {
        await sleepUntil(clock, turn.at, signal);
      } catch (error) {
        turns = turns.filter((each) => each !== turn);
        throw error;
      }
      return null;
    },
  };
}
