import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startGateway, type Gateway } from '../gateway/gateway.ts';
import { openSession, type GuestSession } from '../gateway/guests.ts';
import { doorOf, subscriptionsTo } from '../gateway/traffic.ts';
import { startChild, type Child } from '../harness/child.ts';
import { coresDuring } from '../harness/measured-load.ts';
import { alternate, rowOf, type Row, type Scenario, type Workshop } from '../harness/scenario.ts';
import { median } from '../harness/statistics.ts';
import { publishers, type PublishDoor } from '../load/publisher.ts';
import { firstEvent } from '../load/first-event.ts';
import type { FanOutResult, SubscriberMethods } from '../load/subscribers.ts';
import { contentOf } from '../load/tally.ts';
import type { FanOutPeerMethods } from '../peers/publish-endpoint.ts';
import type { SampleEvent } from '../peers/sample.ts';

interface Audience {
  readonly name: string;
  readonly server: Child;
  readonly subscribers: Child<SubscriberMethods>;
  readonly door: PublishDoor;
}
interface Round extends FanOutResult {
  readonly serverCores: number;
}

/** How far the payloads of two servers may differ in size: a cursor grows by a digit now and then. */
const sizeTolerance = 0.01;

const peerDoor = (url: string): PublishDoor => ({ url, headers: {}, body: '{"content":"%CONTENT%"}', expect: '"published":true' });

/** Of the server, per delivery. */
const processorMicros = ({ serverCores, deliveriesPerSecond }: Round): number => (serverCores / deliveriesPerSecond) * 1e6;

async function round({ server, subscribers, door }: Audience, seconds: number): Promise<Round> {
  const [result, serverCores] = await coresDuring(server, () => subscribers.call('fanOut', { doors: [door], seconds, publishers }));
  return { ...result, serverCores };
}

function checkSizes(audiences: readonly Audience[], rounds: readonly (readonly Round[])[]): void {
  const sizes = rounds.map((results) => median(results.map(({ bytesPerDelivery }) => bytesPerDelivery)));
  if (Math.max(...sizes) > Math.min(...sizes) * (1 + sizeTolerance)) {
    const found = audiences.map(({ name }, index) => `${name} ${sizes[index]?.toFixed(1)}`);
    throw new Error(`Expected payloads of equal size, got bytes per delivery: ${found.join(', ')}`);
  }
}

