import { answer } from '../harness/remote.ts';
import { inParallel } from '../harness/in-parallel.ts';
import { inTurn } from './in-turn.ts';
import { publishUntil, type PublishDoor } from './publisher.ts';
import { createTally, type Tally } from './tally.ts';
import { subscribe, type SubscriptionRequest } from './subscription.ts';
import type { LightWebSocket } from './web-socket.ts';

export interface SubscribeInput {
  /** Where they subscribe, in turn. */
  readonly urls: readonly string[];
  readonly readyOn: 'next' | 'pong';
  readonly subscribers: readonly SubscriptionRequest[];
}
export interface FanOutInput {
  /** Where the publishers publish, in turn. */
  readonly doors: readonly PublishDoor[];
  readonly seconds: number;
  /** How many publish at once, and so how many messages are on their way. */
  readonly publishers: number;
}
export interface FanOutResult {
  readonly published: number;
  readonly deliveriesPerSecond: number;
  readonly bytesPerDelivery: number;
  /** How many frames were parsed, and their order checked, rather than only counted. */
  readonly parsed: number;
  /** Share of one core that the subscribers and the publisher themselves took. */
  readonly clientCores: number;
}

export type SubscriberMethods = {
  /** Opens all subscriptions, and resolves once every one is in place. */
  subscribe(input: SubscribeInput): Promise<null>;
  fanOut(input: FanOutInput): Promise<FanOutResult>;
  /** Fails where a subscription has ended, or has got an event that nobody published. */
  check(input: null): Promise<null>;
};

/** Handshakes at once: less than what a server's backlog holds. */
const handshakes = 100;
/** Of those of each URL, every so many a subscriber's frames are parsed. */
const parsedEvery = 100;

let tally: Tally | null = null;

async function open({ urls, readyOn, subscribers }: SubscribeInput): Promise<null> {
  const counting = createTally(subscribers.length);
  await inParallel(handshakes, subscribers, async (request, index) => {
    const socket: LightWebSocket = await subscribe({
      ...request,
      url: inTurn(urls, index),
      readyOn,
      onEvent: (bytes, text) => counting.count(index, bytes, text),
      onEnd: (reason) => counting.fail(new Error(`The subscription of ${index + 1} ended: ${reason}`)),
    });
    socket.keepText(Math.floor(index / urls.length) % parsedEvery === 0);
  });
  tally = counting;
  return null;
}

async function fanOut({ doors, seconds, publishers }: FanOutInput): Promise<FanOutResult> {
  const counting = currentTally();
  const usedBefore = process.cpuUsage();
  const before = counting.snapshot();
  const start = performance.now();
  const published = await publishUntil(start + seconds * 1_000, publishers, doors, counting);
  const elapsed = (counting.completeAt() - start) / 1_000;
  const used = process.cpuUsage(usedBefore);
  counting.check();
  const after = counting.snapshot();
  const deliveries = after.frames - before.frames;
  return {
    published,
    deliveriesPerSecond: deliveries / elapsed,
    bytesPerDelivery: (after.bytes - before.bytes) / deliveries,
    parsed: after.parsed - before.parsed,
    clientCores: (used.user + used.system) / 1e6 / elapsed,
  };
}

function currentTally(): Tally {
  if (tally === null) throw new Error('Nobody has subscribed');
  return tally;
}

answer({
  subscribe: open,
  fanOut,
  async check() {
    currentTally().check();
    return null;
  },
} satisfies SubscriberMethods);
