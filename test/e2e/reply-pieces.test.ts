import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { subjects } from '../backends/subjects.ts';
import { farWorld, sourcesAt, titleOf } from '../support/far-world.ts';
import { mutate } from '../support/graphql-client.ts';
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
