import type { Backend, Feature, FeatureProvider } from '../../core/backend.ts';
import { orThrow } from '../../core/problem.ts';
import type { Service } from '../../core/service.ts';
import { systemClock } from '../../core/system-clock.ts';
import { createServiceHealth } from '../shared/service-health.ts';
import { createCalls } from './client.ts';
import type { Contract } from './contract.ts';
import type { JulepOptions } from './options.ts';
import { createSessions } from './service.ts';
import { createV03 } from './v03/contract.ts';
import { createV1 } from './v1/contract.ts';

const featuresOf = ({ features }: Contract): Readonly<Record<Feature, FeatureProvider>> => ({
  LIST: 'UPSTREAM',
  UPDATE: 'UPSTREAM',
  REPLACE: 'UPSTREAM',
  // A session is a talk between one client and one agent: it knows neither members nor an end.
  JOIN: 'GATEWAY',
  KICK: 'GATEWAY',
  PASSWORD: 'GATEWAY',
  ALLOWLIST: 'GATEWAY',
  CAPACITY: 'GATEWAY',
  EXPIRY: 'GATEWAY',
  RENEWAL: 'GATEWAY',
  HEARTBEAT: 'GATEWAY',
  DEFAULTS: 'GATEWAY',
  MESSAGES: 'UPSTREAM',
  HISTORY: 'UPSTREAM',
  AGENT_REPLY: 'UPSTREAM',
  // It tells nothing by itself.
  LIVE_EVENTS: 'GATEWAY',
  ...features,
});

/** Sessions at Julep: talks with an agent, by the API that `contract` names. Nothing is connected before it is needed. */
export function createJulepBackend(options: JulepOptions): Backend & AsyncDisposable {
  const { name, minimumTier, onExpiry, foreignVisibility, pollMs, agentId, clock = systemClock } = options;
  const calls = createCalls(options);
  const contract = options.contract === 'v1' ? createV1(calls, clock) : createV03(calls);
  const close = async (): Promise<void> => {
    await calls[Symbol.asyncDispose]();
  };
  const service: Service = { ...createSessions({ name, contract, agentId }), [Symbol.asyncDispose]: close };
  return {
    name,
    kind: 'JULEP',
    minimumTier,
    features: featuresOf(contract),
    // It has no page for that: it is asked for one session.
    health: createServiceHealth({ probe: () => contract.probe(), circuit: () => calls.circuit(), clock }),
    agents: async (signal) => orThrow(await contract.agents(signal)),
    service,
    onExpiry,
    foreignVisibility,
    pollMs,
    [Symbol.asyncDispose]: close,
  };
}
