import { mkdirSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newEpoch } from '../shared/epoch.ts';
import { marks, unfinished } from '../shared/migration/marks.ts';
import { migrate } from './migrate.ts';

/** What an acknowledged write survives: 'full' = loss of power, 'normal' = the end of the process only. */
export type Durability = 'full' | 'normal';

export interface FileOptions {
  readonly path: string;
  readonly durability: Durability;
  readonly busyTimeoutMs: number;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs what opens the file; its failure names the file. */
export function opening<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new Error(`Cannot open the SQLite store at ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

/**
 * The connection of a gateway that writes: makes the file and its directory where they are missing, and migrates it. Where it is a copy of
 * another store, it is one no longer.
 */
export const openForWriting = (options: FileOptions): DatabaseSync => openPrepared(options, takeOver);

/** The connection that makes the file a copy of another store. Otherwise as `openForWriting`. */
export const openForCopying = (options: FileOptions): DatabaseSync => openPrepared(options, () => undefined);

function openPrepared({ path, durability, busyTimeoutMs }: FileOptions, use: (database: DatabaseSync) => void): DatabaseSync {
  return opening(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Made by hand for its mode, which SQLite gives to the files beside it (-wal, -shm) too: the records hold what members wrote.
    closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      prepareFile(database, durability);
      use(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepareFile(database: DatabaseSync, durability: Durability): void {
  // Before anything is written: another program's file is left alone.
  migrate(database);
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode !== 'wal') throw new Error(`the file system does not let SQLite keep a write-ahead log (journal mode ${String(mode)})`);
  database.exec(`
    PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA journal_size_limit = ${journalBytes};
    PRAGMA cache_size = -${cacheKibibytes};
    PRAGMA temp_store = MEMORY;
  `);
  database.prepare("INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT DO NOTHING").run(newEpoch());
}

/** @throws Error where it is a copy that is not finished. */
function takeOver(database: DatabaseSync): void {
  // Before it is looked at: whoever goes on copying sees that it is in use, or is seen here.
  database.prepare('DELETE FROM meta WHERE key = ?').run(marks.copied);
  const copying = metaOf(database, marks.copying);
  if (copying !== null) throw new Error(unfinished(copying));
}

const checkpointPages = 4_000; // 16 MiB of log
const journalBytes = 67_108_864; // 64 MiB stay reserved after a burst
const cacheKibibytes = 16_384;

/** The connection that reads: sees each commit from when it is acknowledged. */
export function openForReading({ path, busyTimeoutMs }: Omit<FileOptions, 'durability'>): DatabaseSync {
  return opening(path, () => {
    const database = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
    database.exec(`PRAGMA cache_size = -${cacheKibibytes}; PRAGMA temp_store = MEMORY;`);
    return database;
  });
}

/** What stands under the key in the file's own table; null where nothing does. */
export function metaOf(database: DatabaseSync, key: string): string | null {
  const value = database.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value'];
  return value === undefined ? null : String(value);
}

/** The name of the body of data in the file. */
export const epochOf = (database: DatabaseSync): string => String(metaOf(database, 'epoch'));
