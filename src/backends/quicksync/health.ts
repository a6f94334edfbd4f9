import type { BackendHealth } from '../../core/backend.ts';
import type { Clock } from '../../core/ports.ts';
import { type Problem, isProblem } from '../../core/problem.ts';
import type { QuicksyncClient } from './client.ts';
import { refused } from './problems.ts';
import { isRefusal } from './refusal.ts';

const keptMs = 2_000;

const isDown = ({ code }: Problem): boolean => code === 'UPSTREAM_UNAVAILABLE' || code === 'UPSTREAM_TIMEOUT';

/** Whether the service answers: asks for a nonce, for which it wants no credentials, at most once in 2 seconds. Never rejects. */
export function createHealth(name: string, client: QuicksyncClient, clock: Clock): () => Promise<BackendHealth> {
  let last: BackendHealth | null = null;
  let flight: Promise<BackendHealth> | null = null;

  async function ask(): Promise<BackendHealth> {
    const startedAt = performance.now();
    const said = await client.nonce();
    const trouble = isProblem(said) ? said : isRefusal(said) ? refused(name, 'give a nonce', said) : null;
    const circuit = client.circuit();
    const down = circuit === 'OPEN' || (trouble !== null && isDown(trouble));
    return {
      status: down ? 'DOWN' : trouble === null ? 'UP' : 'DEGRADED',
      circuit,
      latencyMs: trouble === null ? performance.now() - startedAt : null,
      checkedAt: clock.now(),
      message: trouble?.detail ?? null,
    };
  }

  return async () => {
    if (last?.checkedAt != null && clock.now() - last.checkedAt < keptMs) return last;
    flight ??= ask().finally(() => {
      flight = null;
    });
    last = await flight;
    return last;
  };
}
