import type { Hint } from '../../core/ports.ts';

/** Those who hear of hints. One that throws does not keep the others from hearing. */
export interface Subscriptions {
  add(handler: (hint: Hint) => void, onGap?: () => void): () => void;
  tell(hint: Hint): void;
  /** Hints may have been lost. */
  gap(): void;
  clear(): void;
}

/** @param onError - Is told of handlers that threw. */
export function createSubscriptions(onError: (error: unknown) => void): Subscriptions {
  const all = new Set<{ readonly handler: (hint: Hint) => void; readonly onGap: (() => void) | undefined }>();
  const guarded = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      onError(error);
    }
  };
  return {
    add(handler, onGap) {
      // An entry of its own, so that subscribing the same function twice gives two subscriptions.
      const entry = { handler, onGap };
      all.add(entry);
      return () => {
        all.delete(entry);
      };
    },
    tell(hint) {
      for (const { handler } of all) guarded(() => handler(hint));
    },
    gap() {
      for (const { onGap } of all) if (onGap !== undefined) guarded(onGap);
    },
    clear: () => all.clear(),
  };
}
