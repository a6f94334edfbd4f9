import type { Backend, BackendHealth } from '../../core/backend.ts';
import type { Clock } from '../../core/ports.ts';
import type { Problem } from '../../core/problem.ts';
import type { Calls } from './client.ts';
import type { Contract } from './contract.ts';

export interface HealthOptions {
  readonly calls: Pick<Calls, 'circuit'>;
  readonly contract: Pick<Contract, 'probe'>;
  readonly clock: Clock;
}

const keptMs = 2_000;

const isDown = ({ code }: Problem): boolean => code === 'UPSTREAM_UNAVAILABLE' || code === 'UPSTREAM_TIMEOUT';

/** Whether the service answers: it has no page for that, so it is asked for one session, at most once in 2 seconds. Never rejects. */
export function createHealth({ calls, contract, clock }: HealthOptions): Backend['health'] {
  let last: { readonly at: number; readonly health: BackendHealth } | null = null;
  let flight: Promise<BackendHealth> | null = null;

  async function look(): Promise<BackendHealth> {
    const startedAt = performance.now();
    const trouble = await contract.probe();
    const circuit = calls.circuit();
    const health: BackendHealth = {
      status: circuit === 'OPEN' || (trouble !== null && isDown(trouble)) ? 'DOWN' : trouble === null ? 'UP' : 'DEGRADED',
      circuit,
      latencyMs: trouble === null ? performance.now() - startedAt : null,
      checkedAt: clock.now(),
      message: trouble?.detail ?? null,
    };
    last = { at: clock.now(), health };
    return health;
  }

  return async () => {
    if (last !== null && clock.now() - last.at < keptMs) return last.health;
    flight ??= look().finally(() => {
      flight = null;
    });
    return flight;
  };
}
