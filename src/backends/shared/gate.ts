/** Lets so many in at a time, and so many wait. */
export interface Gate {
  /** The way out, to be called once; null where too many wait already, or after `patienceMs`. Rejects with the signal's reason. */
  enter(signal: AbortSignal, patienceMs: number): Promise<(() => void) | null>;
}

export function createGate({ concurrency, queue }: { readonly concurrency: number; readonly queue: number }): Gate {
  let inside = 0;
  // In order of coming: a set forgets one who leaves without a search.
  const waiting = new Set<() => void>();

  const leave = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      inside -= 1;
      return;
    }
    // The place changes hands, so that nobody who comes meanwhile takes it.
    waiting.delete(next);
    next();
  };
  const once = (): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
    };
  };

  return {
    enter(signal, patienceMs) {
      if (inside < concurrency) {
        inside += 1;
        return Promise.resolve(once());
      }
      if (waiting.size >= queue) return Promise.resolve(null);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const settle = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          waiting.delete(enter);
        };
        const enter = (): void => {
          settle();
          resolve(once());
        };
        const giveUp = (): void => {
          settle();
          reject(signal.reason as Error);
        };
        const timer = setTimeout(() => {
          settle();
          resolve(null);
        }, patienceMs);
        waiting.add(enter);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
