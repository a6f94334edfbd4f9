import { Redis } from 'ioredis';
import { createRedisBus } from '../../src/buses/redis.ts';
import { busSuite } from '../conformance/bus-suite.ts';
import { launchRedis, redisMissing } from '../support/redis-server.ts';

busSuite({
  name: 'redis',
  server: {
    missing: redisMissing,
    launch: launchRedis,
    open: createRedisBus,
    async say(url, channel, text) {
      const client = new Redis(url);
      await client.publish(channel, text);
      client.disconnect();
    },
  },
});
