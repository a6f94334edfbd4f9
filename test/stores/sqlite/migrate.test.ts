import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { migrate } from '../../../src/stores/sqlite/migrate.ts';
import { type Migration, migrations } from '../../../src/stores/sqlite/schema.ts';

const first: Migration = { version: 1, sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT) STRICT;' };
const second: Migration = { version: 2, sql: "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT 'nobody';" };
const third: Migration = { version: 3, sql: 'CREATE INDEX notes_by_author ON notes (author);' };
const broken: Migration = { version: 3, sql: 'CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1);' };

const tablesOf = (database: DatabaseSync): readonly unknown[] =>
  database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map((row) => row['name']);
const versionsOf = (database: DatabaseSync): readonly unknown[] =>
  database
    .prepare('SELECT version FROM schema_versions ORDER BY version')
    .all()
    .map((row) => row['version']);

it('numbers the released steps from 1 without gaps', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
});

it('brings an empty database to the newest version, once', () => {
  using database = new DatabaseSync(':memory:');
  expect(migrate(database)).toBe(0);
  expect(tablesOf(database)).toEqual(expect.arrayContaining(['sessions', 'members', 'messages', 'events']));
  const newest = migrations.at(-1)?.version;
  expect(migrate(database)).toBe(newest);
  expect(versionsOf(database)).toEqual(migrations.map(({ version }) => version));
});

it('brings an older database forward with what it holds', () => {
  using database = new DatabaseSync(':memory:');
  migrate(database, [first]);
  database.exec("INSERT INTO notes VALUES (1, 'kept')");
  expect(migrate(database, [first, second, third])).toBe(1);
  expect(database.prepare('SELECT * FROM notes').all()).toEqual([{ id: 1, text: 'kept', author: 'nobody' }]);
  expect(versionsOf(database)).toEqual([1, 2, 3]);
});

it('leaves the database as it was where a step fails', () => {
  using database = new DatabaseSync(':memory:');
  migrate(database, [first]);
  expect(() => migrate(database, [first, second, broken])).toThrow('nowhere');
  expect(versionsOf(database)).toEqual([1]);
  expect(tablesOf(database)).toEqual(['notes', 'schema_versions']);
  expect(database.isTransaction).toBe(false);
  expect(migrate(database, [first, second])).toBe(1);
});

it('refuses a database that is newer than it knows, naming both versions', () => {
  using database = new DatabaseSync(':memory:');
  migrate(database, [first, second, third]);
  expect(() => migrate(database, [first, second])).toThrow(/version 3.*up to 2/);
  expect(versionsOf(database)).toEqual([1, 2, 3]);
});

it('refuses a database of another program', () => {
  using tables = new DatabaseSync(':memory:');
  tables.exec('CREATE TABLE theirs (id INTEGER)');
  expect(() => migrate(tables)).toThrow('not one of Parley');
  expect(tablesOf(tables)).toEqual(['theirs']);
  using marked = new DatabaseSync(':memory:');
  marked.exec('PRAGMA application_id = 7');
  expect(() => migrate(marked)).toThrow('application_id 7');
});
