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

/** Registers what is read at the instant of an answer. Nothing of it waits for the store or the bus. */
export function registerGauges(register: Registry, { store, bus, backends, hub, transport }: Sources): void {
  const registers = [register];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect(): void {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect(): void {
        // Counters can only be added to.
        this.reset();
        this.inc(read());
      },
    });
  };

  gauge('parley_operations_in_flight', 'Queries and mutations that are being executed.', () => transport.load().operations);
  new Gauge({
    name: 'parley_connections',
    help: 'Connections that stay open: WebSockets and event streams.',
    labelNames: ['protocol'],
    registers,
    collect(): void {
      for (const [protocol, { connections }] of Object.entries(transport.load().connections)) this.set({ protocol }, connections);
    },
  });
  new Gauge({
    name: 'parley_connection_buffered_bytes',
    help: 'What was written to them and their peers have not taken, in all.',
    labelNames: ['protocol'],
    registers,
    collect(): void {
      for (const [protocol, { bufferedBytes }] of Object.entries(transport.load().connections)) this.set({ protocol }, bufferedBytes);
    },
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
    new Gauge({
      name: 'parley_store_connections',
      help: 'Connections to the database.',
      labelNames: ['state'],
      registers,
      collect(): void {
        this.set({ state: 'idle' }, pool.idleCount);
        this.set({ state: 'in_use' }, pool.totalCount - pool.idleCount);
      },
    });
    gauge('parley_store_connection_waiters', 'Statements that wait for a connection.', () => pool.waitingCount);
  }
  registerHealth(registers, backends);
}

/** How the services are. The breaker of one that keeps failing is told of without asking it. */
function registerHealth(registers: Registry[], backends: Sources['backends']): void {
  const last = new Map<string, BackendHealth>();
  const services = [...backends].filter(([, { kind }]) => kind !== 'LOCAL');

  async function look(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, healthMs);
    const looked = services.map(async ([name, backend]) => void last.set(name, await backend.health()));
    await Promise.race([Promise.allSettled(looked), late]);
    clearTimeout(timer);
  }

  new Gauge({
    name: 'parley_backend_status',
    help: 'Of the three states of a service, 1 for the one it is in.',
    labelNames: ['backend', 'status'],
    registers,
    async collect() {
      await look();
      for (const [backend, health] of last) for (const status of statuses) this.set({ backend, status }, Number(status === health.status));
    },
  });
  new Gauge({
    name: 'parley_backend_circuit',
    help: 'Of the three states of the circuit breaker of a service, 1 for the one it is in.',
    labelNames: ['backend', 'state'],
    registers,
    // Its figures come with those above; `look` is asked again, and health is looked up once for both.
    async collect() {
      await look();
      for (const [backend, health] of last) for (const state of circuits) this.set({ backend, state }, Number(state === health.circuit));
    },
  });
}
