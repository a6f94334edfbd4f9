import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { copiedTables, notCopied } from '../../../src/stores/shared/migration/copied-tables.ts';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { freshPaths } from '../../support/store-files.ts';

const freshPath = freshPaths();

/** `table.column` of all that is copied. */
const copied = copiedTables.flatMap(({ name, columns }) => columns.map(([column]) => `${name}.${column}`));

/** What of a schema is neither copied nor said not to be. */
const forgotten = (columns: readonly string[]): readonly string[] =>
  columns.filter(
    (column) => !copied.includes(column) && !Object.keys(notCopied).some((name) => column === name || column.startsWith(`${name}.`)),
  );

const columnsOfSqlite = `
  SELECT tables.name || '.' || columns.name AS name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
  WHERE tables.type = 'table'`;
const columnsOfPostgres = `
  SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = current_schema()`;

describe('no column is forgotten', () => {
  it('of SQLite', async () => {
    const path = freshPath();
    await (await createSqliteStore({ path }))[Symbol.asyncDispose]();
    const database = new DatabaseSync(path);
    const columns = (): readonly string[] =>
      database
        .prepare(columnsOfSqlite)
        .all()
        .map(({ name }) => String(name));
    expect(copied.filter((column) => !columns().includes(column))).toEqual([]);
    expect(forgotten(columns())).toEqual([]);
    // What somebody adds is found.
    database.exec('ALTER TABLE members ADD COLUMN colour TEXT; CREATE TABLE tags (id TEXT)');
    expect(forgotten(columns())).toEqual(['members.colour', 'tags.id']);
    database.close();
  });
});

describe.skipIf(postgresIsMissing)(`no column is forgotten${needsPostgres}`, () => {
  const server = postgresOfFile();

  it('of PostgreSQL', async () => {
    const url = await server.freshUrl();
    await (await createPostgresStore({ url }))[Symbol.asyncDispose]();
    const columns = async (): Promise<readonly string[]> => (await server.execute(columnsOfPostgres, url)).map(({ name }) => String(name));
    const known = await columns();
    expect(copied.filter((column) => !known.includes(column))).toEqual([]);
    expect(forgotten(known)).toEqual([]);
    // What is said of columns is said of what is there.
    expect(
      Object.keys(notCopied).filter((name) => name !== 'schema_versions' && !known.some((column) => `${column}.`.startsWith(`${name}.`))),
    ).toEqual([]);
    await server.execute('ALTER TABLE events ADD COLUMN colour text; CREATE TABLE tags (id text)', url);
    expect([...forgotten(await columns())].toSorted()).toEqual(['events.colour', 'tags.id']);
  });
});
