import { setTimeout as delay } from 'node:timers/promises';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Bus, Clock, Store } from '../core/ports.ts';
import { type Sources, registerGauges } from './gauges.ts';
import { type Instruments, createInstruments } from './instruments.ts';
import { type BusLife, observeBus, observeBusLife } from './observe-bus.ts';
import { observeStore } from './observe-store.ts';
import { outsideOfRequests } from './outside.ts';
import { type ObservedCall, observeHttp, observeUpstream } from './observe-traffic.ts';
import { type Tracing, createTracing } from './tracing.ts';

export interface ObserverOptions {
  /** Whether there are metrics. Spans are there where an SDK is. */
  readonly metrics: boolean;
  readonly version: string;
  readonly storeDriver: string;
  readonly busDriver: string;
}

/** Puts itself around the parts of one gateway, none of which knows. Where nobody is to be told, parts come back as they are. */
export interface Observer {
  /** Null = there are no metrics. */
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
  /** From here on their figures are among the metrics. */
  watch(sources: Sources): void;
  /** The metrics as Prometheus reads them. */
  render(): Promise<{ readonly type: string; readonly text: string }>;
}

/** The lag of the event loop is sampled every 10 ms, and without a sample it is told as 292 years. */
const firstSampleMs = 25;

export function createObserver({ metrics, version, storeDriver, busDriver }: ObserverOptions): Observer {
  // Not the package's global one: several gateways in one process have figures of their own.
  const register = new Registry();
  const instruments = metrics ? createInstruments(register) : null;
  const tracing = createTracing(version);
  let hasProcessMetrics = false;

  if (instruments !== null) {
    new Gauge({
      name: 'parley_build_info',
      help: 'Always 1: its labels say what runs.',
      labelNames: ['version', 'node', 'store', 'bus'],
      registers: [register],
    }).set({ version, node: process.versions.node, store: storeDriver, bus: busDriver }, 1);
    instruments.busUp.set(busDriver === 'in-process' ? 1 : 0);
  }

  return {
    instruments,
    tracing,
    clock: (clock) => (tracing === null ? clock : outsideOfRequests(clock)),
    store: (store) => (instruments === null && tracing === null ? store : observeStore(store, storeDriver, instruments, tracing)),
    bus: (bus) => (instruments === null ? bus : observeBus(bus, instruments)),
    busLife: (events) => (instruments === null ? events : observeBusLife(events, instruments)),
    calls: { onSend: tracing?.sending, onCall: instruments === null ? undefined : observeUpstream(instruments) },
    onDelivered: (at) => instruments?.timelineLag.observe(Math.max(0, Date.now() - at) / 1_000),
    transport: { onAnswer: instruments === null ? undefined : observeHttp(instruments), within: tracing?.within },
    watch(sources) {
      if (metrics) registerGauges(register, sources);
    },
    async render() {
      // Not before somebody asks: they keep a timer and an observer of the process running.
      if (!hasProcessMetrics) {
        hasProcessMetrics = true;
        collectDefaultMetrics({ register });
        await delay(firstSampleMs);
      }
      return { type: register.contentType, text: await register.metrics() };
    },
  };
}
