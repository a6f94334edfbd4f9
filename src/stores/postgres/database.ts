import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool, type PoolClient, TypeOverrides } from 'pg';
import { ProblemError } from '../../core/problem.ts';
import type { Row, Value } from './codec.ts';
import { busy } from '../shared/unavailable.ts';
import { type Writing, createWriting } from '../shared/writing.ts';
import { failureKind, refusal, unanswered, unreachable } from './failures.ts';

/** Executes one statement of its own transaction; a failed one is repeated, since it only reads or is the same when done twice. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

export interface Database extends AsyncDisposable {
  readonly query: Query;
  /** The same of a statement that must not be done twice: where its answer is lost, that is the answer. */
  readonly once: Query;
  /** The same of one that finds out itself whether it was done: it is told that it is sent again. */
  traced(sql: string, values: (again: boolean) => readonly unknown[]): Promise<readonly Row[]>;
  /** Whether the server writes, which the answers of commits tell. */
  readonly writing: Pick<Writing, 'wrote' | 'check'>;
  /** Connections that are open, those of them that nobody uses, and statements that wait for one. */
  readonly pool: { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number };
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly waitMs: number;
  readonly statementMs: number;
  readonly maxWaiting: number;
}

const attempts = 4;
const firstDelayMs = 20;

// Of PostgreSQL's types only this one is read otherwise: the library gives 64-bit integers as texts.
const int8 = 20;

/** How the values of columns are read. */
export const readTypes: TypeOverrides = new TypeOverrides();
readTypes.setTypeParser(int8, Number);

// How long the server may take to confirm that connections are closed.
const endMs = 2_000;

// How much longer than the server itself the client waits for a statement's end: beyond it, the network is gone without a word.
const graceMs = 5_000;

// The server's side of a connection whose client is gone without a word: by the system's own settings it would hold what it has locked
// for hours. Given up after 30 seconds.
const watchClient =
  'SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000';

// The texts are made of a few parts, so there are far fewer than this; the bound is for what nobody foresees.
const maxNames = 500;

/** Names statements by their text, so that each connection prepares each of them once. */
function createNames(): (sql: string) => string | undefined {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= maxNames) return known;
    const name = `parley_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`;
    names.set(sql, name);
    return name;
  };
}

type Repeat = 'same' | 'traced' | 'never';

/** A pool of connections. */
export function createDatabase({ url, poolSize, waitMs, statementMs, maxWaiting }: DatabaseOptions): Database {
  const sockets = new Set<Socket>();
  const pool = new Pool({
    connectionString: url,
    stream() {
      const socket = new Socket();
      sockets.add(socket.once('close', () => sockets.delete(socket)));
      return socket;
    },
    max: poolSize,
    connectionTimeoutMillis: waitMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + graceMs,
    application_name: 'parley',
    keepAlive: true,
    types: readTypes,
    // Waited for, though its type does not say so. `verify` would give the connection to whoever has stopped waiting for it meanwhile.
    onConnect: (client) => client.query(watchClient),
  });
  // A connection that goes while nobody uses it has left the pool already.
  pool.on('error', () => undefined);
  // Nor does the pool listen while one is in use: its end reaches whoever waits for an answer, and without a listener the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const nameOf = createNames();
  const writing = createWriting();

  async function acquire(): Promise<PoolClient> {
    if (pool.waitingCount >= maxWaiting) throw busy();
    const isFull = pool.totalCount >= poolSize;
    try {
      return await pool.connect();
    } catch (error) {
      // Without a word of the server: all connections were in use for as long as one is waited for.
      if (isFull && failureKind(error) === 'lost' && String(error).includes('timeout')) throw busy();
      throw error;
    }
  }

  async function attempt(sql: string, values: readonly unknown[], onSent: () => void): Promise<readonly Row[]> {
    const client = await acquire();
    onSent();
    const name = nameOf(sql);
    try {
      const { rows } = await client.query<Value[]>({
        ...(name !== undefined && { name }),
        text: sql,
        values: [...values],
        rowMode: 'array',
      });
      client.release();
      writing.done(sql);
      return rows;
    } catch (error) {
      const kind = failureKind(error);
      // One to a server that only reads may have been to the primary: the next one is, where that is another server now.
      client.release(kind === 'lost' || kind === 'unwritable');
      throw error;
    }
  }

  async function run(sql: string, values: (again: boolean) => readonly unknown[], repeat: Repeat): Promise<readonly Row[]> {
    const began = performance.now();
    let again = false;
    // What was sent before may have been written, whatever became of the next sending.
    const givenUp = (problem: ProblemError): ProblemError => (again && repeat === 'traced' ? unanswered() : problem);
    for (let count = 1; ; count += 1) {
      let sent = false;
      try {
        return await attempt(sql, values(again), () => {
          sent = true;
        });
      } catch (error) {
        if (error instanceof ProblemError) throw givenUp(error);
        const kind = failureKind(error);
        if (kind === 'slow') throw givenUp(busy());
        // Who is not let in does not reach it: the password, the database or the right to connect is another one now.
        if (kind === 'refused') throw sent ? refusal(error) : givenUp(unreachable(error));
        if (kind === 'unwritable') throw givenUp(writing.refused(sql, refusal(error)));
        const isUncertain = kind === 'lost' && sent;
        if (isUncertain && repeat === 'never') throw unanswered();
        again ||= isUncertain;
        if (count === attempts || performance.now() - began > waitMs) throw givenUp(kind === 'lost' ? unreachable(error) : busy());
      }
      await delay(firstDelayMs * 2 ** count * (0.5 + Math.random()));
    }
  }

  return {
    query: (sql, values = []) => run(sql, () => values, 'same'),
    once: (sql, values = []) => run(sql, () => values, 'never'),
    traced: (sql, values) => run(sql, values, 'traced'),
    writing,
    pool,
    async [Symbol.asyncDispose]() {
      const closed = new AbortController();
      const late = delay(endMs, undefined, { signal: closed.signal }).catch(() => undefined);
      await Promise.race([pool.end(), late]);
      closed.abort();
      // A network that is gone without a word would never confirm it, and each of these would keep the process from its end.
      for (const socket of sockets) socket.destroy();
    },
  };
}
