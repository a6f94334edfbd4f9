import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { freePort } from './gateway-process.ts';

/** A server of the test file's own. */
export interface PostgresServer {
  /** The URL of an empty schema that nobody else is given. */
  freshUrl(): Promise<string>;
  /** Runs statements as the superuser, in the schema of the URL. */
  execute(sql: string, url?: string): Promise<readonly Record<string, unknown>[]>;
  /** The port that it listens on at 127.0.0.1. */
  readonly port: number;
}

// Debian keeps the server's programs beside the path, by version.
const versionsFolder = '/usr/lib/postgresql';

function findPrograms(): string | null {
  const folders = existsSync(versionsFolder)
    ? readdirSync(versionsFolder)
        .toSorted((a, b) => Number(b) - Number(a))
        .map((version) => join(versionsFolder, version, 'bin'))
    : [];
  const all = [...(process.env['PATH'] ?? '').split(delimiter), ...folders];
  return all.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

const programs = findPrograms();

/** For `describe.skipIf`. */
export const postgresIsMissing: boolean = programs === null;

if (postgresIsMissing) process.stderr.write('Tests are skipped, for PostgreSQL is not installed: apt-get install postgresql\n');

/** Ends the titles of tests that need a server: where none is installed, the reason stands there. */
export const needsPostgres: string = postgresIsMissing ? ' (skipped, PostgreSQL is not installed: apt-get install postgresql)' : '';

/** Whom the server runs as: it refuses to be root's. */
function account(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

// Only the user `secretive` is asked for a password.
const access = `host all secretive 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n`;

async function start(folder: string, data: string, port: number): Promise<ChildProcess> {
  if (programs === null) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  const who = account();
  chmodSync(folder, 0o755);
  if (who.uid !== undefined && who.gid !== undefined) chownSync(folder, who.uid, who.gid);
  const options = { ...who, cwd: folder, env: { LC_ALL: 'C', PATH: process.env['PATH'] } };
  const made = spawnSync(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync', '-A', 'trust'], {
    ...options,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  writeFileSync(join(data, 'pg_hba.conf'), access);
  const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=200', 'unix_socket_directories=', `port=${port}`];
  return spawn(join(programs, 'postgres'), ['-D', data, '-h', '127.0.0.1', ...settings.flatMap((setting) => ['-c', setting])], {
    ...options,
    stdio: 'ignore',
  });
}

async function execute(connectionString: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const result: unknown = await client.query(sql);
    return (result as { readonly rows?: readonly Record<string, unknown>[] }).rows ?? [];
  } finally {
    await client.end();
  }
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`The PostgreSQL server ended at once, with ${server.exitCode}`);
    try {
      return void (await execute(url, 'SELECT 1'));
    } catch {
      // It is not there yet, and says nothing when it is.
      await delay(50);
    }
  }
  throw new Error('The PostgreSQL server does not answer');
}

/** Starts before the first test of the file, and goes with the last. To be called where there is one. */
export function postgresOfFile(): PostgresServer {
  const folder = mkdtempSync(join(tmpdir(), 'parley-postgres-'));
  let port = 0;
  let server: ChildProcess | null = null;
  let count = 0;
  const root = (): string => `postgres://postgres@127.0.0.1:${port}/postgres`;
  beforeAll(async () => {
    port = await freePort();
    server = await start(folder, join(folder, 'data'), port);
    // A run that is broken off leaves no server behind.
    process.once('exit', () => server?.kill('SIGQUIT'));
    await answers(root(), server);
  }, 60_000);
  afterAll(async () => {
    if (server !== null && server.exitCode === null) {
      // At once, whoever is still connected.
      server.kill('SIGQUIT');
      await once(server, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get port() {
      return port;
    },
    freshUrl: async () => {
      count += 1;
      await execute(root(), `CREATE SCHEMA fresh_${count}`);
      return `${root()}?options=-c%20search_path%3Dfresh_${count}`;
    },
    execute: (sql, url = root()) => execute(url, sql),
  };
}
