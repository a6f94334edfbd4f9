import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram, launchServer, type ServerProcess, type ServerProgram, userNamed } from './server-process.ts';

// Debian keeps the programs of each version in a folder of its own.
const installed = '/usr/lib/postgresql';
const versions = existsSync(installed) ? readdirSync(installed).toSorted((a, b) => Number(b) - Number(a)) : [];
const command = findProgram([...versions.map((version) => `${installed}/${version}/bin/postgres`), 'postgres']);

/** Said where tests are skipped for want of it; null where it is there. */
export const postgresMissing: string | null =
  command === null ? 'No PostgreSQL server found: the tests that need one are SKIPPED. Install it (apt-get install postgresql).' : null;

export interface PostgresOptions {
  /** `pg_hba.conf`. @default everybody is let in without a password */
  readonly access?: string;
  /** More settings, as `name=value`. */
  readonly settings?: readonly string[];
  /** Whether a commit survives the loss of power, as it does by PostgreSQL's own defaults. @default false: what is written does not reach the disk */
  readonly durable?: boolean;
  /** Where its folder is made. @default where the system keeps temporary files */
  readonly parent?: string;
}

/** Whom it runs as, null = whoever starts it: it refuses to run as root. */
export const postgresUser = (): ServerProgram['user'] => (process.getuid?.() === 0 ? userNamed('postgres') : null);

/** With the database `postgres`, where its superuser is let in without a password. */
export function launchPostgres({ access, settings = [], durable = false, parent }: PostgresOptions = {}): Promise<ServerProcess> {
  const program = command ?? '';
  const user = postgresUser();
  return launchServer({
    command: program,
    user,
    ...(parent !== undefined && { parent }),
    prepare(folder) {
      const options = ['--username', 'postgres', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8', '--locale', 'C'];
      const data = join(folder, 'data');
      execFileSync(join(dirname(program), 'initdb'), ['--pgdata', data, ...options], { cwd: folder, stdio: 'ignore', ...user });
      if (access !== undefined) writeFileSync(join(data, 'pg_hba.conf'), access);
    },
    arguments: (folder, port) => [
      '-D',
      join(folder, 'data'),
      '-k',
      folder,
      '-p',
      `${port}`,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'lc_messages=C',
      ...(durable ? [] : ['-c', 'fsync=off']),
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    readyLine: /database system is ready to accept connections/,
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  });
}