async function run({ scale, directory, say }: Workshop): Promise<readonly Row[]> {
  const dataDirectory = join(directory, 'parley');
  await mkdir(dataDirectory);
  await using gateway = await startGateway(dataDirectory);
  say(`making a session of ${scale.subscribers} members`);
  const session = await openSession(gateway, 'Deck', scale.subscribers);
  const host = session.tokens[0] ?? '';
  const subscriptions = subscriptionsTo(session);
  const event = await sampleEvent(gateway, session, doorOf(gateway, host));

  const common = { workingDirectory: directory, logFile: join(directory, 'fanout.log'), env: { ...process.env, NODE_ENV: 'production' } };
  const subscribersProcess = (): Child<SubscriberMethods> =>
    startChild<SubscriberMethods>({ ...common, entry: 'bench/load/subscribers.ts' });
  await using graphqlWs = startChild<FanOutPeerMethods>({ ...common, entry: 'bench/peers/graphql-ws.ts' });
  await using rawWs = startChild<FanOutPeerMethods>({ ...common, entry: 'bench/peers/raw-ws.ts' });
  const graphqlWsAt = await graphqlWs.call('listen', { event });
  const rawWsAt = await rawWs.call('listen', { event });
  await using atParley = subscribersProcess();
  await using atGraphqlWs = subscribersProcess();
  await using atRawWs = subscribersProcess();

  say(`subscribing ${scale.subscribers} at each server`);
  await atParley.call('subscribe', { urls: [gateway.webSocketUrl], readyOn: 'next', subscribers: subscriptions });
  await atGraphqlWs.call('subscribe', { urls: [graphqlWsAt.webSocketUrl], readyOn: 'pong', subscribers: subscriptions });
  await atRawWs.call('subscribe', { urls: [rawWsAt.webSocketUrl], readyOn: 'pong', subscribers: subscriptions });
  const audiences: readonly Audience[] = [
    { name: 'Parley', server: gateway.process, subscribers: atParley, door: doorOf(gateway, host) },
    { name: 'graphql-ws', server: graphqlWs, subscribers: atGraphqlWs, door: peerDoor(graphqlWsAt.publishUrl) },
    { name: 'ws', server: rawWs, subscribers: atRawWs, door: peerDoor(rawWsAt.publishUrl) },
  ];

  say('warming up');
  for (const audience of audiences) await round(audience, scale.warmUpSeconds);
  say(`${scale.rounds} rounds of ${scale.roundSeconds} s each`);
  const rounds = await alternate(
    scale.rounds,
    audiences.map((audience) => () => round(audience, scale.roundSeconds)),
  );
  for (const { subscribers } of audiences) await subscribers.call('check', null);
  checkSizes(audiences, rounds);

  const [parley = [], useServer = [], raw = []] = rounds;
  const rates = (results: readonly Round[]): number[] => results.map(({ deliveriesPerSecond }) => deliveriesPerSecond);
  const mid = (results: readonly Round[], figure: (result: Round) => number): number => median(results.map(figure));
  const rowAgainst = (name: string, peer: readonly Round[], atLeast: number): Row =>
    rowOf({
      scenario: 'fanout',
      measure: `${scale.subscribers} subscribers of one session`,
      unit: 'deliveries/s',
      parley: rates(parley),
      peer: { name, values: rates(peer) },
      target: { bound: 'at least', value: atLeast },
      details: {
        'Parley: µs of processor': mid(parley, processorMicros),
        'peer: µs of processor': mid(peer, processorMicros),
        'Parley: cores': mid(parley, ({ serverCores }) => serverCores),
        'peer: cores': mid(peer, ({ serverCores }) => serverCores),
        'load at Parley: cores': mid(parley, ({ clientCores }) => clientCores),
        'load at peer: cores': mid(peer, ({ clientCores }) => clientCores),
        'Parley: messages': mid(parley, ({ published }) => published),
        'peer: messages': mid(peer, ({ published }) => published),
        'Parley: bytes per delivery': mid(parley, ({ bytesPerDelivery }) => bytesPerDelivery),
        'peer: bytes per delivery': mid(peer, ({ bytesPerDelivery }) => bytesPerDelivery),
        'frames parsed': mid(parley, ({ parsed }) => parsed),
      },
    });
  return [rowAgainst('graphql-ws useServer', useServer, 3.5), rowAgainst('raw ws', raw, 0.8)];
}

/** What Parley sends for one message: the peers are given it, so that theirs are of the same size. */
async function sampleEvent(gateway: Gateway, session: GuestSession, door: PublishDoor): Promise<SampleEvent> {
  const [request] = subscriptionsTo(session);
  if (request === undefined) throw new Error('Expected a session with members');
  const publish = async (): Promise<void> => {
    const body = door.body.replace('%CONTENT%', contentOf(0));
    const response = await fetch(door.url, { method: 'POST', headers: { 'content-type': 'application/json', ...door.headers }, body });
    const text = await response.text();
    if (!text.includes(door.expect)) throw new Error(`sendMessage was refused: ${text}`);
  };
  const text = await firstEvent({ ...request, url: gateway.webSocketUrl, readyOn: 'next' }, publish);
  const next = JSON.parse(text) as { readonly payload: { readonly data: { readonly sessionEvents: SampleEvent } } };
  return next.payload.data.sessionEvents;
}

export const fanout: Scenario = { name: 'fanout', run };
