import { setTimeout as delay } from 'node:timers/promises';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { type Sources, registerGauges } from './gauges.ts';
import { type Instruments, createInstruments } from './instruments.ts';

export interface MetricsOptions {
  readonly version: string;
  readonly storeDriver: string;
  readonly busDriver: string;
}

/** The metrics of one gateway. */
export interface Metrics {
  readonly instruments: Instruments;
  /** From here on their figures are among them. */
  watch(sources: Sources): void;
  /** As Prometheus reads them. */
  render(): Promise<{ readonly type: string; readonly text: string }>;
}

/** The lag of the event loop is sampled every 10 ms, and without a sample it is told as 292 years. */
const firstSampleMs = 25;

export function createMetrics({ version, storeDriver, busDriver }: MetricsOptions): Metrics {
  // Not the package's global one: several gateways in one process have figures of their own.
  const register = new Registry();
  const instruments = createInstruments(register);
  let hasProcessMetrics = false;
  new Gauge({
    name: 'parley_build_info',
    help: 'Always 1: its labels say what runs.',
    labelNames: ['version', 'node', 'store', 'bus'],
    registers: [register],
  }).set({ version, node: process.versions.node, store: storeDriver, bus: busDriver }, 1);
  instruments.busUp.set(busDriver === 'in-process' ? 1 : 0);
  return {
    instruments,
    watch: (sources) => registerGauges(register, sources),
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
