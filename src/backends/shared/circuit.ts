import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult } from 'cockatiel';
import { type Asked, type HttpFailure, type HttpOutcome, failure } from './http-outcome.ts';

export type CircuitPhase = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/** Leaves a service alone that failed several times in a row, then lets one request try it. */
export interface Circuit {
  phase(): CircuitPhase;
  /** The failure that a request comes to right now without being sent; null = it may be sent. */
  refusal(asked: Asked): HttpFailure | null;
  run<T>(asked: Asked, work: () => Promise<HttpOutcome<T>>): Promise<HttpOutcome<T>>;
}

interface Thrown {
  readonly kind: 'thrown';
  readonly error: unknown;
}

export function createCircuit({ failures, openMs }: { readonly failures: number; readonly openMs: number }): Circuit {
  const counts = (result: unknown): boolean => {
    const outcome = result as HttpOutcome<unknown> | Thrown;
    return outcome.kind === 'thrown' || (outcome.kind === 'failure' && outcome.counts);
  };
  const policy = circuitBreaker(handleWhenResult(counts), { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: openMs });
  let openUntil = 0;
  policy.onBreak(() => {
    openUntil = Date.now() + openMs;
  });

  const phase = (): CircuitPhase => {
    switch (policy.state) {
      case CircuitState.Closed:
        return 'CLOSED';
      case CircuitState.HalfOpen:
        return 'HALF_OPEN';
      case CircuitState.Open:
      case CircuitState.Isolated:
        return Date.now() < openUntil ? 'OPEN' : 'HALF_OPEN';
    }
  };
  const left = (asked: Asked): HttpFailure => {
    const waitMs = Math.max(openUntil - Date.now(), 1);
    const inSeconds = Math.ceil(waitMs / 1_000);
    return failure(asked, 'UPSTREAM_UNAVAILABLE', 'is left alone since it kept failing', `it is tried again in ${inSeconds} s`, {
      again: 'never',
      retryAfterMs: waitMs,
      counts: false,
    });
  };
  const refusal = (asked: Asked): HttpFailure | null =>
    // While one request tries it, others do not wait to learn what becomes of that one.
    phase() === 'OPEN' || policy.state === CircuitState.HalfOpen ? left(asked) : null;

  return {
    phase,
    refusal,
    async run(asked, work) {
      const refused = refusal(asked);
      if (refused !== null) return refused;
      try {
        const result = await policy.execute(async () => {
          const trying = policy.state === CircuitState.HalfOpen;
          try {
            return await work();
          } catch (error) {
            // An abort says nothing of the service. Only where it cuts off the one trial, that trial did not succeed.
            if (!trying) throw error;
            return { kind: 'thrown', error } satisfies Thrown;
          }
        });
        if (result.kind === 'thrown') throw result.error;
        return result;
      } catch (error) {
        if (error instanceof BrokenCircuitError) return left(asked);
        throw error;
      }
    },
  };
}
