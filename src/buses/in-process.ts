import type { Bus, Hint } from '../core/ports.ts';
import { createSubscriptions } from './shared/subscriptions.ts';

/**
 * Hints within one process: for one gateway alone.
 *
 * @param onError - Is told of handlers that threw. @default nobody is
 */
export function createInProcessBus(onError: (error: unknown) => void = () => undefined): Bus {
  const subscriptions = createSubscriptions<Hint>(onError);
  return {
    lossless: true,
    publish: (hint) => subscriptions.tell(hint),
    subscribe: (handler) => subscriptions.add(handler),
    // There are no other gateways.
    tell: () => undefined,
    hear: () => () => undefined,
    async check() {},
    async [Symbol.asyncDispose]() {
      subscriptions.clear();
    },
  };
}
