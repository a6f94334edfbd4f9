import type { GuestSession } from '../gateway/guests.ts';
import { delivered, doorOf, sendRequest, subscriptionsTo } from '../gateway/traffic.ts';
import type { Child } from '../harness/child.ts';
import { alternate, type Scale } from '../harness/scenario.ts';
import type { HttpLoadMethods, HttpLoadResult } from '../load/http-load.ts';
import { inTurn } from '../load/in-turn.ts';
import type { LatencyMethods, LatencyResult, Route } from '../load/latency.ts';
import { contentOf } from '../load/tally.ts';
import { publishers } from '../load/publisher.ts';
import type { FanOutResult, SubscriberMethods } from '../load/subscribers.ts';
import type { Cluster, Cost } from './cluster.ts';

/** What all clusters are asked for: made once, it is in the database. */
export interface Population {
  /** One for each caller. */
  readonly apart: readonly GuestSession[];
  /** One with all subscribers. */
  readonly crowd: GuestSession;
}
export type Round<Result> = Result & { readonly cost: Cost };

export interface Throughput {
  readonly sends: readonly Round<HttpLoadResult>[];
  readonly fanOut: readonly Round<FanOutResult>[];
}

const hostOf = ({ tokens }: GuestSession): string => tokens[0] ?? '';

/** Messages a second at which latency is measured: far from what a gateway can do. */
export const lightLoad = 100;

/** Runs it while the cluster's costs are counted. */
async function round<Result extends object>(cluster: Cluster, work: () => Promise<Result>): Promise<Round<Result>> {
  const [result, cost] = await cluster.costOf(work);
  return { ...result, cost };
}

/** The processes of the load. */
export interface Load {
  readonly callers: Child<HttpLoadMethods>;
  /** Which nobody has used before. */
  readonly subscribers: Child<SubscriberMethods>;
}

/** Sends and fan-out in turns, each spread over all gateways that there are now. */
export async function measureThroughput(
  cluster: Cluster,
  { apart, crowd }: Population,
  scale: Scale,
  { callers, subscribers }: Load,
): Promise<Throughput> {
  const { gateways } = cluster;
  const requests = apart.map((session, index) => sendRequest(inTurn(gateways, index), hostOf(session), contentOf(index)));
  const doors = gateways.map((gateway) => doorOf(gateway, hostOf(crowd)));
  const urls = gateways.map(({ webSocketUrl }) => webSocketUrl);
  await subscribers.call('subscribe', { urls, readyOn: 'next', subscribers: subscriptionsTo(crowd) });

  const send = (seconds: number) => round(cluster, () => callers.call('load', { requests, seconds, expect: delivered }));
  const fanOut = (seconds: number) => round(cluster, () => subscribers.call('fanOut', { doors, seconds, publishers }));
  await send(scale.clusterWarmUpSeconds);
  await fanOut(scale.clusterWarmUpSeconds);
  const rounds = { sends: [] as Round<HttpLoadResult>[], fanOut: [] as Round<FanOutResult>[] };
  await alternate<unknown>(scale.clusterRounds, [
    async () => rounds.sends.push(await send(scale.clusterRoundSeconds)),
    async () => rounds.fanOut.push(await fanOut(scale.clusterRoundSeconds)),
  ]);
  await subscribers.call('check', null);
  return rounds;
}

export interface Latency {
  readonly hinted: readonly Round<LatencyResult>[];
  /** While the server of the bus does nothing; none where that is PostgreSQL. */
  readonly frozen: readonly Round<LatencyResult>[];
}

/** Messages at a light load, sent at all gateways in turn, and followed at all of them. */
export async function measureLatency(
  cluster: Cluster,
  { apart }: Population,
  scale: Scale,
  followers: Child<LatencyMethods>,
): Promise<Latency> {
  const { gateways, busServer } = cluster;
  const routes = apart.flatMap((session, index): Route[] => {
    const at = inTurn(gateways, index);
    const others = gateways.filter((gateway) => gateway !== at).map(({ webSocketUrl }) => webSocketUrl);
    return subscriptionsTo(session)
      .slice(0, 1)
      .map((subscription) => ({ door: doorOf(at, hostOf(session)), subscription, same: at.webSocketUrl, others }));
  });
  await followers.call('follow', routes);
  const measure = (seconds: number) => round(cluster, () => followers.call('measure', { messagesPerSecond: lightLoad, seconds }));
  await measure(scale.clusterWarmUpSeconds);
  const [hinted = []] = await alternate(scale.clusterRounds, [() => measure(scale.roundSeconds)]);
  if (busServer === null) return { hinted, frozen: [] };
  busServer.freeze();
  try {
    return { hinted, frozen: [await measure(scale.roundSeconds)] };
  } finally {
    // Gateways that end say goodbye to it.
    busServer.thaw();
  }
}
