import { setImmediate } from 'node:timers/promises';
import type { Eventually } from '../core/eventually.ts';

/** Operations that are being executed: a stopping gateway waits for them. */
export interface InFlight {
  readonly size: number;
  /** What is done at once is never in flight. */
  run<T>(work: () => Eventually<T>): Eventually<T>;
  /** Resolves when there are none, and the answers of the last have been handed to their sockets. */
  idle(): Promise<void>;
}

export function createInFlight(): InFlight {
  let count = 0;
  let ended = Promise.withResolvers<void>();
  return {
    get size() {
      return count;
    },
    run(work) {
      const result = work();
      if (!(result instanceof Promise)) return result;
      count++;
      return result.finally(() => {
        count--;
        if (count > 0) return;
        ended.resolve();
        ended = Promise.withResolvers<void>();
      });
    },
    async idle() {
      for (;;) {
        if (count > 0) await ended.promise;
        // From the result of an execution to the socket it is a few promises.
        await setImmediate();
        if (count === 0) return;
      }
    },
  };
}
