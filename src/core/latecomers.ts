/** Runs work of one key once at a time. Who comes while it runs shares the next run: what had happened by then is in it. */
export type Latecomers = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createLatecomers(): Latecomers {
  const running = new Map<string, { current: Promise<unknown>; next: Promise<unknown> | null }>();

  function start<T>(key: string, work: () => Promise<T>): Promise<T> {
    const current = work().finally(() => {
      if (running.get(key)?.next === null) running.delete(key);
    });
    running.set(key, { current, next: null });
    return current;
  }

  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const under = running.get(key);
    if (under === undefined) return start(key, work);
    const begin = (): Promise<T> => start(key, work);
    under.next ??= under.current.then(begin, begin);
    // Work of one key is of one kind.
    return under.next as Promise<T>;
  };
}
