import type { CommitOutcome, SessionChange } from '../../core/commit.ts';
import type { History, PresenceStore } from '../../core/ports.ts';
import type { FileOptions } from './open-database.ts';
import type { Row, Value } from './statements.ts';

/** A `SessionChange` as it crosses to the writer: flat, its JSON made already. */
export interface ChangeJob extends Pick<SessionChange, 'sessionId' | 'guard' | 'touch' | 'add' | 'clearMessages' | 'at'> {
  readonly kind: 'change';
  /** Column names with what they are set to. */
  readonly set: readonly (readonly [column: string, value: Value])[];
  readonly members: readonly Row[];
  /** Without `seq`, which is the session's plus the one of `places`. */
  readonly messages: readonly Row[];
  readonly places: readonly number[];
  /** Bodies, as JSON. */
  readonly events: readonly string[];
  readonly idempotency: Row | null;
}

/** A `SessionCreation` as it crosses to the writer. */
export interface CreationJob {
  readonly kind: 'creation';
  readonly sessionId: string;
  readonly backend: string;
  readonly handle: string;
  readonly version: number;
  readonly session: Row;
  readonly members: readonly Row[];
  readonly events: readonly string[];
  readonly at: number;
  readonly idempotency: Row | null;
}

/** What the writer does, by kind: the job, and what comes back. */
export interface Jobs {
  readonly change: { readonly job: ChangeJob; readonly result: CommitOutcome };
  readonly creation: { readonly job: CreationJob; readonly result: CommitOutcome };
  readonly insertKey: { readonly job: { readonly kind: 'insertKey'; readonly row: Row }; readonly result: null };
  readonly revokeKey: { readonly job: { readonly kind: 'revokeKey'; readonly id: string; readonly at: number }; readonly result: boolean };
  readonly putChallenge: { readonly job: { readonly kind: 'putChallenge'; readonly row: Row }; readonly result: null };
  readonly takeChallenge: {
    readonly job: { readonly kind: 'takeChallenge'; readonly id: string; readonly now: number };
    readonly result: string | null;
  };
  readonly notePresence: {
    readonly job: { readonly kind: 'notePresence' } & Parameters<PresenceStore['note']>[0];
    readonly result: boolean;
  };
  readonly leavePresence: { readonly job: { readonly kind: 'leavePresence'; readonly gateway: string }; readonly result: null };
  /** Deletes at most `limit` of each: a long deletion would hold up the commits behind it. */
  readonly prune: {
    readonly job: { readonly kind: 'prune'; readonly idempotency: number; readonly challenges: number; readonly limit: number };
    readonly result: number;
  };
  /** Deletes the session's events or messages up to the number. */
  readonly deleteThrough: {
    readonly job: { readonly kind: 'deleteThrough'; readonly history: History; readonly sessionId: string; readonly seq: number };
    readonly result: number;
  };
  /** Deletes at most `limit` of each kind that belongs to a session that is over. */
  readonly removeSession: {
    readonly job: { readonly kind: 'removeSession'; readonly sessionId: string; readonly limit: number };
    readonly result: boolean;
  };
  readonly lease: {
    readonly job: { readonly kind: 'lease'; readonly name: string; readonly holder: string; readonly now: number; readonly until: number };
    readonly result: boolean;
  };
  /** Goes the way of a commit and writes nothing. */
  readonly ping: { readonly job: { readonly kind: 'ping' }; readonly result: null };
}

export type JobKind = keyof Jobs;
export type Job = Jobs[JobKind]['job'];
export type JobResult = Jobs[JobKind]['result'];

/** To the writer. After 'close' nothing more is sent. */
export type ToWriter = readonly Job[] | 'close';

export interface Failure {
  readonly index: number;
  readonly message: string;
  /** The file cannot be written to, whatever is to be written: it is read only, or there is no room for more. */
  readonly unwritable: boolean;
}

/** The ends of the oldest jobs that had none yet, in the order in which the jobs came. */
export interface Acknowledgement {
  readonly kind: 'done';
  /** Undefined where the job failed. */
  readonly results: readonly (JobResult | undefined)[];
  readonly failures: readonly Failure[];
  /** How many transactions it took. */
  readonly transactions: number;
}

export type FromWriter = { readonly kind: 'ready' } | { readonly kind: 'refused'; readonly message: string } | Acknowledgement;

export interface WriterData extends FileOptions {
  /** No more jobs than this are taken into a transaction, give or take those of one post. */
  readonly maxBatch: number;
}
