import { Client } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { launchPostgres, postgresMissing } from './postgres-server.ts';
import type { ServerProcess } from './server-process.ts';

/** A server of the test file's own. */
export interface PostgresServer {
  /** The URL of an empty schema that nobody else is given. */
  freshUrl(): Promise<string>;
  /** Runs statements as the superuser, in the schema of the URL. */
  execute(sql: string, url?: string): Promise<readonly Record<string, unknown>[]>;
  /** The port that it listens on at 127.0.0.1. */
  readonly port: number;
}

/** For `describe.skipIf`. */
export const postgresIsMissing: boolean = postgresMissing !== null;

if (postgresMissing !== null) console.error(postgresMissing);

/** Ends the titles of tests that need a server: where none is installed, the reason stands there. */
export const needsPostgres: string = postgresIsMissing ? ' (skipped, PostgreSQL is not installed: apt-get install postgresql)' : '';

// Only the user `secretive` is asked for a password.
const access = `host all secretive 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n`;

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

/** Starts before the first test of the file, and goes with the last. To be called where there is one. */
export function postgresOfFile(): PostgresServer {
  let server: ServerProcess | null = null;
  let count = 0;
  const root = (): string => {
    if (server === null) throw new Error('The PostgreSQL server of the file runs while its tests do.');
    return server.url;
  };
  beforeAll(async () => {
    server = await launchPostgres({ access, settings: ['full_page_writes=off', 'max_connections=200'] });
  }, 60_000);
  afterAll(() => server?.[Symbol.asyncDispose]());
  return {
    get port() {
      return Number(new URL(root()).port);
    },
    freshUrl: async () => {
      count += 1;
      await execute(root(), `CREATE SCHEMA fresh_${count}`);
      return `${root()}?options=-c%20search_path%3Dfresh_${count}`;
    },
    execute: (sql, url = root()) => execute(url, sql),
  };
}
