import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { created, stored } from '../../support/store-fixtures.ts';
import { freshPaths } from '../../support/store-files.ts';

const freshPath = freshPaths();
const opening = (path: string) => createSqliteStore({ path, busyTimeoutMs: 50 });
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** A file in a directory of its own. */
function fileAt(content: string | Buffer): string {
  const path = freshPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

it('makes the directory and the file for the eyes of the owner only', async () => {
  const path = freshPath();
  await using store = await createSqliteStore({ path });
  await created(store);
  expect(modeOf(dirname(path))).toBe('700');
  expect([path, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual(['600', '600', '600']);
});

it.each(['full', 'normal'] as const)('opens with durability %s', async (durability) => {
  await using store = await createSqliteStore({ path: freshPath(), durability });
  const session = await created(store);
  expect(await stored(store, session.id)).toEqual(session);
});

it('takes an empty file for a new store', async () => {
  await using store = await opening(fileAt(''));
  expect(store.epoch).toMatch(/^[0-9a-z]{8}$/);
});

it('carries the log over into the file when it closes', async () => {
  const path = freshPath();
  const store = await opening(path);
  const session = await created(store);
  await store[Symbol.asyncDispose]();
  expect(() => statSync(`${path}-wal`)).toThrow('ENOENT');
  using database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare('SELECT id FROM sessions').all()).toEqual([{ id: session.id }]);
});

it('refuses a file that is not a database, and leaves it as it was', async () => {
  const text = 'Dear diary, '.repeat(100);
  const path = fileAt(text);
  await expect(opening(path)).rejects.toThrow(`Cannot open the SQLite store at ${path}: file is not a database`);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

it('refuses the database of another program, and leaves it as it was', async () => {
  const path = fileAt('');
  const theirs = new DatabaseSync(path);
  theirs.exec('CREATE TABLE theirs (id INTEGER)');
  theirs.close();
  const before = readFileSync(path);
  await expect(opening(path)).rejects.toThrow(`${path}: the file is a SQLite database, but not one of Parley's`);
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('refuses a newer database, naming both versions', async () => {
  const path = freshPath();
  await (await opening(path))[Symbol.asyncDispose]();
  const later = new DatabaseSync(path);
  later.exec('INSERT INTO schema_versions VALUES (99, 0)');
  later.close();
  await expect(opening(path)).rejects.toThrow(/parley\.sqlite: its schema has version 99, and this Parley knows versions up to \d+/);
});

it('refuses a damaged database', async () => {
  const path = freshPath();
  await (await opening(path))[Symbol.asyncDispose]();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 100, 4_096);
  writeFileSync(path, bytes);
  await expect(opening(path)).rejects.toThrow(`Cannot open the SQLite store at ${path}: `);
});

it('refuses a place where no file can be', async () => {
  const file = fileAt('');
  await expect(opening(`${file}/parley.sqlite`)).rejects.toThrow(`Cannot open the SQLite store at ${file}/parley.sqlite: `);
  await expect(opening(dirname(file))).rejects.toThrow(`Cannot open the SQLite store at ${dirname(file)}: `);
});

it('refuses a file that another process keeps locked', async () => {
  const path = freshPath();
  await (await opening(path))[Symbol.asyncDispose]();
  const holder = new DatabaseSync(path);
  try {
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
    await expect(opening(path)).rejects.toThrow(`Cannot open the SQLite store at ${path}: database is locked`);
  } finally {
    holder.close();
  }
  await using store = await opening(path);
  await store.check();
});

it('lets a second process read and write the same file', async () => {
  const path = freshPath();
  await using one = await createSqliteStore({ path });
  await using two = await createSqliteStore({ path });
  const session = await created(one);
  expect(await stored(two, session.id)).toEqual(session);
  await two.apiKeys.insert({ id: 'k', name: 'n', tier: 'FREE', hash: 'h', createdAt: 1, revokedAt: null });
  expect(await one.apiKeys.byHash('h')).toMatchObject({ id: 'k' });
  expect(two.epoch).toBe(one.epoch);
});
