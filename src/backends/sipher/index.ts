import type { Backend } from '../../core/backend.ts';
import { systemClock } from '../../core/system-clock.ts';
import { createServiceHealth } from '../shared/service-health.ts';
import { createSipherClient } from './client.ts';
import type { SipherOptions } from './options.ts';
import { createSipherService } from './service.ts';

/**
 * Sipher's sessions: default parameters that the service keeps for an API key, up to a day. It knows no members and no messages, and tells
 * nothing by itself: those are the gateway's. No connection is opened before the first call.
 */
export function createSipherBackend(options: SipherOptions): Backend & AsyncDisposable {
  const { name, minimumTier, onExpiry, foreignVisibility, pollMs, clock = systemClock } = options;
  const client = createSipherClient(options);
  return {
    name,
    kind: 'SIPHER',
    minimumTier,
    features: {
      // The service lists none: the gateway knows those that were made, or looked up, through it.
      LIST: 'GATEWAY',
      UPDATE: 'UPSTREAM',
      REPLACE: 'UPSTREAM',
      JOIN: 'GATEWAY',
      KICK: 'GATEWAY',
      PASSWORD: 'GATEWAY',
      ALLOWLIST: 'GATEWAY',
      CAPACITY: 'GATEWAY',
      EXPIRY: 'UPSTREAM',
      // Within the end that is fixed when a session is made.
      RENEWAL: 'GATEWAY',
      HEARTBEAT: 'GATEWAY',
      DEFAULTS: 'UPSTREAM',
      MESSAGES: 'GATEWAY',
      HISTORY: 'GATEWAY',
      AGENT_REPLY: 'UNAVAILABLE',
      REPLY_STREAM: 'UNAVAILABLE',
      SUGGESTIONS: 'UNAVAILABLE',
      LIVE_EVENTS: 'GATEWAY',
    },
    // Its own health page is of no use: that fails whenever a Solana node is out of reach, which sessions do not need.
    health: createServiceHealth({
      probe: async () => (await client.probe()) ?? client.keyTrouble(),
      circuit: () => client.circuit(),
      lastFailure: () => client.lastFailure(),
      clock,
    }),
    agents: async () => [],
    service: createSipherService(name, client),
    onExpiry,
    foreignVisibility,
    pollMs,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
