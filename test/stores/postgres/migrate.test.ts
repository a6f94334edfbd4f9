import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../../src/stores/postgres/migrate.ts';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { migrations } from '../../../src/stores/postgres/schema.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { aMessage, aSending, created, stored } from '../../support/store-fixtures.ts';

const newest = migrations.at(-1)?.version ?? 0;
const next = { version: newest + 1, sql: 'ALTER TABLE sessions ADD COLUMN colour text; CREATE TABLE tags (id text PRIMARY KEY)' };

describe.skipIf(postgresIsMissing)(`the schema${needsPostgres}`, () => {
  const server = postgresOfFile();

  async function migrateBy(url: string, steps = migrations): Promise<string> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return await migrate(client, steps);
    } finally {
      await client.end();
    }
  }

  it('is made once by gateways that start together', async () => {
    const url = await server.freshUrl();
    const stores = await Promise.all(Array.from({ length: 6 }, () => createPostgresStore({ url, poolSize: 1 })));
    expect(new Set(stores.map(({ epoch }) => epoch)).size).toBe(1);
    expect(await server.execute('SELECT version FROM parley_schema_versions ORDER BY version', url)).toEqual(
      migrations.map(({ version }) => ({ version })),
    );
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  });

  it('has steps numbered from 1 without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });

  it('is brought on from an older one with all that it holds, under a gateway that runs on', async () => {
    const url = await server.freshUrl();
    await using store = await createPostgresStore({ url });
    const session = await created(store, { title: 'from before' });
    expect(await migrateBy(url, [...migrations, next])).toBe(store.epoch);
    expect(await store.commit(aSending(session.id, [aMessage(session.id)]))).toMatchObject({ kind: 'committed', seq: 1 });
    expect(await stored(store, session.id)).toEqual({ ...session, seq: 1 });
  });

  it('is refused where it is newer, by both versions', async () => {
    const url = await server.freshUrl();
    await migrateBy(url, [...migrations, next]);
    await expect(createPostgresStore({ url })).rejects.toThrow(`version ${newest + 1}, and this Parley knows versions up to ${newest}`);
  });

  it('is as it was where a step fails', async () => {
    const url = await server.freshUrl();
    const broken = { version: newest + 1, sql: 'CREATE TABLE half (id text); SELECT 1 / 0' };
    await expect(migrateBy(url, [...migrations, broken])).rejects.toThrow('division by zero');
    expect(await server.execute(`SELECT to_regclass('half') AS half, to_regclass('sessions') AS sessions`, url)).toEqual([
      { half: null, sessions: null },
    ]);
    await using store = await createPostgresStore({ url });
    await store.check();
  });

  it("is not laid over somebody else's tables", async () => {
    const url = await server.freshUrl();
    await server.execute('CREATE TABLE orders (id int)', url);
    await expect(createPostgresStore({ url })).rejects.toThrow(/schema fresh_\d+ has 1 tables that are not Parley's/);
  });
});
