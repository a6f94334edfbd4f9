import type { BackendHealth } from '../../core/backend.ts';
import type { Clock } from '../../core/ports.ts';
import { isProblem } from '../../core/problem.ts';
import type { ElizaClient } from './client.ts';

const keptMs = 2_000;
const unreachable: ReadonlySet<string> = new Set(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT']);

/** How the server is: its own word for it, asked for at most every two seconds, however many ask. Never rejects. */
export function createHealth(client: ElizaClient, clock: Clock): () => Promise<BackendHealth> {
  let kept: { readonly at: number; readonly health: BackendHealth } | null = null;
  let flight: Promise<BackendHealth> | null = null;

  async function look(): Promise<BackendHealth> {
    const startedAt = performance.now();
    const answer = await client.health();
    const common = { circuit: client.circuit(), latencyMs: Math.round(performance.now() - startedAt), checkedAt: clock.now() };
    if (!isProblem(answer)) {
      const healthy = answer.status === 'healthy';
      return {
        ...common,
        status: healthy ? 'UP' : 'DEGRADED',
        message: healthy ? null : `It says that it is ${answer.status.slice(0, 100)}.`,
      };
    }
    const down = unreachable.has(answer.code) || common.circuit === 'OPEN';
    return { ...common, status: down ? 'DOWN' : 'DEGRADED', ...(down && { latencyMs: null }), message: answer.detail ?? answer.title };
  }

  return () => {
    if (kept !== null && clock.now() - kept.at < keptMs && clock.now() >= kept.at) return Promise.resolve(kept.health);
    flight ??= look().then((health) => {
      flight = null;
      kept = { at: clock.now(), health };
      return health;
    });
    return flight;
  };
}
