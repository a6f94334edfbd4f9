import { launchNats, natsMissing } from '../../test/support/nats-server.ts';
import { launchRedis, redisMissing } from '../../test/support/redis-server.ts';
import type { ServerProcess } from '../../test/support/server-process.ts';

/** One of the ways in which gateways tell each other of changes. */
export interface BusKind {
  readonly name: 'postgres' | 'redis' | 'nats';
  /** What to install; null where it is installed. */
  readonly missing: string | null;
  /** Null = its server is that of the store. */
  readonly launch: (() => Promise<ServerProcess>) | null;
}

const unlessInstalled = (missing: string | null, name: string): string | null =>
  missing === null ? null : `${name} is not installed (apt-get install ${name}): its bus is left out.`;

export const busKinds: readonly BusKind[] = [
  { name: 'postgres', missing: null, launch: null },
  { name: 'redis', missing: unlessInstalled(redisMissing, 'redis-server'), launch: () => launchRedis() },
  { name: 'nats', missing: unlessInstalled(natsMissing, 'nats-server'), launch: () => launchNats() },
];
