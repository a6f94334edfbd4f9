import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { systemClock } from '../core/system-clock.ts';
import type { Clock } from '../core/ports.ts';

// While a store is away, work that looks for something several times a second fails as often.
const quietMs = 10_000;
const maxRemembered = 100;

/** Makes what tells the log of failures of work that nobody waits for, by what failed. */
export type BackgroundReports = (what: string) => (error: unknown) => void;

/** The same failure is written once in 10 seconds; the next line of it says in `repeats` how often it came without one. */
export function createBackgroundReports(logger: Pick<Logger, 'error'>, clock: Pick<Clock, 'now'> = systemClock): BackgroundReports {
  const written = new LRUCache<string, { readonly at: number; repeats: number }>({ max: maxRemembered });
  return (what) => (error) => {
    const key = `${what}\n${error instanceof Error ? error.message : String(error)}`;
    const last = written.get(key);
    const now = clock.now();
    // The absolute value: a clock that was set back must not keep anything quiet for longer.
    if (last !== undefined && Math.abs(now - last.at) < quietMs) {
      last.repeats += 1;
      return;
    }
    written.set(key, { at: now, repeats: 0 });
    logger.error({ err: error, ...(last !== undefined && last.repeats > 0 && { repeats: last.repeats }) }, what);
  };
}
