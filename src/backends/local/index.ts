import { type Backend, type Feature, type FeatureProvider, features } from '../../core/backend.ts';
import type { Tier } from '../../core/viewer.ts';

const unavailable: ReadonlySet<Feature> = new Set(['AGENT_REPLY', 'REPLY_STREAM', 'SUGGESTIONS']);

/** The gateway's own sessions: there is no service behind them, so whatever can be done the gateway does. */
export function createLocalBackend({ name, minimumTier }: { readonly name: string; readonly minimumTier: Tier | null }): Backend {
  return {
    name,
    kind: 'LOCAL',
    minimumTier,
    features: Object.fromEntries(
      features.map((feature): [Feature, FeatureProvider] => [feature, unavailable.has(feature) ? 'UNAVAILABLE' : 'GATEWAY']),
    ) as Record<Feature, FeatureProvider>,
    // Nothing is in between that could fail: where the store fails, readiness says so.
    health: async () => ({ status: 'UP', circuit: 'CLOSED', latencyMs: 0, checkedAt: Date.now(), message: null }),
    agents: async () => [],
    service: null,
    onExpiry: 'KEEP',
    foreignVisibility: 'PRIVATE',
    pollMs: 0,
  };
}
