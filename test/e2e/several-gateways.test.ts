import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { createSession, mutate } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { launchRedis, redisMissing } from '../support/redis-server.ts';

if (redisMissing !== null) console.error(redisMissing);

test.skipIf(redisMissing !== null)('two gateways over one store tell each other, and say that they are without the bus', async () => {
  await using server = await launchRedis();
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-several-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  // Nothing comes by looking.
  const env = { PARLEY_BUS_DRIVER: 'redis', PARLEY_BUS_URL: server.url, PARLEY_POLL_MS: '600000' };
  const one = opened.use(await startGatewayProcess({ dataDir, env }));
  const two = opened.use(await startGatewayProcess({ dataDir, env }));

  const host = await createSession(one.url, { identity: { name: 'Ada' } });
  const stream = follow(two.url, allEvents, {}, host.credentials);
  await stream.until(ofType('StreamOpened'));
  await mutate(one.url, 'sendMessage', { content: 'Good morning' }, '__typename', host.credentials);
  expect(await stream.until(ofType('MessageAdded'))).toMatchObject({ message: { content: 'Good morning' } });

  await server.stop();
  const ready = async (): Promise<unknown> => {
    const response = await fetch(`${two.url}/health/ready`);
    return { code: response.status, ...((await response.json()) as object) };
  };
  expect(await ready()).toMatchObject({ code: 200, status: 'degraded', checks: { store: 'up', bus: 'down' } });
  await mutate(one.url, 'sendMessage', { content: 'Still here' }, '__typename', host.credentials);
  await server.start();
  // On coming back it looks for what it missed.
  expect(await stream.until((event) => event.message?.content === 'Still here')).toMatchObject({ __typename: 'MessageAdded' });
  await vi.waitFor(async () => expect(await ready()).toMatchObject({ code: 200, status: 'ready' }), { timeout: 10_000 });
  expect(two.output()).toContain('The bus is not connected');
  await stream.stop();
});
