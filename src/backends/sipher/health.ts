import type { BackendHealth } from '../../core/backend.ts';
import type { Clock } from '../../core/ports.ts';
import type { SipherClient } from './client.ts';

const keptMs = 2_000;

/**
 * How the service is doing, looked up at most every 2 seconds and once at a time. Never rejects. Its own health page is of no use: that
 * fails whenever a Solana node is out of reach, which sessions do not need.
 */
export function createHealth(client: SipherClient, clock: Clock): () => Promise<BackendHealth> {
  let last: { readonly until: number; readonly health: Promise<BackendHealth> } | null = null;

  async function look(): Promise<BackendHealth> {
    if (client.circuit() === 'OPEN') return said('DOWN', null, client.lastFailure());
    const startedAt = performance.now();
    const wrong = await client.probe();
    const latencyMs = Math.round(performance.now() - startedAt);
    if (wrong === null) {
      const refusal = client.keyRefusal();
      return said(refusal === null ? 'UP' : 'DEGRADED', latencyMs, refusal);
    }
    // It answers, but not as it should.
    if (wrong.code === 'UPSTREAM_FAILED' || wrong.code === 'UPSTREAM_REFUSED' || wrong.code === 'RATE_LIMITED') {
      return said('DEGRADED', latencyMs, wrong.detail);
    }
    return said('DOWN', null, wrong.detail);
  }
  const said = (status: BackendHealth['status'], latencyMs: number | null, message: string | null): BackendHealth => ({
    status,
    circuit: client.circuit(),
    latencyMs,
    checkedAt: clock.now(),
    message,
  });

  return () => {
    if (last !== null && last.until > clock.now()) return last.health;
    const entry = { until: Infinity, health: look() };
    last = entry;
    void entry.health.then(() => (entry.until = clock.now() + keptMs));
    return entry.health;
  };
}
