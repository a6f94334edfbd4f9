import type { CommitOutcome, IdempotencyRecord } from '../../core/commit.ts';
import { ProblemError } from '../../core/problem.ts';
import { idempotencyTable } from '../shared/tables.ts';
import { fromRow, type Row } from './codec.ts';
import type { Database } from './database.ts';
import type { Job } from './encode.ts';
import { busy } from '../shared/unavailable.ts';

interface Pending {
  readonly job: Job;
  /** `performance.now()` at which it came. */
  readonly since: number;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitQueueOptions {
  /** How many commits of one session share a transaction at most. */
  readonly maxBatch: number;
  /** How many commits may wait at once; what comes beyond is refused. */
  readonly maxWaiting: number;
  /** How many characters they may have together; one that is larger by itself does not wait. */
  readonly maxWaitingCharacters: number;
  /** How long a commit may wait for those of its session before it. */
  readonly waitMs: number;
}

// What one statement carries is built as one text.
const maxBatchCharacters = 1_000_000;

const write = 'SELECT parley_commit_1(job, $2) FROM jsonb_array_elements($1::jsonb) AS job';

function toOutcome([text]: Row): CommitOutcome {
  const outcome = JSON.parse(String(text)) as CommitOutcome | { readonly kind: 'repeated'; readonly record: Row };
  return outcome.kind === 'repeated'
    ? { kind: 'repeated', record: fromRow<IdempotencyRecord>(idempotencyTable, outcome.record as Row) }
    : outcome;
}

/** The longest run of jobs from the front that may share a transaction, at least one. */
function take(waiting: Pending[], maxBatch: number): Pending[] {
  let count = 0;
  let characters = 0;
  for (const { job } of waiting) {
    characters += job.json.length;
    if (count > 0 && (!job.shares || count === maxBatch || characters > maxBatchCharacters)) break;
    count += 1;
    if (!job.shares) break;
  }
  return waiting.splice(0, count);
}

/**
 * Sends the commits of each session one after the other, in the order in which they came: what waits meanwhile shares the next
 * transaction. A session that many write to therefore holds one connection and not the whole pool, and its row is not fought for.
 */
export function createCommitQueue(database: Database, options: CommitQueueOptions): (job: Job) => Promise<CommitOutcome> {
  /** By session: what waits while something of it is under way. */
  const lanes = new Map<string, Pending[]>();
  let waitingCount = 0;
  let waitingCharacters = 0;

  async function send(jobs: readonly Job[]): Promise<readonly CommitOutcome[]> {
    const json = `[${jobs.map((job) => job.json).join(',')}]`;
    const rows = jobs.every(({ traceable }) => traceable)
      ? await database.traced(write, (again) => [json, again])
      : await database.once(write, [json, false]);
    const outcomes = rows.map(toOutcome);
    if (outcomes.some(({ kind }) => kind === 'committed')) database.writing.wrote();
    return outcomes;
  }

  async function settle(batch: readonly Pending[]): Promise<void> {
    try {
      const outcomes = await send(batch.map(({ job }) => job));
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] as CommitOutcome);
    } catch (error) {
      if (batch.length === 1 || error instanceof ProblemError) for (const { reject } of batch) reject(error);
      // One of them does not hang together, and nothing of all was written.
      else for (const pending of batch) await settle([pending]);
    }
  }

  async function drain(sessionId: string, waiting: Pending[]): Promise<void> {
    while (waiting.length > 0) {
      const batch = take(waiting, options.maxBatch);
      const limit = performance.now() - options.waitMs;
      const late = batch.filter(({ since }) => since < limit);
      for (const { reject } of late) reject(busy());
      const inTime = batch.filter(({ since }) => since >= limit);
      if (inTime.length > 0) await settle(inTime);
      waitingCount -= batch.length;
      for (const { job } of batch) waitingCharacters -= job.json.length;
    }
    lanes.delete(sessionId);
  }

  return (job) =>
    new Promise<CommitOutcome>((resolve, reject) => {
      const characters = job.json.length;
      const isFull = waitingCount >= options.maxWaiting || waitingCharacters + characters > options.maxWaitingCharacters;
      if (waitingCount > 0 && isFull) return reject(busy());
      waitingCount += 1;
      waitingCharacters += characters;
      const pending: Pending = { job, since: performance.now(), resolve, reject };
      const lane = lanes.get(job.sessionId);
      if (lane !== undefined) return void lane.push(pending);
      const waiting = [pending];
      lanes.set(job.sessionId, waiting);
      void drain(job.sessionId, waiting);
    });
}
