import { Redis } from 'ioredis';
import type { OpenWire } from './shared/wire.ts';
import { createWireBus, type WireBus, type WireBusOptions } from './shared/wire-bus.ts';

export interface RedisBusOptions extends WireBusOptions {
  /** `redis://` or `rediss://`. The database in its path does not matter: channels belong to the whole server. */
  readonly url: string;
  /** The channel. */
  readonly channel: string;
}

/** Hints over PUBLISH and SUBSCRIBE: two connections, since one that listens may not speak. */
export const createRedisBus = (options: RedisBusOptions): WireBus => createWireBus('redis', openRedis(options), options);

const openRedis =
  ({ url, channel }: RedisBusOptions): OpenWire =>
  ({ heard, closed }) => {
    const connect = (): Redis =>
      new Redis(url, {
        lazyConnect: true,
        // A wire is opened anew as a whole, and waits for it outside.
        retryStrategy: () => null,
        enableOfflineQueue: false,
        autoResubscribe: false,
        maxRetriesPerRequest: 0,
        connectionName: 'parley',
      });
    const clients = [connect(), connect()] as const;
    const [listening, speaking] = clients;
    // What `connect` rejects with says only that it failed; the reason comes as an event.
    let reason: Error | null = null;
    for (const client of clients) {
      client.on('error', (error: Error) => (reason ??= error));
      client.on('end', () => closed(reason ?? new Error('The connection to Redis has ended.')));
    }
    listening.on('message', (_channel: string, payload: string) => heard(payload));

    const open = async (): Promise<void> => {
      try {
        await Promise.all(clients.map((client) => client.connect()));
        await listening.subscribe(channel);
      } catch (error) {
        throw reason ?? error;
      }
    };
    return {
      opened: open(),
      async send(payload) {
        await speaking.publish(channel, payload);
      },
      close() {
        for (const client of clients) client.disconnect();
      },
    };
  };
