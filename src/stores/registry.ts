import { join } from 'node:path';
import type { Store } from '../core/ports.ts';
import { createMemoryStore } from './memory.ts';
import { placeOf } from './postgres/connection-url.ts';
import { createPostgresStore } from './postgres/postgres-store.ts';
import type { Durability } from './sqlite/open-database.ts';
import { createSqliteStore } from './sqlite/sqlite-store.ts';

export type StoreDriverName = 'sqlite' | 'memory' | 'postgres';

export interface StoreConfig {
  readonly driver: StoreDriverName;
  /** What an acknowledged commit survives; says nothing to a driver that keeps nothing. @default 'full' */
  readonly durability?: Durability;
  /** Where the database is, of a driver that has one elsewhere. */
  readonly url?: string | null;
  /** Connections to it at a time. @default 10 */
  readonly poolSize?: number;
  /** How long a connection is waited for. @default 5_000 // 5 seconds */
  readonly waitMs?: number;
  /** How long one statement may take there. @default 10_000 // 10 seconds */
  readonly statementMs?: number;
}

/** How each driver opens its store: one line for each. `dataDir` is the gateway's data directory. */
export const storeDrivers: Readonly<Record<StoreDriverName, (config: StoreConfig, dataDir: string) => Promise<Store>>> = {
  sqlite: ({ durability = 'full' }, dataDir) => createSqliteStore({ path: join(dataDir, 'parley.sqlite'), durability }),
  memory: async () => createMemoryStore(),
  postgres: async ({ url = null, poolSize = 10, waitMs = 5_000, statementMs = 10_000 }) => {
    if (url === null) throw new Error('Expected `store.url` to be a postgres:// URL, got null');
    return createPostgresStore({ url, poolSize, waitMs, statementMs });
  },
};

/** Where the store's records are, as it may be shown. */
export const storePlace = ({ driver, url = null }: StoreConfig, dataDir: string): string =>
  driver === 'postgres' && url !== null ? `at ${placeOf(url)}` : `in ${dataDir}`;

/**
 * Opens the store that the configuration names.
 *
 * @throws Error that names the place, where the store cannot be opened.
 */
export const openStore = (config: StoreConfig, dataDir: string): Promise<Store> => storeDrivers[config.driver](config, dataDir);
