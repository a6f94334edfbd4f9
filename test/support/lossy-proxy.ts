import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between clients and a server at 127.0.0.1. */
export interface LossyProxy extends AsyncDisposable {
  readonly port: number;
  /** Lets the next thing that a client sends through, and ends its connection instead of passing the answer on. */
  loseNextAnswer(): void;
  /** Clients that are connected. */
  readonly connections: number;
  /** Ends the connection of one of them, the oldest first. Nothing where there are not so many. */
  cut(index: number): void;
  /** Ends all connections and takes no new ones. */
  close(): Promise<void>;
}

export async function createLossyProxy(target: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let losing: 'no' | 'next' | Socket = 'no';
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    clients.add(client);
    client.on('close', () => clients.delete(client));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (bytes) => {
      if (losing === 'next') losing = client;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (losing !== client) return void client.write(bytes);
      losing = 'no';
      end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return {
    port: address.port,
    loseNextAnswer: () => {
      losing = 'next';
    },
    get connections() {
      return clients.size;
    },
    cut: (index) => [...clients][index]?.destroy(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
