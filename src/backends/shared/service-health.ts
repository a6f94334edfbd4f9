import type { BackendHealth } from '../../core/backend.ts';
import type { Clock } from '../../core/ports.ts';
import { type Problem, isProblem } from '../../core/problem.ts';
import type { CircuitPhase } from './circuit.ts';

export interface ServiceHealthOptions {
  /** One cheap call: null = it answers as it should, a text = it answers oddly, and how, a problem = what came instead. */
  readonly probe: () => Promise<Problem | string | null>;
  readonly circuit: () => CircuitPhase;
  /** Why the circuit is open: the service is then not probed. Left out = the probe goes the same way, and is refused at once. */
  readonly lastFailure?: () => string | null;
  readonly clock: Clock;
}

const keptMs = 2_000;
const down: ReadonlySet<Problem['code']> = new Set(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT']);

/** How a service is, looked up at most every 2 seconds and once at a time, however many ask. Never rejects. */
export function createServiceHealth({ probe, circuit, lastFailure, clock }: ServiceHealthOptions): () => Promise<BackendHealth> {
  let kept: { until: number; readonly health: Promise<BackendHealth> } | null = null;

  async function look(): Promise<BackendHealth> {
    const startedAt = performance.now();
    const spared = lastFailure !== undefined && circuit() === 'OPEN';
    const trouble = spared ? lastFailure() : await probe().catch(() => 'It could not be asked.');
    const latencyMs = performance.now() - startedAt;
    const phase = circuit();
    const isDown = phase === 'OPEN' || (isProblem(trouble) && down.has(trouble.code));
    const said = isProblem(trouble) ? (trouble.detail ?? trouble.title) : trouble;
    return {
      status: isDown ? 'DOWN' : trouble === null ? 'UP' : 'DEGRADED',
      circuit: phase,
      latencyMs: isDown ? null : latencyMs,
      checkedAt: clock.now(),
      message: said,
    };
  }

  return () => {
    if (kept === null || clock.now() >= kept.until) {
      const looking = { until: Infinity, health: look() };
      kept = looking;
      void looking.health.then((health) => {
        looking.until = (health.checkedAt ?? clock.now()) + keptMs;
        return health;
      });
    }
    return kept.health;
  };
}
