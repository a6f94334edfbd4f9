import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { type MetricsPage, registerMetrics } from './metrics-route.ts';

export interface MetricsServerOptions extends MetricsPage {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

/** That the listener of metrics could not be, and why. */
export class MetricsListenError extends Error {
  override readonly name: string = 'MetricsListenError';
}

/** `/metrics` on a port of its own. */
export interface MetricsServer extends AsyncDisposable {
  /** Starts to listen. Answers with the address of the page. Rejects with a `MetricsListenError` where it cannot. */
  listen(): Promise<string>;
}

/** A listener that serves metrics and nothing else: for a port that clients do not reach. */
export function createMetricsServer({ host, port, ...page }: MetricsServerOptions): MetricsServer {
  const app = fastify({ forceCloseConnections: true, requestTimeout: 30_000 });
  registerMetrics(app, page);
  return {
    async listen() {
      await app.listen({ host, port }).catch((cause: unknown) => {
        throw new MetricsListenError(`Metrics cannot be served at port ${port} of ${host}: ${String(cause)}`, { cause });
      });
      const { address, family, port: taken } = app.server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/metrics`;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}
