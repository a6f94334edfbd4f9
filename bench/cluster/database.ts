import { spawnSync } from 'node:child_process';
import { Client } from 'pg';
import { launchPostgres, postgresMissing, postgresUser } from '../../test/support/postgres-server.ts';
import type { ServerProcess } from '../../test/support/server-process.ts';
import { packageRoot } from '../harness/child.ts';
import { treeClock, type ProcessorClock } from '../harness/processors.ts';

/** A PostgreSQL server of the bench's own, with its defaults of production. */
export interface Database extends AsyncDisposable {
  readonly url: string;
  readonly processor: ProcessorClock;
  /** Transactions so far that wrote something or notified somebody. */
  commits(): Promise<number>;
}

/** What to install; null where it is installed. */
export const databaseMissing = (): string | null =>
  process.platform !== 'linux'
    ? 'Processor times are read from /proc, which Linux alone has.'
    : postgresMissing === null
      ? null
      : 'PostgreSQL is not installed (apt-get install postgresql).';

/** Where PostgreSQL keeps its data: in `directory`, unless it has to run as another user who cannot get there. */
function placeOf(directory: string, say: (text: string) => void): string {
  const user = postgresUser();
  if (user === null || spawnSync('test', ['-x', directory], user).status === 0) return directory;
  const other = '/var/tmp';
  say(`PostgreSQL refuses to run as root, and its user cannot enter ${packageRoot}: its data is in ${other}`);
  return other;
}

/** Starts PostgreSQL on a free port; a commit is durable before it is answered. */
export async function startDatabase(directory: string, say: (text: string) => void): Promise<Database> {
  await using stack = new AsyncDisposableStack();
  const server: ServerProcess = stack.use(await launchPostgres({ durable: true, parent: placeOf(directory, say) }));
  const client = new Client({ connectionString: server.url });
  // The server is ended without warning: what its connections say then is nobody's business.
  client.on('error', () => undefined);
  await client.connect();
  stack.defer(() => client.end());
  const owned = stack.move();
  return {
    url: server.url,
    processor: treeClock(server.pid ?? 0),
    async commits() {
      // The end of the numbers given to transactions: only those that write or notify take one. The server's counters lag behind by a second.
      const { rows } = await client.query<{ readonly next: string }>('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next');
      return Number(rows[0]?.next);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
