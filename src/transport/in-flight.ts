import { setImmediate } from 'node:timers/promises';

/** Operations that are being executed: a stopping gateway waits for them. */
export interface InFlight {
  run<T>(work: () => Promise<T> | T): Promise<T>;
  /** Resolves when there are none, and the answers of the last have been handed to their sockets. */
  idle(): Promise<void>;
}

export function createInFlight(): InFlight {
  let count = 0;
  let ended = Promise.withResolvers<void>();
  return {
    async run(work) {
      count++;
      try {
        return await work();
      } finally {
        count--;
        if (count === 0) {
          ended.resolve();
          ended = Promise.withResolvers<void>();
        }
      }
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
