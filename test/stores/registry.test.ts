import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore, storeDrivers } from '../../src/stores/registry.ts';
import { created, stored } from '../support/store-fixtures.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';
import { freshPaths } from '../support/store-files.ts';

const freshPath = freshPaths();
const names = Object.keys(storeDrivers);

it('has drivers', () => {
  expect(names).toEqual(expect.arrayContaining(['memory', 'postgres', 'sqlite']));
});

it.each(names)('holds driver %s to the conformance suite', (name) => {
  const text = readFileSync(new URL(`./${name}.test.ts`, import.meta.url), 'utf8');
  expect(text).toContain('storeSuite({');
  expect(text).toContain(`name: '${name}'`);
});

it.each((Object.keys(storeDrivers) as (keyof typeof storeDrivers)[]).filter((name) => name !== 'postgres'))(
  'opens driver %s by its name',
  async (driver) => {
    await using store = await openStore({ driver }, dirname(freshPath()));
    const session = await created(store);
    expect(await stored(store, session.id)).toEqual(session);
  },
);

describe.skipIf(postgresIsMissing)(`over a server${needsPostgres}`, () => {
  const server = postgresOfFile();

  it('opens driver postgres by its name', async () => {
    await using store = await openStore({ driver: 'postgres', url: await server.freshUrl(), poolSize: 2 }, dirname(freshPath()));
    const session = await created(store);
    expect(await stored(store, session.id)).toEqual(session);
  });
});

it('names what driver postgres lacks', async () => {
  await expect(openStore({ driver: 'postgres', url: null }, '.')).rejects.toThrow('Expected `store.url` to be a postgres:// URL, got null');
});

it('keeps the sqlite file in the data directory', async () => {
  const dataDir = dirname(freshPath());
  await using store = await openStore({ driver: 'sqlite', durability: 'normal' }, dataDir);
  await store.check();
  expect(existsSync(`${dataDir}/parley.sqlite`)).toBe(true);
});
