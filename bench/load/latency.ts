import { Agent } from 'node:http';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../harness/in-parallel.ts';
import { answer } from '../harness/remote.ts';
import { inTurn } from './in-turn.ts';
import { patienceMs, publish, type PublishDoor } from './publisher.ts';
import { createReceipts, type Receipts } from './receipts.ts';
import { subscribe, type SubscriptionRequest } from './subscription.ts';
import { contentOf, numberIn } from './tally.ts';

/** One session: where its messages are sent, and where they are to come out. */
export interface Route {
  readonly door: PublishDoor;
  readonly subscription: SubscriptionRequest;
  /** Where the server that messages are sent at takes sockets. */
  readonly same: string;
  /** Where the others do. */
  readonly others: readonly string[];
}
export interface LatencyInput {
  /** Of all routes together, in turn, evenly in time: nobody waits for an answer before the next. */
  readonly messagesPerSecond: number;
  readonly seconds: number;
}
export interface Percentiles {
  readonly medianMs: number;
  readonly p99Ms: number;
}
export interface LatencyResult {
  readonly messages: number;
  /** From the sending to the receipt at the same server. */
  readonly same: Percentiles;
  /** To the receipts at the others. */
  readonly others: Percentiles;
  /** To the answer. */
  readonly answered: Percentiles;
  /** Share of one core that the load itself took. */
  readonly clientCores: number;
}

export type LatencyMethods = {
  /** Subscribes to every route at each of its servers. */
  follow(routes: readonly Route[]): Promise<null>;
  /** Fails where a follower got a message twice, late beyond patience, or not at all. */
  measure(input: LatencyInput): Promise<LatencyResult>;
};

/** Handshakes at once. */
const handshakes = 32;

let followed: readonly Route[] = [];
/** Of all rounds. The clock of this process times both ends. */
const receipts: Receipts = createReceipts();
let published = 0;

async function follow(routes: readonly Route[]): Promise<null> {
  const followers = routes.flatMap(({ subscription, same, others }) =>
    [same, ...others].map((url, place) => ({ subscription, url, place })),
  );
  await inParallel(handshakes, followers, async ({ subscription, url, place }) => {
    const socket = await subscribe({
      ...subscription,
      url,
      readyOn: 'next',
      onEvent: (_, text) => receipts.receive(numberIn(text ?? ''), place, performance.now()),
      onEnd: (reason) => receipts.fail(new Error(`A subscription at ${url} ended: ${reason}`)),
    });
    socket.keepText(true);
  });
  followed = routes;
  return null;
}

const percentilesOf = (histogram: RecordableHistogram): Percentiles => ({
  medianMs: histogram.percentile(50) / 1_000,
  p99Ms: histogram.percentile(99) / 1_000,
});

async function measure({ messagesPerSecond, seconds }: LatencyInput): Promise<LatencyResult> {
  const [same, others, answered] = [createHistogram(), createHistogram(), createHistogram()];
  const record = (histogram: RecordableHistogram, ms: number): void => histogram.record(Math.max(1, Math.round(ms * 1_000)));
  const agent = new Agent({ keepAlive: true });
  const usedBefore = process.cpuUsage();
  const start = performance.now();
  const messages = Math.max(1, Math.round(messagesPerSecond * seconds));

  const send = async (index: number): Promise<void> => {
    const { door, others: elsewhere } = inTurn(followed, index);
    published += 1;
    const number = published;
    const sentAt = performance.now();
    const everywhere = receipts.expect(number, elsewhere.length + 1, (place, at) => record(place === 0 ? same : others, at - sentAt));
    await publish(door, agent, contentOf(number));
    record(answered, performance.now() - sentAt);
    await everywhere;
  };
  const late = setTimeout(
    () => receipts.fail(new Error(`${receipts.waiting} messages have not come everywhere within ${patienceMs} ms`)),
    seconds * 1_000 + patienceMs,
  );
  try {
    const sent: Promise<void>[] = [];
    for (let index = 0; index < messages; index += 1) {
      const dueInMs = start + (index * 1_000) / messagesPerSecond - performance.now();
      if (dueInMs > 0) await sleep(dueInMs);
      const sending = send(index);
      // Awaited below; a failure before that is not unhandled.
      sending.catch(() => undefined);
      sent.push(sending);
    }
    await Promise.all(sent);
  } finally {
    clearTimeout(late);
    agent.destroy();
  }
  const used = process.cpuUsage(usedBefore);
  return {
    messages,
    same: percentilesOf(same),
    others: percentilesOf(others),
    answered: percentilesOf(answered),
    clientCores: (used.user + used.system) / 1_000 / (performance.now() - start),
  };
}

answer({ follow, measure } satisfies LatencyMethods);
