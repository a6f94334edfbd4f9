import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram, launchServer, type ServerProcess, userNamed } from './server-process.ts';

// Debian keeps the programs of each version in a folder of its own.
const installed = '/usr/lib/postgresql';
const versions = existsSync(installed) ? readdirSync(installed).toSorted((a, b) => Number(b) - Number(a)) : [];
const command = findProgram([...versions.map((version) => `${installed}/${version}/bin/postgres`), 'postgres']);

/** Said where tests are skipped for want of it; null where it is there. */
export const postgresMissing: string | null =
  command === null ? 'No PostgreSQL server found: the tests that need one are SKIPPED. Install it (apt-get install postgresql).' : null;

/** With the database `postgres`, where its superuser is let in without a password. What is written does not reach the disk: it is for tests. */
export function launchPostgres(): Promise<ServerProcess> {
  const program = command ?? '';
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? userNamed('postgres') : null;
  return launchServer({
    command: program,
    user,
    prepare(folder) {
      const options = ['--pgdata', join(folder, 'data'), '--username', 'postgres', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8'];
      execFileSync(join(dirname(program), 'initdb'), options, { cwd: folder, stdio: 'ignore', ...user });
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
      'fsync=off',
      '-c',
      'lc_messages=C',
    ],
    readyLine: /database system is ready to accept connections/,
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  });
}
