import type { Bus, Clock, Store } from '../core/ports.ts';
import type { Instruments } from './instruments.ts';
import type { Metrics, MetricsOptions } from './metrics.ts';
import { type BusLife, observeBus, observeBusLife } from './observe-bus.ts';
import { observeStore } from './observe-store.ts';
import { outsideOfRequests } from './outside.ts';
import { type ObservedCall, observeHttp, observeUpstream } from './observe-traffic.ts';
import { type Tracing, createTracing } from './tracing.ts';

export interface ObserverOptions extends MetricsOptions {
  /** Whether there are metrics. Spans are there where an SDK is. */
  readonly metrics: boolean;
}

/** Puts itself around the parts of one gateway, none of which knows. Where nobody is to be told, parts come back as they are. */
export interface Observer {
  /** Null = there are none. */
  readonly metrics: Metrics | null;
  /** Those of the metrics. */
  readonly instruments: Instruments | null;
  /** Null = nobody takes spans. */
  readonly tracing: Tracing | null;
  /** What its timers do belongs to nobody's request: a trace would go on for as long as one timer sets the next. */
  clock(clock: Clock): Clock;
  store(store: Store): Store;
  bus(bus: Bus): Bus;
  busLife<T extends BusLife>(events: T): T;
  /** For the clients of services. */
  readonly calls: { readonly onSend?: Tracing['sending'] | undefined; readonly onCall?: ((call: ObservedCall) => void) | undefined };
  /** For the hub: an event that happened at the instant has been given to all who follow its session. */
  readonly onDelivered: (at: number) => void;
  readonly transport: {
    readonly onAnswer?: ((route: string | undefined, status: number) => void) | undefined;
    readonly within?: Tracing['within'] | undefined;
  };
}

export async function createObserver({ metrics: hasMetrics, ...options }: ObserverOptions): Promise<Observer> {
  const { version, storeDriver } = options;
  // Loaded where they are wanted: a gateway without them starts sooner.
  const metrics = hasMetrics ? (await import('./metrics.ts')).createMetrics(options) : null;
  const instruments = metrics?.instruments ?? null;
  const tracing = createTracing(version);
  return {
    instruments,
    tracing,
    metrics,
    clock: (clock) => (tracing === null ? clock : outsideOfRequests(clock)),
    store: (store) => (instruments === null && tracing === null ? store : observeStore(store, storeDriver, instruments, tracing)),
    bus: (bus) => (instruments === null ? bus : observeBus(bus, instruments)),
    busLife: (events) => (instruments === null ? events : observeBusLife(events, instruments)),
    calls: { onSend: tracing?.sending, onCall: instruments === null ? undefined : observeUpstream(instruments) },
    onDelivered: (at) => instruments?.timelineLag.observe(Math.max(0, Date.now() - at) / 1_000),
    transport: { onAnswer: instruments === null ? undefined : observeHttp(instruments), within: tracing?.within },
  };
}
