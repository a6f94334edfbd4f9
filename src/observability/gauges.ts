import { Counter, Gauge, type Registry } from 'prom-client';
import type { Backend, BackendHealth } from '../core/backend.ts';
import type { Bus, Store } from '../core/ports.ts';

/** Where the figures are that nobody needs to be told of: they are looked at when they are asked for. */
export interface Sources {
  /** What some drivers tell of themselves. */
  readonly store: Store & {
    readonly stats?: {
      readonly waiting?: number;
      readonly pool?: { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number };
    };
  };
  readonly bus: Bus & { readonly counts?: { readonly waiting: number } };
  readonly backends: ReadonlyMap<string, Pick<Backend, 'kind' | 'health'>>;
  readonly hub: {
    readonly size: number;
    readonly counts: { readonly deliveries: number; readonly slowConsumers: number };
    following(): { readonly sessions: number; readonly groups: number };
  };
  readonly transport: {
    load(): {
      readonly connections: Readonly<Record<string, { readonly connections: number; readonly bufferedBytes: number }>>;
      readonly operations: number;
    };
  };
}

const statuses = ['UP', 'DEGRADED', 'DOWN'] as const satisfies readonly BackendHealth['status'][];
const circuits = ['CLOSED', 'OPEN', 'HALF_OPEN'] as const satisfies readonly BackendHealth['circuit'][];

/** How long an answer about metrics waits for services that say how they are; what they said before stands in. */
const healthMs = 500;

/** Is given each series of a gauge. */
type Set = (labels: Readonly<Record<string, string>>, value: number) => void;

/** Registers what is read at the instant of an answer. Nothing of it waits for the store or the bus. */
export function registerGauges(register: Registry, { store, bus, backends, hub, transport }: Sources): void {
  const series = (name: string, help: string, labelNames: string[], read: (set: Set) => Promise<void> | void): void => {
    register.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          return read((labels, value) => this.set(labels, value));
        },
      }),
    );
  };
  const gauge = (name: string, help: string, read: () => number): void => series(name, help, [], (set) => set({}, read()));
  const counter = (name: string, help: string, read: () => number): void => {
    register.registerMetric(
      new Counter({
        name,
        help,
        registers: [],
        collect() {
          // Counters can only be added to.
          this.reset();
          this.inc(read());
        },
      }),
    );
  };

  gauge('parley_operations_in_flight', 'Queries and mutations that are being executed.', () => transport.load().operations);
  series('parley_connections', 'Connections that stay open: WebSockets and event streams.', ['protocol'], (set) => {
    for (const [protocol, { connections }] of Object.entries(transport.load().connections)) set({ protocol }, connections);
  });
  series('parley_connection_buffered_bytes', 'What was written to them and their peers have not taken, in all.', ['protocol'], (set) => {
    for (const [protocol, { bufferedBytes }] of Object.entries(transport.load().connections)) set({ protocol }, bufferedBytes);
  });

  gauge('parley_subscriptions', 'Subscriptions that are open.', () => hub.size);
  gauge('parley_followed_sessions', 'Sessions that somebody follows here.', () => hub.following().sessions);
  gauge('parley_subscriber_groups', 'Groups of subscribers for whom an event is executed once.', () => hub.following().groups);
  counter('parley_deliveries_total', 'Results that were handed to subscriptions.', () => hub.counts.deliveries);
  counter('parley_slow_consumers_total', 'Subscriptions that were ended with SLOW_CONSUMER.', () => hub.counts.slowConsumers);

  gauge('parley_bus_hints_waiting', 'Sessions whose hints wait to be sent to the bus.', () => bus.counts?.waiting ?? 0);
  const { stats } = store;
  if (stats?.waiting !== undefined) gauge('parley_store_writes_waiting', 'Writes that wait for the disk.', () => stats.waiting ?? 0);
  const { pool } = stats ?? {};
  if (pool !== undefined) {
    series('parley_store_connections', 'Connections to the database.', ['state'], (set) => {
      set({ state: 'idle' }, pool.idleCount);
      set({ state: 'in_use' }, pool.totalCount - pool.idleCount);
    });
    gauge('parley_store_connection_waiters', 'Statements that wait for a connection.', () => pool.waitingCount);
  }

  // Both look, at the same time: it is looked up once for both.
  const look = createHealthLook(backends);
  series('parley_backend_status', 'Of the states of a service, 1 for the one it is in.', ['backend', 'status'], async (set) => {
    for (const [backend, health] of await look()) for (const status of statuses) set({ backend, status }, Number(status === health.status));
  });
  series('parley_backend_circuit', 'Of the states of its circuit breaker, 1 for the one it is in.', ['backend', 'state'], async (set) => {
    for (const [backend, health] of await look()) for (const state of circuits) set({ backend, state }, Number(state === health.circuit));
  });
}

/** How the services are, as far as they have said in time or before. One whose breaker is open is not asked. */
function createHealthLook(backends: Sources['backends']): () => Promise<ReadonlyMap<string, BackendHealth>> {
  const last = new Map<string, BackendHealth>();
  const services = [...backends].filter(([, { kind }]) => kind !== 'LOCAL');
  return async () => {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, healthMs);
    const looked = services.map(async ([name, backend]) => void last.set(name, await backend.health()));
    await Promise.race([Promise.allSettled(looked), late]);
    clearTimeout(timer);
    return last;
  };
}
