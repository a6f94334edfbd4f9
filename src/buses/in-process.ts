import type { Bus, Hint } from '../core/ports.ts';

/** Hints within one process: for one gateway alone. */
export function createInProcessBus(): Bus {
  const handlers = new Set<(hint: Hint) => void>();
  return {
    lossless: true,
    publish(hint) {
      for (const handler of handlers) handler(hint);
    },
    subscribe(handler) {
      // A wrapper of its own, so that subscribing the same function twice gives two subscriptions.
      const own = (hint: Hint): void => handler(hint);
      handlers.add(own);
      return () => {
        handlers.delete(own);
      };
    },
    async check() {},
    async [Symbol.asyncDispose]() {
      handlers.clear();
    },
  };
}
