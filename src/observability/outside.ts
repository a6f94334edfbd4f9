import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../core/ports.ts';

/** The clock, whose timers run outside of whatever they were set in. */
export function outsideOfRequests(clock: Clock): Clock {
  const outside = new AsyncResource('ParleyClock');
  return {
    now: () => clock.now(),
    at: (instant, callback) => clock.at(instant, () => outside.runInAsyncScope(callback)),
  };
}
