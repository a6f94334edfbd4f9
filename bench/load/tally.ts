/** What all subscribers together have got since they subscribed. */
export interface Snapshot {
  readonly frames: number;
  readonly bytes: number;
  /** How many of the frames were parsed rather than only counted. */
  readonly parsed: number;
}

/** Counts deliveries, subscriber by subscriber. */
export interface Tally {
  /** An event came. Where its text is given, its place in the order is checked as well. */
  count(subscriber: number, bytes: number, text: string | null): void;
  /** The number of the next message, from 1. Everybody is to get it from now on. */
  next(): number;
  /** Resolves once as many events have come as the first so many messages make. */
  reached(messages: number): Promise<void>;
  snapshot(): Snapshot;
  /** When the last event came that there was to come, as `performance.now()` counts. */
  completeAt(): number;
  /** Ends all waiting. */
  fail(error: Error): void;
  /** Throws where a subscriber has not got exactly what there was. */
  check(): void;
}

interface Waiter extends PromiseWithResolvers<void> {
  readonly frames: number;
}

/** The content of a message: its number and words. */
export const contentOf = (number: number): string => `#${String(number).padStart(8, '0')} ${'All hands to the deck. '.repeat(4)}`.trim();

/** The number of the message that an event tells of, NaN where it tells of none. */
export function numberIn(text: string): number {
  const { payload } = JSON.parse(text) as { readonly payload?: { readonly data?: unknown } };
  return Number(/"content":"#(\d+) /.exec(JSON.stringify(payload?.data))?.[1] ?? Number.NaN);
}

/** @param subscribers How many there are; they are called 0, 1, … */
export function createTally(subscribers: number): Tally {
  const frames = new Uint32Array(subscribers);
  // Several publishers race to the server: it makes the order, and everybody must get that one.
  const order: number[] = [];
  const numbers = new Set<number>();
  let waiters: readonly Waiter[] = [];
  let nextWake = Number.POSITIVE_INFINITY;
  let [total, bytes, parsed, messages, completeAt] = [0, 0, 0, 0, 0];
  let failure: Error | null = null;

  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiters) reject(failure);
    waiters = [];
  };
  const wake = (): void => {
    for (const waiter of waiters) if (waiter.frames <= total) waiter.resolve();
    waiters = waiters.filter((waiter) => waiter.frames > total);
    nextWake = Math.min(...waiters.map((waiter) => waiter.frames));
  };
  const checkOrder = (subscriber: number, place: number, text: string): void => {
    const number = numberIn(text);
    if (order[place] === undefined && !numbers.has(number) && number <= messages) {
      order[place] = number;
      numbers.add(number);
    }
    parsed += 1;
    if (order[place] !== number)
      fail(new Error(`Subscriber ${subscriber + 1}: message ${number} is out of order at place ${place + 1}: ${text}`));
  };

  return {
    count(subscriber, size, text) {
      const place = frames[subscriber] ?? 0;
      frames[subscriber] = place + 1;
      total += 1;
      bytes += size;
      if (text !== null) checkOrder(subscriber, place, text);
      if (total === messages * subscribers) completeAt = performance.now();
      if (total >= nextWake) wake();
    },
    next() {
      messages += 1;
      return messages;
    },
    reached(count) {
      const waiter: Waiter = { ...Promise.withResolvers<void>(), frames: count * subscribers };
      if (failure !== null) waiter.reject(failure);
      waiters = [...waiters, waiter];
      wake();
      return waiter.promise;
    },
    snapshot: () => ({ frames: total, bytes, parsed }),
    completeAt: () => completeAt,
    fail,
    check() {
      if (failure !== null) throw failure;
      for (const [subscriber, got] of frames.entries()) {
        if (got !== messages) throw new Error(`Subscriber ${subscriber + 1} got ${got} events, expected ${messages}`);
      }
    },
  };
}
