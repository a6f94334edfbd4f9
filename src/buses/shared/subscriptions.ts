/** Those who hear of something. One that throws does not keep the others from hearing. */
export interface Subscriptions<Heard> {
  add(handler: (heard: Heard) => void, onGap?: () => void): () => void;
  tell(heard: Heard): void;
  /** Some may have been lost. */
  gap(): void;
  clear(): void;
}

/** @param onError - Is told of handlers that threw. */
export function createSubscriptions<Heard>(onError: (error: unknown) => void): Subscriptions<Heard> {
  const all = new Set<{ readonly handler: (heard: Heard) => void; readonly onGap: (() => void) | undefined }>();
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
    tell(heard) {
      for (const { handler } of all) guarded(() => handler(heard));
    },
    gap() {
      for (const { onGap } of all) if (onGap !== undefined) guarded(onGap);
    },
    clear: () => all.clear(),
  };
}
