import type { BackendHealth } from '../../core/backend.ts';
import type { Clock } from '../../core/ports.ts';
import { type Problem, isProblem } from '../../core/problem.ts';
import type { CircuitPhase } from '../shared/circuit.ts';

const keptMs = 2_000;
const down: ReadonlySet<Problem['code']> = new Set(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT']);

/** The service's health by one cheap call, kept for 2 seconds; those who ask meanwhile share it. Never rejects. */
export function createHealth(options: {
  readonly probe: () => Promise<unknown>;
  readonly circuit: () => CircuitPhase;
  readonly clock: Clock;
}): () => Promise<BackendHealth> {
  const { probe, circuit, clock } = options;
  let kept: { until: number; readonly health: Promise<BackendHealth> } | null = null;

  async function look(): Promise<BackendHealth> {
    const startedAt = performance.now();
    const answer = await probe().catch((error: unknown) => error);
    const failed = isProblem(answer) ? answer.detail : answer instanceof Error ? 'It could not be asked.' : null;
    const phase = circuit();
    const unreachable = phase === 'OPEN' || (isProblem(answer) && down.has(answer.code));
    return {
      status: failed === null ? 'UP' : unreachable ? 'DOWN' : 'DEGRADED',
      circuit: phase,
      latencyMs: unreachable ? null : performance.now() - startedAt,
      checkedAt: clock.now(),
      message: failed,
    };
  }

  return () => {
    if (kept === null || clock.now() >= kept.until) {
      const looking = { until: Infinity, health: look() };
      kept = looking;
      void looking.health.finally(() => {
        looking.until = clock.now() + keptMs;
      });
    }
    return kept.health;
  };
}
