/** One value to everybody who listens. */
export interface Topic<T> {
  publish(value: T): void;
  /** What is published from the first `next()` on. */
  subscribe(): AsyncGenerator<T, void, undefined>;
}

/** A topic inside the process, in the shortest way that loses nothing: a queue per listener. */
export function createTopic<T>(): Topic<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    publish(value) {
      for (const listener of listeners) listener(value);
    },
    async *subscribe() {
      const queue: T[] = [];
      let wake: (() => void) | null = null;
      const listener = (value: T): void => {
        queue.push(value);
        wake?.();
      };
      listeners.add(listener);
      try {
        for (;;) {
          for (const value of queue.splice(0)) yield value;
          if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        listeners.delete(listener);
      }
    },
  };
}
