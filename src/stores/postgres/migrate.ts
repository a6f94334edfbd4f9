import type { Client } from 'pg';
import { newEpoch } from '../shared/epoch.ts';
import { type Migration, migrations as released } from './schema.ts';

// Nothing that is used here came later than with PostgreSQL 14.
const oldestServer = 140_000;

// How long another gateway's steps are waited for.
const lockTimeoutMs = 60_000;

export async function valueOf(client: Client, sql: string): Promise<unknown> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  return rows[0]?.[0] ?? null;
}

/** The newest version of the schema. */
export const newestVersion: number = released.at(-1)?.version ?? 0;

/** The version of the schema; 0 = an empty one. Throws where it has tables of somebody else. */
export async function versionOf(client: Client): Promise<number> {
  if ((await valueOf(client, `SELECT to_regclass('parley_schema_versions')`)) !== null) {
    return Number(await valueOf(client, 'SELECT max(version) FROM parley_schema_versions'));
  }
  const strangers = await valueOf(
    client,
    `SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')`,
  );
  if (Number(strangers) === 0) return 0;
  throw new Error(
    `schema ${String(await valueOf(client, 'SELECT current_schema()'))} has ${String(strangers)} tables that are not Parley's: name another database or, by the URL's \`options=-c search_path=…\`, another schema`,
  );
}

/**
 * Brings the schema to the newest version, all missing steps in one transaction; another gateway that comes meanwhile waits. Answers with
 * the epoch of the data.
 *
 * @throws Error where the server is too old, the schema is somebody else's or newer; everything is then as it was.
 */
export async function migrate(client: Client, migrations: readonly Migration[] = released): Promise<string> {
  const newest = migrations.at(-1)?.version ?? 0;
  const server = Number(await valueOf(client, 'SHOW server_version_num'));
  if (server < oldestServer) throw new Error(`the server is PostgreSQL ${Math.floor(server / 10_000)}, and Parley needs 14 or later`);
  if ((await valueOf(client, 'SELECT current_schema()')) === null) throw new Error('no schema of its search_path exists: create it first');
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    // One lock for each schema, whatever else uses the database.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('parley'), hashtext(current_schema()))`);
    const version = await versionOf(client);
    if (version > newest) {
      throw new Error(
        `its schema has version ${version}, and this Parley knows versions up to ${newest}: start the newer Parley, or restore a backup`,
      );
    }
    if (version === 0) await client.query('CREATE TABLE parley_schema_versions (version int PRIMARY KEY, applied_at bigint NOT NULL)');
    for (const migration of migrations.filter((step) => step.version > version)) {
      await client.query(migration.sql);
      await client.query('INSERT INTO parley_schema_versions (version, applied_at) VALUES ($1, $2)', [migration.version, Date.now()]);
    }
    if (version === 0) await client.query(`INSERT INTO meta (key, value) VALUES ('epoch', $1)`, [newEpoch()]);
    const epoch = String(await valueOf(client, `SELECT value FROM meta WHERE key = 'epoch'`));
    await client.query('COMMIT');
    return epoch;
  } catch (error) {
    // Where the connection is gone, so is the transaction.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
