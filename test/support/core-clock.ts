import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports.ts';

/** A clock that a test turns by hand. */
export interface TestClock extends Clock {
  /**
   * Moves on, calling due timers at their instants, soonest first; what they start is let run until it waits for something outside the
   * process. Timers that are set meanwhile for an instant within the span run too.
   */
  advance(ms: number): Promise<void>;
  /** How many timers are set. */
  readonly pending: number;
}

interface Timer {
  readonly instant: number;
  readonly callback: () => void;
}

// A callback that sets a timer for an instant already past would keep advance() busy for ever.
const maxCalls = 100_000;

export function createTestClock(start: number = Date.UTC(2030, 0, 1)): TestClock {
  const timers = new Set<Timer>();
  let now = start;

  const nextUntil = (end: number): Timer | undefined =>
    [...timers].filter(({ instant }) => instant <= end).sort((a, b) => a.instant - b.instant)[0];

  return {
    now: () => now,
    at(instant, callback) {
      const timer = { instant, callback };
      timers.add(timer);
      return {
        [Symbol.dispose]() {
          timers.delete(timer);
        },
      };
    },
    async advance(ms) {
      const end = now + ms;
      let calls = 0;
      await setImmediate();
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        calls += 1;
        if (calls > maxCalls) throw new Error(`More than ${maxCalls} timers ran within ${ms} ms: something is in a loop.`);
        timers.delete(timer);
        now = Math.max(now, timer.instant);
        timer.callback();
        await setImmediate();
      }
      now = end;
    },
    get pending() {
      return timers.size;
    },
  };
}
