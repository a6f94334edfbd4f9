import { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import { createRedisBus } from '../../src/buses/redis.ts';
import { busSuite } from '../conformance/bus-suite.ts';
import { launchRedis, redisMissing } from '../support/redis-server.ts';

busSuite({
  name: 'redis',
  server: {
    missing: redisMissing,
    launch: () => launchRedis(),
    open: createRedisBus,
    async say(url, channel, text) {
      const client = new Redis(url);
      await client.publish(channel, text);
      client.disconnect();
    },
  },
});

test.skipIf(redisMissing !== null)('takes a password from the URL, and does not tell it', async () => {
  await using server = await launchRedis(['--requirepass', 'open sesame']);
  const url = (credentials: string): string => server.url.replace('//', `//${credentials}@`);
  await using admitted = createRedisBus({ url: url(':open%20sesame'), channel: 'parley' });
  await vi.waitFor(() => admitted.check(), { timeout: 10_000 });
  const down = Promise.withResolvers<Error>();
  await using refused = createRedisBus({ url: url(':guess'), channel: 'parley', onDown: down.resolve });
  const { message } = await down.promise;
  expect(message).toMatch(/WRONGPASS|NOAUTH/i);
  expect(message).not.toContain('guess');
  await expect(refused.check()).rejects.toThrow('is not connected');
});
