import { setTimeout as delay } from 'node:timers/promises';
import { check } from './checker.ts';
import type { Violation } from './checks/violation.ts';
import { type History, createHistory, outcomeOf } from './history.ts';
import { type FaultKind, type Nemesis, createNemesis } from './nemesis.ts';
import { createRandom } from './random.ts';
import { inTime, readTruth } from './truth.ts';
import { type Context, forked, type Membership } from './workload/context.ts';
import { join, runComer, runHost } from './workload/members.ts';
import { runSender } from './workload/sender.ts';
import { open, runMortals } from './workload/sessions.ts';
import { startSubscriber, type Subscriber } from './workload/subscriber.ts';
import { type BusName, createWorld } from './world.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly bus: BusName;
  readonly gateways: number;
  /** Sessions without an end. */
  readonly sessions: number;
  readonly subscribersPerSession: number;
  readonly sendersPerSession: number;
  /** How many of the sessions have people coming and going, more than there is room for. */
  readonly crowded: number;
  /** Clients that open sessions of a short life, each one after the other. */
  readonly mortals: number;
  readonly senderPauseMs: { readonly from: number; readonly to: number };
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
  readonly violations: readonly Violation[];
}

export interface ChaosRun {
  readonly report: Report;
  readonly history: History;
  /** What the gateways logged. */
  readonly log: string;
}

const places = 3;

/** One run: servers and gateways, clients, faults; then everything is healed, all is read, and the history checked. */
export async function runChaos(options: ChaosOptions): Promise<ChaosRun> {
  const { seed, bus, gateways, sessions, crowded, mortals, senderPauseMs, subscribersPerSession, sendersPerSession } = options;
  await using world = await createWorld(bus, gateways);
  const history = createHistory();
  const random = createRandom(seed);
  const stopping = new AbortController();
  const ending = new AbortController();
  const context: Context = { places: world.places, history, random, stopping: stopping.signal, ending: ending.signal };
  const began = performance.now();
  const subscribers: Subscriber[] = [];
  try {
    const work: Promise<unknown>[] = [];
    for (let index = 0; index < sessions; index += 1) {
      const isCrowded = index < crowded;
      const title = `session ${index}`;
      const host = await open(context, world.credentials, title, isCrowded ? { maxMembers: 1 + sendersPerSession + places } : {});
      if (host === null) throw new Error('Without a fault, a session is opened.');
      const { session, cursor } = host;
      const senders = await Promise.all(
        Array.from({ length: sendersPerSession }, async (_, number): Promise<[string, Membership]> => {
          const client = `sender ${index}.${number}`;
          const membership = await join(forked(context), session, client);
          if (membership === null) throw new Error('Without a fault, a member is let in.');
          return [client, membership];
        }),
      );
      const readers = [world.credentials, ...senders.map(([, { credentials }]) => credentials)];
      for (let number = 0; number < subscribersPerSession; number += 1) {
        const credentials = readers[number % readers.length] ?? {};
        const transport = number % 4 === 3 ? 'sse' : 'ws';
        subscribers.push(
          startSubscriber(forked(context), { client: `subscriber ${index}.${number}`, session, credentials, after: cursor, transport }),
        );
      }
      for (const [client, { credentials }] of senders)
        work.push(runSender(forked(context), { client, session, credentials }, senderPauseMs));
      if (!isCrowded) continue;
      work.push(runHost(forked(context), session, world.credentials));
      for (let number = 0; number < places + 2; number += 1)
        work.push(runComer(forked(context), session, `comer ${index}.${number}`, subscribers));
    }
    for (let index = 0; index < mortals; index += 1)
      work.push(runMortals(forked(context), world.credentials, `mortal ${index}`, subscribers));

    const failure = Promise.withResolvers<never>();
    for (const each of work) each.catch(failure.reject);
    const nemesis = createNemesis({ world, history, random: random.fork() });
    await Promise.race([options.faults(nemesis), failure.promise]);
    await world.heal();
    stopping.abort();
    await inTime('the clients to have an answer to all that they asked', Promise.all(work));
    await readTruth(world, history);
    await reachEnd(history, subscribers);
  } finally {
    stopping.abort();
    ending.abort();
  }
  await inTime('the subscribers to stop', Promise.all(subscribers.map(({ over }) => over)));
  history.streams.push(...subscribers.map((subscriber) => subscriber.record()));
  const seconds = Math.round((performance.now() - began) / 1_000);
  return { report: { seed, bus, seconds, ...summary(history), violations: check(history) }, history, log: world.log() };
}

/** Waits, within reason, until those who stay to the end are there. Who is not is found by the checker. */
async function reachEnd({ truths }: History, subscribers: readonly Subscriber[]): Promise<void> {
  const last = new Map(truths.map(({ session, events }) => [session, events.at(-1)?.cursor]));
  const isThere = (subscriber: Subscriber): boolean => {
    const { session, member } = subscriber.record();
    return member !== null || subscriber.position === (last.get(session) ?? subscriber.position);
  };
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline && !subscribers.every(isThere)) await delay(50);
}

function summary({ sessions, writes, streams, truths, faults }: History): Omit<Report, 'seed' | 'bus' | 'seconds' | 'violations'> {
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
