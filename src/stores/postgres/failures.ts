import type { ProblemError } from '../../core/problem.ts';
import { unavailable } from '../shared/unavailable.ts';

/** Nothing was written. */
export const unreachable = (cause: unknown): ProblemError => unavailable('The store cannot be reached.', { cause: asError(cause) });

/** The connection went while a change was under way that cannot be looked up. */
export const unanswered = (): ProblemError => unavailable("The store's answer was lost: whether the change was written is not known.");

export type FailureKind =
  /** The transaction was rolled back for another's sake: it may be sent again. */
  | 'rolled-back'
  /** The connection is gone, and with it the answer. */
  | 'lost'
  /** It took longer than a statement may; rolled back. */
  | 'slow'
  /** The server reads and does not write; rolled back. */
  | 'unwritable'
  /** What does not hang together, or a mistake of ours. */
  | 'refused';

const kinds: ReadonlyMap<string, FailureKind> = new Map([
  ['40001', 'rolled-back'], // serialization_failure
  ['40P01', 'rolled-back'], // deadlock_detected
  ['57014', 'slow'], // query_canceled: by statement_timeout
  ['55P03', 'slow'], // lock_not_available
  ['25006', 'unwritable'], // read_only_sql_transaction
  ['53100', 'unwritable'], // disk_full
  ['57P01', 'lost'], // admin_shutdown
  ['57P02', 'lost'], // crash_shutdown
  ['57P03', 'lost'], // cannot_connect_now
  ['57P05', 'lost'], // idle_session_timeout
  ['53300', 'lost'], // too_many_connections
]);

const sqlState = /^[0-9A-Z]{5}$/;

// A quota of the file system has no code of its own before PostgreSQL 16.
const quota = /disk quota exceeded/i;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** What an error of the client library comes to. One that carries no SQLSTATE is of the connection, and so is one of class 08. */
export function failureKind(error: unknown): FailureKind {
  const code = codeOf(error);
  if (!sqlState.test(code) || code.startsWith('08')) return 'lost';
  return kinds.get(code) ?? (quota.test(messageOf(error)) ? 'unwritable' : 'refused');
}

/** The error in our words. Its details would quote what is stored. */
export const refusal = (error: unknown): Error => new Error(`PostgreSQL refused it: ${messageOf(error)} (SQLSTATE ${codeOf(error)})`);

/** Of the connection, whose errors name places and not what is stored. */
const asError = (error: unknown): Error => new Error(messageOf(error));

/** Several addresses that failed each have their reason. */
export const messageOf = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : error instanceof Error ? error.message : String(error);
