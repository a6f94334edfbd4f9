import type { DatabaseSync } from 'node:sqlite';
import { type Migration, migrations as released } from './schema.ts';

/** `PRAGMA application_id` of a Parley database: "Prly". */
const applicationId = 0x50726c79;

/** The newest version of the schema. */
export const newestVersion: number = released.at(-1)?.version ?? 0;

/** The schema version of the file; 0 = an empty one. Throws where the file is something else than a Parley database. */
export function versionOf(database: DatabaseSync): number {
  const id = database.prepare('PRAGMA application_id').get()?.['application_id'];
  if (id === applicationId) return Number(database.prepare('SELECT max(version) AS version FROM schema_versions').get()?.['version']);
  const tables = Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']);
  if (id === 0 && tables === 0) return 0;
  throw new Error(
    `the file is a SQLite database, but not one of Parley's (application_id ${String(id)}, ${tables} tables and indexes): name another file`,
  );
}

/**
 * Brings the file's schema to the newest version, all missing steps in one transaction. Answers with the version that it found.
 *
 * @throws Error where the file is no Parley database, or one of a newer schema; the file is then as it was.
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[] = released): number {
  const newest = migrations.at(-1)?.version ?? 0;
  const refuseNewer = (version: number): void => {
    if (version > newest) {
      throw new Error(
        `its schema has version ${version}, and this Parley knows versions up to ${newest}: start the newer Parley, or restore a backup`,
      );
    }
  };
  const found = versionOf(database);
  refuseNewer(found);
  if (found === newest) return found;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Asked again under the lock: another process may have migrated the file meanwhile.
    const version = versionOf(database);
    refuseNewer(version);
    if (version === 0) {
      database.exec(`PRAGMA application_id = ${applicationId};
        CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;`);
    }
    const record = database.prepare('INSERT INTO schema_versions (version, applied_at) VALUES (?, ?)');
    for (const migration of migrations.filter((step) => step.version > version)) {
      database.exec(migration.sql);
      record.run(migration.version, Date.now());
    }
    database.exec('COMMIT');
    return version;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
