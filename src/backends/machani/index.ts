import type { Backend, Feature, FeatureProvider } from '../../core/backend.ts';
import { systemClock } from '../../core/system-clock.ts';
import { type Problem, isProblem } from '../../core/problem.ts';
import { createServiceHealth } from '../shared/service-health.ts';
import { createMachaniClient } from './client.ts';
import type { MachaniOptions } from './options.ts';
import { createMachaniService } from './service.ts';

const features: Readonly<Record<Feature, FeatureProvider>> = {
  LIST: 'UPSTREAM',
  UPDATE: 'UPSTREAM',
  // A change of all fields that differ.
  REPLACE: 'UPSTREAM',
  JOIN: 'UPSTREAM',
  // The target leaves; that it stays away is up to the gateway.
  KICK: 'UPSTREAM',
  PASSWORD: 'GATEWAY',
  // The service keeps a copy of the list, and trusts whoever calls it.
  ALLOWLIST: 'GATEWAY',
  CAPACITY: 'GATEWAY',
  EXPIRY: 'GATEWAY',
  RENEWAL: 'GATEWAY',
  HEARTBEAT: 'GATEWAY',
  DEFAULTS: 'GATEWAY',
  MESSAGES: 'UPSTREAM',
  // What is published is told to those who listen, and kept nowhere.
  HISTORY: 'GATEWAY',
  AGENT_REPLY: 'UNAVAILABLE',
  REPLY_STREAM: 'UNAVAILABLE',
  SUGGESTIONS: 'UNAVAILABLE',
  LIVE_EVENTS: 'UPSTREAM',
};

/** Sessions as rooms of Machani's conversation service. No connection is opened before it is needed; disposing closes all. */
export function createMachaniBackend(options: MachaniOptions): Backend & AsyncDisposable {
  const { name, minimumTier, onExpiry, foreignVisibility, pollMs, clock = systemClock } = options;
  const client = createMachaniClient(options);
  const service = createMachaniService(client, options, clock);
  const probe = async (): Promise<Problem | null> => {
    const listed = await client.list({ pageSize: 1, pageToken: null });
    return isProblem(listed) ? listed : null;
  };
  return {
    name,
    kind: 'MACHANI',
    minimumTier,
    features,
    health: createServiceHealth({ probe, circuit: () => client.circuit(), clock }),
    agents: async () => [],
    service,
    onExpiry,
    foreignVisibility,
    pollMs,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
