import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Spreads connections over gateways at 127.0.0.1, as they come, and looks into none. */
export interface LoadBalancer extends AsyncDisposable {
  readonly url: string;
  /** The gateways that are ready, by their URLs, as of the last look. */
  readonly ready: ReadonlySet<string>;
}

const lookMs = 100;

/** New connections go to gateways whose `/health/ready` says 200; one that refuses is passed over. What is connected stays where it is. */
export async function createLoadBalancer(gateways: readonly string[]): Promise<LoadBalancer> {
  const ready = new Set<string>();
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  let turn = 0;

  async function look(url: string): Promise<void> {
    while (!closing.signal.aborted) {
      const response = await fetch(`${url}/health/ready`, { signal: closing.signal }).catch(() => null);
      await response?.arrayBuffer().catch(() => null);
      if (response?.ok) ready.add(url);
      else ready.delete(url);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  /** A connection to one of them, null where none takes it. */
  async function open(): Promise<Socket | null> {
    turn += 1;
    const candidates = [...ready];
    for (let index = 0; index < candidates.length; index += 1) {
      const url = candidates[(turn + index) % candidates.length] ?? '';
      const upstream = connect(Number(new URL(url).port), '127.0.0.1').setNoDelay();
      const isOpen = await once(upstream, 'connect').then(
        () => true,
        () => false,
      );
      if (isOpen) return upstream;
    }
    return null;
  }

  async function accept(client: Socket): Promise<void> {
    sockets.add(client.setNoDelay());
    // From the start: a client may be gone before there is a gateway for it.
    client.on('error', () => client.destroy()).on('close', () => sockets.delete(client));
    const upstream = await open();
    if (upstream === null || client.destroyed) {
      client.destroy();
      upstream?.destroy();
      return;
    }
    sockets.add(upstream);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    upstream.on('error', end).on('close', () => {
      sockets.delete(upstream);
      client.end();
    });
    client.on('error', end).on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  }

  const server = createServer({ pauseOnConnect: true }, (client) => void accept(client)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const looks = gateways.map(look);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    ready,
    async [Symbol.asyncDispose]() {
      closing.abort();
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(looks);
    },
  };
}
