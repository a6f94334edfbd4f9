import { Socket } from 'node:net';
import { Client } from 'pg';
import type { OpenWire } from './shared/wire.ts';
import { createWireBus, type WireBus, type WireBusOptions } from './shared/wire-bus.ts';

export interface PostgresBusOptions extends WireBusOptions {
  /** `postgres://` or `postgresql://`, to the server itself: a pooler that shares connections between transactions drops LISTEN. */
  readonly url: string;
  /** The channel, within the database. */
  readonly channel: string;
}

/** Hints over LISTEN and NOTIFY, on one connection. */
export const createPostgresBus = (options: PostgresBusOptions): WireBus => createWireBus('postgres', openPostgres(options), options);

const openPostgres =
  ({ url, channel }: PostgresBusOptions): OpenWire =>
  ({ heard, closed }) => {
    // Our own, so that it can be ended at once: the client's way out asks the server.
    const socket = new Socket();
    const client = new Client({ connectionString: url, application_name: 'parley', keepAlive: true, stream: () => socket });
    client.on('notification', ({ payload = '' }) => heard(payload));
    client.on('error', closed);
    client.on('end', () => closed(new Error('The connection to PostgreSQL has ended.')));

    const open = async (): Promise<void> => {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    };
    return {
      opened: open(),
      async send(payload) {
        await client.query('SELECT pg_notify($1, $2)', [channel, payload]);
      },
      close() {
        socket.destroy();
      },
    };
  };
