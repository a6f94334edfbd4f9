import { statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import type { Store } from '../core/ports.ts';
import { createMemoryStore } from './memory.ts';
import { placeOf } from './postgres/connection-url.ts';
import { CopyRefused, type CopySource, type CopyTarget } from './shared/migration/sides.ts';
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

const sqliteFile = 'parley.sqlite';

/** How each driver opens its store: one line for each. `dataDir` is the gateway's data directory. Clients are loaded where they are named. */
export const storeDrivers: Readonly<Record<StoreDriverName, (config: StoreConfig, dataDir: string) => Promise<Store>>> = {
  sqlite: ({ durability = 'full' }, dataDir) => createSqliteStore({ path: join(dataDir, sqliteFile), durability }),
  memory: async () => createMemoryStore(),
  postgres: async ({ url = null, poolSize = 10, waitMs = 5_000, statementMs = 10_000 }) => {
    if (url === null) throw new Error('Expected `store.url` to be a postgres:// URL, got null');
    const { createPostgresStore } = await import('./postgres/postgres-store.ts');
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

/** A store to copy from or to. */
export interface StoreAddress {
  /** The same of addresses that name the same place in the same way. It may hold a password. */
  readonly identity: string;
  openSource(): Promise<CopySource>;
  openTarget(): Promise<CopyTarget>;
}

/** The file that `sqlite:` names: itself, or the one in the data directory. */
function sqlitePathOf(place: string): string {
  const path = resolve(place);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? extname(path) !== '';
  return isFile ? path : join(path, sqliteFile);
}

/**
 * Reads `sqlite:<data directory or file>` or a `postgres://` URL.
 *
 * @throws CopyRefused that does not quote what may be secret.
 */
export function parseStoreAddress(address: string): StoreAddress {
  const [, scheme = '', rest = ''] = /^([a-z]+):?(.*)$/is.exec(address) ?? [];
  switch (scheme.toLowerCase()) {
    case 'sqlite': {
      if (rest === '') break;
      const path = sqlitePathOf(rest);
      return {
        identity: path,
        openSource: async () => (await import('./sqlite/copy-sides.ts')).openSqliteSource(path),
        openTarget: async () => (await import('./sqlite/copy-sides.ts')).openSqliteTarget(path),
      };
    }
    case 'postgres':
    case 'postgresql': {
      if (!URL.canParse(address)) break;
      return {
        identity: address,
        openSource: async () => (await import('./postgres/copy-sides.ts')).openPostgresSource(address),
        openTarget: async () => (await import('./postgres/copy-sides.ts')).openPostgresTarget(address),
      };
    }
    case 'memory':
      throw new CopyRefused('A store in memory ends with its process: it can be copied neither from nor to');
  }
  throw new CopyRefused(
    `Expected an address like sqlite:<data directory or file> or postgres://user@host:5432/database, got ${scheme === '' ? 'another' : `\`${scheme.slice(0, 20)}\``} (the rest is hidden)`,
  );
}
