import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway } from '../gateway/gateway.ts';
import { openSessions } from '../gateway/guests.ts';
import { subscriptionsTo } from '../gateway/traffic.ts';
import { startChild, type Child } from '../harness/child.ts';
import { coresDuring } from '../harness/measured-load.ts';
import type { Usage } from '../harness/probe.ts';
import { rowOf, type Row, type Scenario, type Workshop } from '../harness/scenario.ts';
import type { SubscribeInput, SubscriberMethods } from '../load/subscribers.ts';
import type { FanOutPeerMethods } from '../peers/publish-endpoint.ts';
import type { SampleEvent } from '../peers/sample.ts';

interface Growth {
  readonly rssKiB: number;
  readonly heapKiB: number;
  /** Kept busy while nothing happens. */
  readonly cores: number;
}

/** Long enough for a server to be done with what subscribing left behind, and to see what it does every second, milliseconds. */
const settleMs = 4_000;

/** What one subscription costs a server while nothing happens. */
async function growth(server: Child, clients: readonly Child<SubscriberMethods>[], input: SubscribeInput, settle: number): Promise<Growth> {
  const [rehearsal, client] = clients;
  if (rehearsal === undefined || client === undefined) throw new Error('Expected two processes of subscribers');
  // A tenth of them come and go first: code compiled and pools grown on the way are nobody's idle cost.
  await rehearsal.call('subscribe', { ...input, subscribers: input.subscribers.filter((_, index) => index % 10 === 0) });
  await rehearsal[Symbol.asyncDispose]();
  await sleep(settle);
  const before: Usage = await server.call('usageAfterCollection', null);
  await client.call('subscribe', input);
  await sleep(settle);
  const [, cores] = await coresDuring(server, () => sleep(settle));
  await client.call('check', null);
  const after: Usage = await server.call('usageAfterCollection', null);
  const each = input.subscribers.length * 1_024;
  return { rssKiB: (after.rssBytes - before.rssBytes) / each, heapKiB: (after.heapBytes - before.heapBytes) / each, cores };
}

/** Never sent: nobody publishes here. */
const event: SampleEvent = {
  __typename: 'MessageAdded',
  cursor: '',
  occurredAt: '',
  message: { id: '', role: 'USER', content: '', channel: null, createdAt: '', author: null },
};

async function run({ scale, directory, say }: Workshop): Promise<readonly Row[]> {
  const settle = Math.min(settleMs, scale.roundSeconds * 2_000);
  const common = { workingDirectory: directory, logFile: join(directory, 'idle.log'), env: { ...process.env, NODE_ENV: 'production' } };
  const subscribersProcess = (): Child<SubscriberMethods> =>
    startChild<SubscriberMethods>({ ...common, entry: 'bench/load/subscribers.ts' });

  const atParley = async (): Promise<readonly [Growth, SubscribeInput['subscribers']]> => {
    const dataDirectory = join(directory, 'parley');
    await mkdir(dataDirectory);
    await using gateway = await startGateway(dataDirectory);
    say(`making ${scale.idleSessions} sessions of ${scale.idleSubscriptions / scale.idleSessions} members`);
    const sessions = await openSessions(gateway, scale.idleSessions, scale.idleSubscriptions / scale.idleSessions);
    const subscribers = sessions.flatMap(subscriptionsTo);
    say(`subscribing ${subscribers.length}, each over its own socket`);
    await using rehearsal = subscribersProcess();
    await using client = subscribersProcess();
    return [
      await growth(gateway.process, [rehearsal, client], { urls: [gateway.webSocketUrl], readyOn: 'next', subscribers }, settle),
      subscribers,
    ];
  };
  const atPeer = async (subscribers: SubscribeInput['subscribers']): Promise<Growth> => {
    await using peer = startChild<FanOutPeerMethods>({ ...common, entry: 'bench/peers/graphql-ws.ts' });
    const { webSocketUrl } = await peer.call('listen', { event });
    say('the same at graphql-ws');
    await using rehearsal = subscribersProcess();
    await using client = subscribersProcess();
    return await growth(peer, [rehearsal, client], { urls: [webSocketUrl], readyOn: 'pong', subscribers }, settle);
  };

  const [parley, subscribers] = await atParley();
  const peer = await atPeer(subscribers);
  const name = 'graphql-ws useServer';
  const measure = `${scale.idleSubscriptions} idle subscriptions in ${scale.idleSessions} sessions`;
  return [
    rowOf({
      scenario: 'idle',
      measure: `${measure}, resident memory`,
      unit: 'KiB each',
      parley: [parley.rssKiB],
      peer: { name, values: [peer.rssKiB] },
      target: { bound: 'at most', value: 16 },
      judge: 'figure',
      details: { 'Parley: cores while idle': parley.cores, 'peer: cores while idle': peer.cores },
    }),
    rowOf({
      scenario: 'idle',
      measure: `${measure}, heap and buffers`,
      unit: 'KiB each',
      parley: [parley.heapKiB],
      peer: { name, values: [peer.heapKiB] },
      target: { bound: 'at most', value: 16 },
      judge: 'figure',
    }),
  ];
}

export const idle: Scenario = { name: 'idle', run };
