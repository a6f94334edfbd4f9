import { Client } from 'pg';
import type { ApiKeyStore, ChallengeStore, Store } from '../../core/ports.ts';
import { apiKeyTable } from '../shared/tables.ts';
import { escapeText, toRow, unescapeText } from './codec.ts';
import { createCommitQueue } from './commit-queue.ts';
import { placeOf, withoutPassword } from './connection-url.ts';
import { type Database, createDatabase } from './database.ts';
import { encodeCommit } from './encode.ts';
import { messageOf } from './failures.ts';
import { createLife, within } from './life.ts';
import { marks, unfinished } from '../shared/migration/marks.ts';
import { migrate, valueOf } from './migrate.ts';
import { createPostgresPresence } from './presence.ts';
import { createMemberReader } from './read-members.ts';
import { createMessageReader } from './read-messages.ts';
import { createSessionReader } from './read-sessions.ts';
import { createTimelineReader } from './read-timeline.ts';
import { createRetentionStore, takeLease } from './retention.ts';
import { readAll, readByIds, readOne } from './reading.ts';

export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:5432/database`, with libpq's parameters in its query (`sslmode`, `options=-c search_path=…`). The tables
   * are made in the first schema of the connection's `search_path`.
   */
  readonly url: string;
  /**
   * Connections at a time, besides one while opening. At least 1.
   * @default 10
   */
  readonly poolSize?: number;
  /**
   * How long a connection is waited for, and a commit for those of its session before it. What waits longer is refused with a
   * `ProblemError`.
   * @default 5_000 // 5 seconds
   */
  readonly waitMs?: number;
  /**
   * How long one statement may take on the server, waiting for locks included.
   * @default 10_000 // 10 seconds
   */
  readonly statementMs?: number;
  /**
   * How many commits of one session share a transaction at most. At least 1.
   * @default 64
   */
  readonly maxBatch?: number;
  /**
   * How many commits, and how many reads, may wait at once; what comes beyond is refused with a `ProblemError`. At least 1.
   * @default 10_000
   */
  readonly maxWaiting?: number;
  /**
   * How many characters the commits that wait may have together.
   * @default 67_108_864 // 64 Mi
   */
  readonly maxWaitingCharacters?: number;
}

/** A store in a PostgreSQL database. */
export interface PostgresStore extends Store {
  readonly stats: { readonly pool: Database['pool'] };
}

/**
 * Opens a store in a PostgreSQL database (14 or later), which it may share with other gateways. An acknowledged commit is as durable as
 * the server's `synchronous_commit` makes it.
 *
 * @throws Error that names the place and the reason, without the URL's password.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, poolSize = 10, waitMs = 5_000, statementMs = 10_000, maxBatch = 64, maxWaiting = 10_000 } = options;
  const { maxWaitingCharacters = 64 * 1_024 * 1_024 } = options;
  const place = placeOf(url);
  const epoch = await prepare(url, place, waitMs);
  const database = createDatabase({ url, poolSize, waitMs, statementMs, maxWaiting });
  const commit = createCommitQueue(database, { maxBatch, maxWaiting, maxWaitingCharacters, waitMs });
  const life = createLife(place, async () => {
    await database[Symbol.asyncDispose]();
  });
  const { query } = database;
  return {
    epoch,
    stats: { pool: database.pool },
    commit: (given) => life.run(() => commit(encodeCommit(given))),
    sessions: within(life, createSessionReader(query)),
    members: within(life, createMemberReader(query)),
    messages: within(life, createMessageReader(query)),
    timeline: within(life, createTimelineReader(query)),
    apiKeys: within(life, createApiKeys(database)),
    challenges: within(life, createChallenges(database)),
    presence: within(life, createPostgresPresence(database)),
    retention: within(life, createRetentionStore(query)),
    lease: (name, holder, now, until) => life.run(() => takeLease(query, name, holder, now, until)),
    check: (signal) => life.run(() => check(database, signal)),
    checkWrites: () => life.run(async () => database.writing.check()),
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  };
}

/** Over a connection of its own: steps of the schema may take longer than a statement may. */
async function prepare(url: string, place: string, connectionTimeoutMillis: number): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis, application_name: 'parley' });
  // Without a listener, a connection that goes between two statements would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const epoch = await migrate(client);
    await takeOver(client);
    return epoch;
  } catch (error) {
    // oxlint-disable-next-line preserve-caught-error -- it may quote the URL
    throw new Error(`The PostgreSQL store at ${place} cannot be opened: ${withoutPassword(messageOf(error), url)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Where the tables are a copy of another store, they are one no longer.
 *
 * @throws Error where the copy is not finished.
 */
async function takeOver(client: Client): Promise<void> {
  // Before it is looked at: whoever goes on copying sees that it is in use, or is seen here.
  await client.query(`DELETE FROM meta WHERE key = '${marks.copied}'`);
  const copying = await valueOf(client, `SELECT value FROM meta WHERE key = '${marks.copying}'`);
  if (typeof copying === 'string') throw new Error(unfinished(copying));
}

async function check({ query }: Database, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const answer = query('SELECT 1');
  if (signal === undefined) return void (await answer);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function createApiKeys({ query, once }: Database): ApiKeyStore {
  const select = `SELECT ${apiKeyTable.columns} FROM api_keys`;
  const values = apiKeyTable.keys.map((_, index) => `$${index + 1}`).join(', ');
  return {
    insert: async (record) => {
      await once(`INSERT INTO api_keys (${apiKeyTable.columns}) VALUES (${values})`, toRow(apiKeyTable, record));
    },
    byHash: (hash) => readOne(query, apiKeyTable, `${select} WHERE hash = $1`, [hash]),
    byIds: (ids) => readByIds(query, apiKeyTable, 'api_keys', ids),
    list: () => readAll(query, apiKeyTable, `${select} ORDER BY created_at DESC, id DESC`, []),
    revoke: async (id, at) =>
      (await once('UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id', [id, at])).length === 1,
  };
}

const putChallenge = `
  INSERT INTO challenges (id, payload, expires_at) VALUES ($1, $2, $3)
  ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`;

const createChallenges = ({ query, once }: Database): ChallengeStore => ({
  put: async ({ id, payload, expiresAt }) => {
    await query(putChallenge, [id, escapeText(payload), expiresAt]);
  },
  read: async (id, now) => {
    const [[payload = null] = []] = await query('SELECT payload FROM challenges WHERE id = $1 AND expires_at > $2', [id, now]);
    return payload === null ? null : unescapeText(String(payload));
  },
  take: async (id, now) => {
    const [[payload = null, expiresAt = null] = []] = await once('DELETE FROM challenges WHERE id = $1 RETURNING payload, expires_at', [
      id,
    ]);
    return payload !== null && Number(expiresAt) > now ? unescapeText(String(payload)) : null;
  },
});
