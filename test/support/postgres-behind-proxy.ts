import type { Store } from '../../src/core/ports.ts';
import { type PostgresStoreOptions, createPostgresStore } from '../../src/stores/postgres/postgres-store.ts';
import { type LossyProxy, createLossyProxy } from './lossy-proxy.ts';
import type { PostgresServer } from './postgres-of-file.ts';

/** A store that reaches its server through a proxy. */
export interface StoreBehindProxy extends AsyncDisposable {
  /** Of the same schema, without the proxy. */
  readonly url: string;
  readonly store: Store;
  readonly proxy: LossyProxy;
}

export async function storeBehindProxy(server: PostgresServer, options: Omit<PostgresStoreOptions, 'url'>): Promise<StoreBehindProxy> {
  const url = await server.freshUrl();
  const proxy = await createLossyProxy(server.port);
  const through = new URL(url);
  through.port = String(proxy.port);
  const store = await createPostgresStore({ url: through.href, poolSize: 2, ...options });
  return {
    url,
    store,
    proxy,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
