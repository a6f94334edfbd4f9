import type { Clock } from './ports.ts';
import { ProblemError, problem } from './problem.ts';
import { systemClock } from './system-clock.ts';

export interface SerializerOptions {
  /** @default the machine's */
  readonly clock?: Clock;
  /**
   * How long work may wait for its turn. What is ahead may wait for a store or service that does not answer, each in its turn.
   * @default 20_000 // 20 seconds
   */
  readonly waitMs?: number;
  /**
   * How many may wait, of all keys together.
   * @default 10_000
   */
  readonly maxWaiting?: number;
}

/**
 * Runs work of one key one after the other, of different keys side by side. Rejects with a `ProblemError` UNAVAILABLE, the work not begun,
 * where its turn does not come in time or too many wait; `patient` work waits however long it takes, since it follows what has happened already.
 */
export type Serializer = <T>(key: string, work: () => Promise<T>, options?: { readonly patient?: boolean }) => Promise<T>;

const tooMuch = (): ProblemError =>
  new ProblemError(problem('UNAVAILABLE', 'What is ahead of this request takes too long: try again in 1 s.', { retryAfterSeconds: 1 }));

export function createSerializer({ clock = systemClock, waitMs = 20_000, maxWaiting = 10_000 }: SerializerOptions = {}): Serializer {
  const tails = new Map<string, Promise<unknown>>();
  let waiting = 0;

  /** What the work comes to, if it begins in time. */
  function inTime<T>(
    before: Promise<unknown>,
    work: () => Promise<T>,
    patient: boolean,
  ): { readonly turn: Promise<unknown>; readonly outcome: Promise<T> } {
    const { promise: outcome, resolve, reject } = Promise.withResolvers<T>();
    let late = false;
    waiting += 1;
    const giveUp = (): void => {
      late = true;
      reject(tooMuch());
    };
    const timer = patient ? null : clock.at(clock.now() + waitMs, giveUp);
    const begin = async (): Promise<void> => {
      waiting -= 1;
      if (late) return;
      timer?.[Symbol.dispose]();
      await work().then(resolve, reject);
    };
    return { turn: before.then(begin, begin), outcome };
  }

  /** At once: nobody is ahead. */
  function first<T>(work: () => Promise<T>): { readonly turn: Promise<unknown>; readonly outcome: Promise<T> } {
    const outcome = Promise.resolve().then(work);
    return { turn: outcome, outcome };
  }

  return async (key, work, { patient = false } = {}) => {
    const before = tails.get(key);
    if (before !== undefined && !patient && waiting >= maxWaiting) throw tooMuch();
    const { turn, outcome } = before === undefined ? first(work) : inTime(before, work, patient);
    tails.set(key, turn);
    const forget = (): void => {
      if (tails.get(key) === turn) tails.delete(key);
    };
    turn.then(forget, forget);
    return outcome;
  };
}
