import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';
import type { OpenWire } from './shared/wire.ts';
import { createWireBus, type WireBus, type WireBusOptions } from './shared/wire-bus.ts';

export interface NatsBusOptions extends WireBusOptions {
  /** `nats://` or, where TLS is a must, `tls://`; with a user and password, or a token alone, where the server asks for them. */
  readonly url: string;
  /** The subject. */
  readonly channel: string;
}

/** Hints over a subject of core NATS: nothing is stored. */
export const createNatsBus = (options: NatsBusOptions): WireBus => createWireBus('nats', openNats(options), options);

const openNats =
  ({ url, channel, connectMs = 5_000 }: NatsBusOptions): OpenWire =>
  ({ heard, closed }) => {
    let connection: NatsConnection | null = null;
    let over = false;

    const open = async (): Promise<void> => {
      const made = await connect({ ...addressOf(url), name: 'parley', reconnect: false, timeout: connectMs });
      if (over) {
        void made.close();
        return;
      }
      connection = made;
      void made.closed().then((error) => closed(error instanceof Error ? error : new Error('The connection to NATS has ended.')));
      made.subscribe(channel, { callback: (error, message) => (error === null ? heard(message.string()) : closed(error)) });
      // The server has taken up the subscription once it answers.
      await made.flush();
    };
    return {
      opened: open(),
      async send(payload) {
        if (connection === null) throw new Error('The connection to NATS is not open.');
        connection.publish(channel, payload);
        await connection.flush();
      },
      close() {
        over = true;
        connection?.close().catch(() => undefined);
      },
    };
  };

/** The client takes credentials beside the address, not in it. */
function addressOf(url: string): ConnectionOptions {
  const { protocol, host, username, password } = new URL(url);
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers: host,
    ...(protocol === 'tls:' && { tls: {} }),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
  };
}
