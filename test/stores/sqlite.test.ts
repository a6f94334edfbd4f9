import type { Store } from '../../src/core/ports.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { storeSuite } from '../conformance/store-suite.ts';
import { freshPaths } from '../support/store-files.ts';

const freshPath = freshPaths();
const paths = new WeakMap<Store, string>();

async function openAt(path: string): Promise<Store> {
  const store = await createSqliteStore({ path });
  paths.set(store, path);
  return store;
}

storeSuite({
  name: 'sqlite',
  open: () => openAt(freshPath()),
  reopen: async (store) => {
    const path = paths.get(store);
    if (path === undefined) throw new Error('Expected a store that this driver opened');
    await store[Symbol.asyncDispose]();
    return openAt(path);
  },
  limits: [],
});
