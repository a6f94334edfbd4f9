import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { subjects } from '../backends/subjects.ts';
import type { JulepEmulator } from '../emulators/julep/emulator.ts';
import { farWorld, sourcesAt, titleOf } from '../support/far-world.ts';
import { mutate, query } from '../support/graphql-client.ts';
import { follow, ofType } from '../support/live-client.ts';
import { launchNats, natsMissing } from '../support/nats-server.ts';

if (natsMissing !== null) console.error(natsMissing);

const streaming = subjects.filter((subject) => ['JULEP v1', 'ELIZA'].includes(titleOf(subject)));

test('both services that stream replies are tried', () => {
  expect(streaming).toHaveLength(2);
});

const document = `subscription ($after: String) {
  sessionEvents(after: $after) { __typename cursor ... on MessageAdded { message { id content } } ... on ReplyDelta { messageId text } }
}`;

describe.skipIf(natsMissing !== null).each(streaming.map((subject) => [titleOf(subject), subject] as const))(
  'a reply of %s',
  (_, subject) => {
    test('grows before the eyes of followers at every gateway, once', { timeout: 60_000 }, async () => {
      await using server = await launchNats();
      const dataDir = await mkdtemp(join(tmpdir(), 'parley-pieces-'));
      await using opened = new AsyncDisposableStack();
      opened.defer(() => rm(dataDir, { recursive: true, force: true }));
      const shared = {
        store: { driver: 'sqlite', durability: 'normal' },
        bus: { driver: 'nats', url: server.url },
        dataDir,
        secret: 'one-secret-for-both-of-the-gateways',
      } as const;
      const one = opened.use(await farWorld(subject, { gateway: shared }));
      const two = opened.use(
        await createGateway({
          ...shared,
          server: { port: 0 },
          log: { level: 'silent' },
          backends: { local: { kind: 'LOCAL' }, far: one.service.config },
        }),
      );
      const { url } = await two.start();
      await expect.poll(async () => (await fetch(`${url}/health/ready`)).status, { timeout: 20_000 }).toBe(200);
      const host = await one.open();
      const streams = [one.url, url].map((at) => follow(at, document, { after: host.cursor }, host.credentials));
      await Promise.all(streams.map((stream) => stream.until(ofType('StreamOpened'))));
      // What a source tells before it is open is nowhere.
      await expect.poll(() => sourcesAt(one.service.emulator) ?? 2, { timeout: 20_000 }).toBe(2);
      one.service.at?.reply?.(['Once', ' upon', ' a time', ' …']);
      const { reply } = await mutate(
        one.url,
        'sendMessage',
        { content: 'Tell me a story', awaitReply: true },
        '... on MessageDelivery { reply { id content } }',
        host.credentials,
      );
      for (const stream of streams) {
        await stream.until((event) => event.message?.id === reply.id);
        const pieces = (): string =>
          stream.events
            .flatMap((event) => (event.__typename === 'ReplyDelta' && event.messageId === reply.id ? [event.text] : []))
            .join('');
        await expect.poll(pieces, { timeout: 20_000 }).toBe(reply.content);
      }
      await Promise.all(streams.map((stream) => stream.stop()));
    });
  },
);

test('a reply of Julep that takes too long leaves its message sent once, and is there when the service has it', async () => {
  const subject = subjects.find((each) => titleOf(each) === 'JULEP v1');
  if (subject === undefined) throw new Error('Expected Julep to be among the subjects.');
  await using world = await farWorld(subject, { backend: { replyMs: 1_000, pollMs: 1_000 } });
  const { agent, state } = world.service.emulator as JulepEmulator;
  const { sessionId, credentials } = await world.open();
  agent.keepAliveMs = 50;
  const release = agent.hold(1);
  const sent = await mutate(world.url, 'sendMessage', { content: 'one two', awaitReply: true }, '__typename', credentials);
  expect(sent).toMatchObject({ __typename: 'Problem', code: 'UPSTREAM_TIMEOUT', path: ['awaitReply'] });
  release();
  const said = async (): Promise<readonly string[]> => {
    const source = 'query ($id: ID!) { session(id: $id) { messages { nodes { content } } } }';
    const { session } = await query(world.url, source, { id: sessionId }, credentials);
    return session.messages.nodes.map(({ content }: { readonly content: string }) => content);
  };
  expect(await said()).toEqual(['one two']);
  const [handle = ''] = state.sessions.keys();
  state.say(handle, 'user', 'one two');
  state.say(handle, 'assistant', 'You said: one two');
  await expect.poll(said, { timeout: 5_000 }).toEqual(['one two', 'You said: one two']);
});
