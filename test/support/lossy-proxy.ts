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
  /** Takes connections as before, and passes nothing on, nor that one side has ended: as a network does that drops everything. */
  stall(): void;
  /** Lets the next thing that a client sends through but for its last bytes, then stalls. */
  stallBeforeLast(bytes: number): void;
  /** Passes on what was held back, and goes on. */
  resume(): void;
  /** Ends all connections and takes no new ones. */
  close(): Promise<void>;
}

export async function createLossyProxy(target: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let losing: 'no' | 'next' | Socket = 'no';
  let stalled = false;
  let keepBack: number | null = null;
  let keptBack: (() => void) | null = null;
  const stall = (): void => {
    stalled = true;
    for (const socket of sockets) socket.pause();
  };
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
    client.on('data', (bytes: Buffer) => {
      if (losing === 'next') losing = client;
      if (keepBack === null) return void upstream.write(bytes);
      const cut = bytes.length - keepBack;
      keepBack = null;
      upstream.write(bytes.subarray(0, cut));
      keptBack = () => upstream.write(bytes.subarray(cut));
      stall();
    });
    upstream.on('data', (bytes) => {
      if (losing !== client) return void client.write(bytes);
      losing = 'no';
      end();
    });
    if (stalled) for (const socket of [client, upstream]) socket.pause();
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
    stall,
    stallBeforeLast: (bytes) => {
      keepBack = bytes;
    },
    resume: () => {
      stalled = false;
      keptBack?.();
      keptBack = null;
      for (const socket of sockets) socket.resume();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
