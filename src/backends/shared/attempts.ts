import type { Clock } from '../../core/ports.ts';
import type { Problem } from '../../core/problem.ts';
import { type Asked, type HttpFailure, type HttpOutcome, closing } from './http-outcome.ts';
import { joinSignals } from './joined-signal.ts';
import { delayBeforeNext } from './retry.ts';
import { sleepUntil } from '../../core/sleep.ts';

export interface AttemptsOptions<T> {
  readonly asked: Asked;
  readonly retries: number;
  readonly baseMs: number;
  /** Of one attempt. All of them together get twice as long. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Aborts when the client is disposed of. */
  readonly life: AbortSignal;
  /** Makes the attempt of this number, from 1, when it is its turn. `either` aborts with one of the two signals. */
  readonly once: (number: number, timeoutMs: number, either: AbortSignal) => Promise<HttpOutcome<T>>;
}

/** One attempt after the other, until one is answered or none may follow. Rejects with the signal's reason. */
export async function attempts<T>(options: AttemptsOptions<T>): Promise<T | Problem> {
  const { asked, retries, baseMs, timeoutMs, clock, signal, life, once } = options;
  const endsAt = clock.now() + 2 * timeoutMs;
  const either = joinSignals(signal, life);
  let last: HttpFailure | null = null;
  try {
    for (let number = 1; ; number += 1) {
      const leftMs = number === 1 ? timeoutMs : Math.min(timeoutMs, endsAt - clock.now());
      const outcome = await once(number, Math.max(1, leftMs), either.signal);
      if (outcome.kind === 'done') return outcome.value;
      // That the circuit opened meanwhile is no answer to why the request failed.
      if (last !== null && outcome.status === null && !outcome.counts) return last.problem;
      last = outcome;
      const delayMs = number > retries ? null : delayBeforeNext(outcome, { safe: asked.safe, number, baseMs });
      if (delayMs === null || clock.now() + delayMs >= endsAt) return outcome.problem;
      await sleepUntil(clock, clock.now() + delayMs, either.signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (life.aborted) return closing(asked).problem;
    throw error;
  } finally {
    either[Symbol.dispose]();
  }
}
