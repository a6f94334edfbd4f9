import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { randomUUID } from 'node:crypto';
import { columnList, copiedTables, type CopiedTable, keyList, replacing } from '../shared/migration/copied-tables.ts';
import { assertFree, marks } from '../shared/migration/marks.ts';
import { type CopiedRow, CopyRefused, type CopySide, type CopySource, type CopyTarget, type RowKey } from '../shared/migration/sides.ts';
import { decode, encode } from './codec.ts';
import { newestVersion, versionOf } from './migrate.ts';
import { epochOf, metaOf, openForCopying, openForReading, opening } from './open-database.ts';
import { createPrepare, type Prepare, type Row, type Value } from './statements.ts';

const busyTimeoutMs = 30_000;

const toRow = ({ columns }: CopiedTable, row: CopiedRow): Row => columns.map(([, codec], index) => encode(codec, row[index]));

const fromRow = ({ columns }: CopiedTable, row: Row): CopiedRow => columns.map(([, codec], index) => decode(codec, row[index] as Value));

function toKey({ columns, key }: CopiedTable, values: RowKey): Row {
  return key.map((column, index) => encode(columns.find(([found]) => found === column)?.[1] ?? 'plain', values[index]));
}

const marksOf = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

const whereKey = (table: CopiedTable): string => `(${keyList(table)}) = (${marksOf(table.key)})`;

function createReading(prepare: Prepare): Pick<CopySide, 'page' | 'lookup'> {
  return {
    page: async (table, after, limit) => {
      const where = after === null ? '' : `WHERE (${keyList(table)}) > (${marksOf(table.key)})`;
      const sql = `SELECT ${columnList(table)} FROM ${table.name} ${where} ORDER BY ${keyList(table)} LIMIT ?`;
      const rows = prepare(sql).all(...(after === null ? [] : toKey(table, after)), limit);
      return rows.map((row) => fromRow(table, row));
    },
    lookup: async (table, keys) => {
      const statement = prepare(`SELECT ${columnList(table)} FROM ${table.name} WHERE ${whereKey(table)}`);
      return keys.flatMap((key) => {
        const row = statement.get(...toKey(table, key));
        return row === undefined ? [] : [fromRow(table, row)];
      });
    },
  };
}

const dataVersion = (database: DatabaseSync): unknown => database.prepare('PRAGMA data_version').get()?.['data_version'];

/** Reads the file as it is now, however long that takes, and writes nothing. */
export async function openSqliteSource(file: string): Promise<CopySource> {
  const path = resolve(file);
  if (!existsSync(path)) throw new CopyRefused(`Expected a SQLite store at ${path}, but there is no such file`);
  const database = openForReading({ path, busyTimeoutMs });
  try {
    opening(path, () => {
      const version = versionOf(database);
      if (version !== newestVersion) {
        throw new Error(
          `its schema has version ${version}, and ${newestVersion} is copied: let this Parley open it once (\`parley check\`)`,
        );
      }
    });
    database.exec('BEGIN');
    // The first read fixes the moment.
    const epoch = epochOf(database);
    const before = dataVersion(database);
    return {
      place: path,
      epoch,
      isUnfinished: metaOf(database, marks.copying) !== null,
      ...createReading(createPrepare(database)),
      isChanged: async () => {
        database.exec('COMMIT');
        return dataVersion(database) !== before;
      },
      [Symbol.asyncDispose]: async () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const setMeta = 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
const unsetMeta = 'DELETE FROM meta WHERE key = ?';
// Under this key stands who copies: what another process has taken over is not written to any more.
const copier = 'copier';

/** Makes the file where it is missing. */
export async function openSqliteTarget(file: string): Promise<CopyTarget> {
  const path = resolve(file);
  const database = openForCopying({ path, durability: 'full', busyTimeoutMs });
  const prepare = createPrepare(database);
  const own = randomUUID();
  const asCopier = (work: () => void): void =>
    inTransaction(database, () => {
      if (metaOf(database, copier) !== own) throw new CopyRefused(`Another \`parley migrate\` writes to ${path}: let it end, or end it`);
      work();
    });
  return {
    place: path,
    ...createReading(prepare),
    begin: async (epoch) => {
      inTransaction(database, () => {
        const isEmpty = copiedTables.every(({ name }) => prepare(`SELECT 1 FROM ${name} LIMIT 1`).get() === undefined);
        assertFree(path, { copying: metaOf(database, marks.copying), copied: metaOf(database, marks.copied), isEmpty }, epoch);
        for (const [key, value] of [
          ['epoch', epoch],
          [marks.copying, epoch],
          [copier, own],
        ] as const) {
          prepare(setMeta).run(key, value);
        }
        prepare(unsetMeta).run(marks.copied);
      });
      // What a loss of power takes is copied again; the last commit waits for all that came before it.
      database.exec('PRAGMA synchronous = NORMAL');
    },
    write: async (table, rows) =>
      asCopier(() => {
        const statement = prepare(
          `INSERT INTO ${table.name} (${columnList(table)}) VALUES (${marksOf(table.columns)}) ${replacing(table)}`,
        );
        for (const row of rows) statement.run(...toRow(table, row));
      }),
    remove: async (table, keys) =>
      asCopier(() => {
        const statement = prepare(`DELETE FROM ${table.name} WHERE ${whereKey(table)}`);
        for (const key of keys) statement.run(...toKey(table, key));
      }),
    finish: async () => {
      database.exec('PRAGMA synchronous = FULL');
      asCopier(() => {
        prepare(setMeta).run(marks.copied, String(metaOf(database, marks.copying)));
        for (const key of [marks.copying, copier]) prepare(unsetMeta).run(key);
      });
    },
    [Symbol.asyncDispose]: async () => database.close(),
  };
}
