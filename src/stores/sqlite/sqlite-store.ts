import { resolve } from 'node:path';
import type { ApiKeyStore, ChallengeStore, Store } from '../../core/ports.ts';
import { apiKeyTable } from '../shared/tables.ts';
import { escapeText, toRow, unescapeText } from './codec.ts';
import { encodeCommit } from './encode.ts';
import { type Durability, epochOf, openForReading } from './open-database.ts';
import { createKept } from './kept.ts';
import { createSqlitePresence } from './presence.ts';
import { createMemberReader } from './read-members.ts';
import { createMessageReader } from './read-messages.ts';
import { createSessionReader } from './read-sessions.ts';
import { createTimelineReader } from './read-timeline.ts';
import { readAll, readNumber, readOne } from './reading.ts';
import { createRetentionStore } from './retention.ts';
import { type Prepare, createPrepare } from './statements.ts';
import { createReadTurn } from './turn.ts';
import { type WriteQueue, type WriteStats, createWriteQueue } from './write-queue.ts';

export interface SqliteStoreOptions {
  /** The database file. It and its directory are made where they are missing, for the owner's eyes only. */
  readonly path: string;
  /**
   * What an acknowledged commit survives: 'full' = loss of power, 'normal' = the end of the process only.
   * @default 'full'
   */
  readonly durability?: Durability;
  /**
   * How long another process's lock on the file is waited for.
   * @default 5_000 // 5 seconds
   */
  readonly busyTimeoutMs?: number;
  /**
   * How many commits share a transaction at most. At least 1.
   * @default 256
   */
  readonly maxBatch?: number;
  /**
   * How many writes may wait at once; what comes beyond is rejected. At least 1.
   * @default 10_000
   */
  readonly maxWaiting?: number;
}

/** A store in one SQLite file. */
export interface SqliteStore extends Store {
  readonly stats: WriteStats;
}

/**
 * Opens a store in a file. Writes go through a thread of their own, where those that wait together share a transaction; reads are
 * answered on the calling thread.
 *
 * @throws Error that names the file, where it cannot be opened, is something else, or has a newer schema.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { durability = 'full', busyTimeoutMs = 5_000, maxBatch = 256, maxWaiting = 10_000 } = options;
  // Absolute, so that SQLite takes no path for one of its special names, and the process may change its directory.
  const path = resolve(options.path);
  const writes = await createWriteQueue({ path, durability, busyTimeoutMs, maxBatch, maxWaiting });
  try {
    const database = openForReading({ path, busyTimeoutMs });
    const prepareOpen = createPrepare(database);
    const prepare: Prepare = (sql) => {
      if (!database.isOpen) throw new Error(`The SQLite store at ${path} is closed.`);
      return prepareOpen(sql);
    };
    const turn = createReadTurn(database, prepare);
    const kept = createKept(prepare, turn);
    return {
      epoch: epochOf(database),
      stats: writes.stats,
      commit: async (commit) => writes.submit(encodeCommit(commit)),
      sessions: createSessionReader(database, prepare, kept),
      members: createMemberReader(prepare, kept),
      messages: createMessageReader(prepare),
      timeline: createTimelineReader(prepare, turn),
      apiKeys: createApiKeys(prepare, writes),
      challenges: createChallenges(prepare, writes),
      presence: createSqlitePresence(prepare, writes),
      retention: createRetentionStore(prepare, writes),
      lease: (name, holder, now, until) => writes.submit({ kind: 'lease', name, holder, now, until }),
      check: async (signal) => {
        readNumber(prepare, 'SELECT 1');
        await writes.check(signal);
      },
      checkWrites: async () => writes.checkWrites(),
      [Symbol.asyncDispose]: async () => {
        // Before the writer: the last connection to close carries the log over, and this one may not write.
        turn.end();
        if (database.isOpen) database.close();
        await writes[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await writes[Symbol.asyncDispose]();
    throw error;
  }
}

function createApiKeys(prepare: Prepare, writes: WriteQueue): ApiKeyStore {
  const select = `SELECT ${apiKeyTable.columns} FROM api_keys`;
  return {
    insert: async (record) => {
      await writes.submit({ kind: 'insertKey', row: toRow(apiKeyTable, record) });
    },
    byHash: async (hash) => readOne(prepare, apiKeyTable, `${select} WHERE hash = ?`, hash),
    byIds: async (ids) => ids.map((id) => readOne(prepare, apiKeyTable, `${select} WHERE id = ?`, id)),
    list: async () => readAll(prepare, apiKeyTable, `${select} ORDER BY created_at DESC, id DESC`),
    revoke: (id, at) => writes.submit({ kind: 'revokeKey', id, at }),
  };
}

const createChallenges = (prepare: Prepare, writes: WriteQueue): ChallengeStore => ({
  put: async ({ id, payload, expiresAt }) => {
    await writes.submit({ kind: 'putChallenge', row: [id, escapeText(payload), expiresAt] });
  },
  read: async (id, now) => {
    const [payload = null] = prepare('SELECT payload FROM challenges WHERE id = ? AND expires_at > ?').get(id, now) ?? [];
    return payload === null ? null : unescapeText(String(payload));
  },
  take: (id, now) => writes.submit({ kind: 'takeChallenge', id, now }),
});
