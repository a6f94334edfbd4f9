import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How long work of the gateway's own takes, in seconds: most is done within a millisecond. */
const workBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** How long a service takes: models answer after many seconds. */
const upstreamBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** What is counted and timed as it happens. What is merely so at an instant is in `gauges.ts`. */
export interface Instruments {
  readonly httpRequests: Counter<'route' | 'status'>;
  readonly operations: Counter<'kind' | 'outcome'>;
  readonly operationSeconds: Histogram<'kind'>;
  readonly problems: Counter<'code'>;
  readonly timelineLag: Histogram;
  readonly commits: Counter<'kind' | 'outcome'>;
  readonly commitSeconds: Histogram;
  readonly commitsInFlight: Gauge;
  readonly upstreamRequests: Counter<'backend' | 'method' | 'route' | 'status'>;
  readonly upstreamSeconds: Histogram<'backend'>;
  readonly busUp: Gauge;
  readonly hintsPublished: Counter;
  readonly hintsHeard: Counter;
  readonly busGaps: Counter;
}

export function createInstruments(register: Registry): Instruments {
  const registers = [register];
  return {
    httpRequests: new Counter({
      name: 'parley_http_requests_total',
      help: 'Answers over HTTP, by the route that gave them.',
      labelNames: ['route', 'status'],
      registers,
    }),
    operations: new Counter({
      name: 'parley_operations_total',
      help: 'GraphQL operations that were executed, or planned in the case of subscriptions.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    operationSeconds: new Histogram({
      name: 'parley_operation_duration_seconds',
      help: 'Time of their execution; of subscriptions, until they were planned.',
      labelNames: ['kind'],
      buckets: workBuckets,
      registers,
    }),
    problems: new Counter({
      name: 'parley_problems_total',
      help: 'Problems and errors that clients were told of.',
      labelNames: ['code'],
      registers,
    }),
    timelineLag: new Histogram({
      name: 'parley_timeline_lag_seconds',
      help: 'Time from an event to its delivery to all who follow its session here.',
      buckets: workBuckets,
      registers,
    }),
    commits: new Counter({
      name: 'parley_commits_total',
      help: 'Commits that the store was asked for.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'parley_commit_duration_seconds',
      help: 'Time of commits, waiting for their turn included.',
      buckets: workBuckets,
      registers,
    }),
    commitsInFlight: new Gauge({
      name: 'parley_commits_in_flight',
      help: 'Commits that the store has not answered.',
      registers,
    }),
    upstreamRequests: new Counter({
      name: 'parley_upstream_requests_total',
      help: 'Requests to services, each attempt by itself.',
      labelNames: ['backend', 'method', 'route', 'status'],
      registers,
    }),
    upstreamSeconds: new Histogram({
      name: 'parley_upstream_request_duration_seconds',
      help: 'Time of one attempt, to the end of the reply or the beginning of a stream.',
      labelNames: ['backend'],
      buckets: upstreamBuckets,
      registers,
    }),
    busUp: new Gauge({
      name: 'parley_bus_up',
      help: 'Whether the bus is connected.',
      registers,
    }),
    hintsPublished: new Counter({
      name: 'parley_bus_hints_published_total',
      help: 'Hints that this gateway published.',
      registers,
    }),
    hintsHeard: new Counter({
      name: 'parley_bus_hints_heard_total',
      help: 'Hints that this gateway heard, its own among them.',
      registers,
    }),
    busGaps: new Counter({
      name: 'parley_bus_gaps_total',
      help: 'Times at which hints may have been lost, and the store was asked instead.',
      registers,
    }),
  };
}
