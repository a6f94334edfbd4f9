import { describe } from 'vitest';
import type { Store } from '../../src/core/ports.ts';
import { createPostgresStore } from '../../src/stores/postgres/postgres-store.ts';
import { storeSuite } from '../conformance/store-suite.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

describe.skipIf(postgresIsMissing)(`over a server${needsPostgres}`, () => {
  const server = postgresOfFile();
  const urls = new WeakMap<Store, string>();

  async function openAt(url: string): Promise<Store> {
    const store = await createPostgresStore({ url });
    urls.set(store, url);
    return store;
  }

  storeSuite({
    name: 'postgres',
    open: async () => openAt(await server.freshUrl()),
    reopen: async (store) => {
      const url = urls.get(store);
      if (url === undefined) throw new Error('Expected a store that this driver opened');
      await store[Symbol.asyncDispose]();
      return openAt(url);
    },
    limits: [],
  });
});
