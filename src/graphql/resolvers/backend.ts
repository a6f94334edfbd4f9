import { features } from '../../core/backend.ts';
import { idOf } from '../../core/ids.ts';
import type { AgentResolvers, BackendHealthResolvers, BackendResolvers } from '../generated.ts';
import { agentIdOut } from './ids.ts';

export const Backend: BackendResolvers = {
  id: ({ name }) => idOf('Backend', name),
  features: (backend) => features.map((feature) => ({ feature, provider: backend.features[feature] })),
  health: (backend, _, { signal }) => backend.health(signal),
  agents: (backend, _, { signal }) => backend.agents(signal),
};

export const Agent: AgentResolvers = {
  id: ({ id }) => agentIdOut(id),
};

export const BackendHealth: BackendHealthResolvers = {
  latencyMs: ({ latencyMs }) => (latencyMs === null ? null : Math.round(latencyMs)),
};
