import { join } from 'node:path';
import type { Store } from '../core/ports.ts';
import { createMemoryStore } from './memory.ts';
import type { Durability } from './sqlite/open-database.ts';
import { createSqliteStore } from './sqlite/sqlite-store.ts';

export type StoreDriverName = 'sqlite' | 'memory';

export interface StoreConfig {
  readonly driver: StoreDriverName;
  /** What an acknowledged commit survives; says nothing to a driver that keeps nothing. @default 'full' */
  readonly durability?: Durability;
}

/** How each driver opens its store: one line for each. `dataDir` is the gateway's data directory. */
export const storeDrivers: Readonly<Record<StoreDriverName, (config: StoreConfig, dataDir: string) => Promise<Store>>> = {
  sqlite: ({ durability = 'full' }, dataDir) => createSqliteStore({ path: join(dataDir, 'parley.sqlite'), durability }),
  memory: async () => createMemoryStore(),
};

/**
 * Opens the store that the configuration names.
 *
 * @throws Error that names the place, where the store cannot be opened.
 */
export const openStore = (config: StoreConfig, dataDir: string): Promise<Store> => storeDrivers[config.driver](config, dataDir);
