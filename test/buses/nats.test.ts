import { connect } from '@nats-io/transport-node';
import { expect, test, vi } from 'vitest';
import { createNatsBus } from '../../src/buses/nats.ts';
import { busSuite } from '../conformance/bus-suite.ts';
import { launchNats, natsMissing } from '../support/nats-server.ts';

busSuite({
  name: 'nats',
  server: {
    missing: natsMissing,
    launch: () => launchNats(),
    open: createNatsBus,
    async say(url, channel, text) {
      const connection = await connect({ servers: url });
      connection.publish(channel, text);
      await connection.drain();
    },
  },
});

test.skipIf(natsMissing !== null)('takes a user and password from the URL, and does not tell it', async () => {
  await using server = await launchNats(['--user', 'parley', '--pass', 'open sesame']);
  const url = (credentials: string): string => server.url.replace('//', `//${credentials}@`);
  await using admitted = createNatsBus({ url: url('parley:open%20sesame'), channel: 'parley' });
  await vi.waitFor(() => admitted.check(), { timeout: 10_000 });
  const down = Promise.withResolvers<Error>();
  await using refused = createNatsBus({ url: url('parley:guess'), channel: 'parley', onDown: down.resolve });
  const { message } = await down.promise;
  expect(message).toMatch(/authorization/i);
  expect(message).not.toContain('guess');
  await expect(refused.check()).rejects.toThrow('is not connected');
});

test.skipIf(natsMissing !== null)('takes a token from the URL, and does not tell it', async () => {
  await using server = await launchNats(['--auth', 'sesame']);
  const url = (credentials: string): string => server.url.replace('//', `//${credentials}@`);
  await using admitted = createNatsBus({ url: url('sesame'), channel: 'parley' });
  await vi.waitFor(() => admitted.check(), { timeout: 10_000 });
  const down = Promise.withResolvers<Error>();
  await using refused = createNatsBus({ url: url('guess'), channel: 'parley', onDown: down.resolve });
  const { message } = await down.promise;
  expect(message).toMatch(/authorization/i);
  expect(message).not.toContain('guess');
  await expect(refused.check()).rejects.toThrow('is not connected');
});
