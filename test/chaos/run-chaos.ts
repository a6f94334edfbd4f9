import { setTimeout as delay } from 'node:timers/promises';
import { check } from './checker.ts';
import type { Violation } from './checks/violation.ts';
import { type History, createHistory, outcomeOf } from './history.ts';
import { type FaultKind, type Nemesis, createNemesis } from './nemesis.ts';
import { createRandom } from './random.ts';
import { Stuck, inTime } from './in-time.ts';
import { readTruth } from './truth.ts';
import type { Context } from './workload/context.ts';
import { type Population, populate } from './workload/populate.ts';
import type { Subscriber } from './workload/subscriber.ts';
import { type BusName, createWorld } from './world.ts';

export interface ChaosOptions extends Population {
  readonly seed: number;
  readonly bus: BusName;
  readonly gateways: number;
  /** What is done to them. The load lasts as long as this. */
  readonly faults: (nemesis: Nemesis) => Promise<unknown>;
}

export interface Report {
  readonly seed: number;
  readonly bus: BusName;
  readonly seconds: number;
  readonly sessions: number;
  readonly subscribers: number;
  /** Writes by operation and outcome: `send done`. */
  readonly writes: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  /** Requests that had to be sent more than once. */
  readonly retried: number;
  /** On the timelines in the end. */
  readonly events: number;
  /** To the subscribers, all together. */
  readonly delivered: number;
  /** Connections of subscribers that took up where one before had ended. */
  readonly resumes: number;
  readonly expired: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** What never came once everything ran again; then nothing else was checked. */
  readonly stuck: string | null;
  readonly violations: readonly Violation[];
}

export interface ChaosRun {
  readonly report: Report;
  readonly history: History;
  /** What the gateways logged. */
  readonly log: string;
}

/** One run: servers and gateways, clients, faults; then everything is healed, all is read, and the history checked. */
export async function runChaos(options: ChaosOptions): Promise<ChaosRun> {
  const { seed, bus, gateways } = options;
  await using world = await createWorld(bus, gateways);
  const history = createHistory();
  const random = createRandom(seed);
  const stopping = new AbortController();
  const ending = new AbortController();
  const context: Context = { places: world.places, history, random, stopping: stopping.signal, ending: ending.signal };
  const began = performance.now();
  const subscribers: Subscriber[] = [];
  let stuck: string | null = null;
  try {
    const work = await populate(context, world.credentials, options, subscribers);
    const failure = Promise.withResolvers<never>();
    for (const each of work) each.catch(failure.reject);
    const nemesis = createNemesis({ world, history, random: random.fork() });
    await Promise.race([options.faults(nemesis), failure.promise]);
    await inTime('everything to run again', world.heal());
    stopping.abort();
    await inTime('the clients to have an answer to all that they asked', Promise.all(work));
    await readTruth(world, history);
    await reachEnd(history, subscribers);
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    stuck = error.message;
  } finally {
    stopping.abort();
    ending.abort();
  }
  await inTime('the subscribers to stop', Promise.all(subscribers.map(({ over }) => over)));
  history.streams.push(...subscribers.map((subscriber) => subscriber.record()));
  const seconds = Math.round((performance.now() - began) / 1_000);
  return {
    report: { seed, bus, seconds, ...summary(history), stuck, violations: stuck === null ? check(history) : [] },
    history,
    log: world.log(),
  };
}

/** Waits, within reason, until those who stay to the end are there. Who is not is found by the checker. */
async function reachEnd({ truths }: History, subscribers: readonly Subscriber[]): Promise<void> {
  const last = new Map(truths.map(({ session, events }) => [session, events.at(-1)?.cursor]));
  const isThere = ({ session, member, position }: Subscriber): boolean => member !== null || position === (last.get(session) ?? position);
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline && !subscribers.every(isThere)) await delay(50);
}

function summary({
  sessions,
  writes,
  streams,
  truths,
  faults,
}: History): Omit<Report, 'seed' | 'bus' | 'seconds' | 'stuck' | 'violations'> {
  const counted = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      [...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    );
  const outcomes = writes.map((write) => ({ operation: write.operation, outcome: outcomeOf(write) }));
  return {
    sessions: sessions.length,
    subscribers: streams.length,
    writes: counted(outcomes.map(({ operation, outcome }) => `${operation} ${outcome}`)),
    acknowledged: outcomes.filter(({ outcome }) => outcome === 'done').length,
    retried: writes.filter(({ attempts }) => attempts.length > 1 && attempts[0]?.outcome !== 'done').length,
    events: truths.reduce((sum, { stored }) => sum + stored.events.length, 0),
    delivered: streams.reduce((sum, { stretches }) => sum + stretches.reduce((all, { events }) => all + events.length, 0), 0),
    resumes: streams.reduce((sum, { stretches }) => sum + stretches.slice(1).filter(({ opened }) => opened !== null).length, 0),
    expired: truths.filter(({ status }) => status === 'EXPIRED').length,
    faults: counted(faults.map(({ kind }) => kind)),
  };
}
