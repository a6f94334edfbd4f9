/** What is under way, and whether anything more may begin. */
export interface Life extends AsyncDisposable {
  /** @throws Error (rejects) that says that the store is closed, once it is. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** `end` is called once, after the last of what was under way. */
export function createLife(place: string, end: () => Promise<void>): Life {
  const underWay = new Set<Promise<unknown>>();
  let ending: Promise<void> | null = null;
  return {
    run: async (work) => {
      if (ending !== null) throw new Error(`The PostgreSQL store at ${place} is closed.`);
      const running = work();
      underWay.add(running);
      try {
        return await running;
      } finally {
        underWay.delete(running);
      }
    },
    [Symbol.asyncDispose]: () => {
      ending ??= (async () => {
        await Promise.allSettled(underWay);
        await end();
      })();
      return ending;
    },
  };
}

type Methods = Readonly<Record<string, (...given: never[]) => Promise<unknown>>>;

/** The same port, each of whose methods is work of the life's. */
export const within = <T extends object>(life: Life, port: T): T =>
  Object.fromEntries(
    Object.entries(port as Methods).map(([name, method]) => [name, (...given: never[]) => life.run(() => method(...given))]),
  ) as T;
