import { addAbortListener, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Acknowledgement, FromWriter, Job, JobKind, JobResult, Jobs, ToWriter, WriterData } from './jobs.ts';
import { busy } from '../shared/unavailable.ts';
import { createWriting } from '../shared/writing.ts';

export interface WriteStats {
  /** Jobs acknowledged, among them refused ones. */
  readonly jobs: number;
  /** Transactions that they took: fewer, since jobs that wait together share one. */
  readonly transactions: number;
  /** Jobs that wait to be acknowledged. */
  readonly waiting: number;
}

export interface WriteQueueOptions extends WriterData {
  /** How many jobs may wait at once; what comes beyond is rejected. */
  readonly maxWaiting: number;
}

/** Hands jobs to the thread that writes, and their results back. */
export interface WriteQueue extends AsyncDisposable {
  readonly stats: WriteStats;
  /** Resolves once the job is on disk. Rejects where it failed, and then nothing of it is written, or where the store is closed. */
  submit<K extends JobKind>(job: Jobs[K]['job'] & { readonly kind: K }): Promise<Jobs[K]['result']>;
  check(signal?: AbortSignal): Promise<void>;
  /** @throws Error where the file cannot be written to. */
  checkWrites(): void;
}

interface Waiter {
  readonly kind: JobKind;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (reason: Error) => void;
}

type State =
  | { readonly phase: 'open' }
  | { readonly phase: 'closing'; readonly closed: Promise<void> }
  /** The writer has gone without being asked to. */
  | { readonly phase: 'failed'; readonly error: Error };

// A transaction of so many takes about as long as it takes to decide as many.
const jobsAhead = 16;

// The file runs as it is from a clone, and as JavaScript from the package.
const writerUrl = new URL(import.meta.url.endsWith('.ts') ? './writer.ts' : './writer.js', import.meta.url);

/**
 * Starts the writer and opens the file through it.
 *
 * @throws Error that names the file, where it cannot be opened.
 */
export async function createWriteQueue({ maxWaiting, ...data }: WriteQueueOptions): Promise<WriteQueue> {
  const worker = new Worker(writerUrl, { workerData: data, name: 'parley-sqlite-writer' });
  const { promise: exited, resolve: exit } = Promise.withResolvers<void>();
  worker.once('exit', () => exit());
  const [first] = (await Promise.race([once(worker, 'message'), exited.then(() => [])])) as [FromWriter?];
  if (first?.kind !== 'ready') {
    await exited;
    throw new Error(first?.kind === 'refused' ? first.message : `The writer of the SQLite store at ${data.path} did not start.`);
  }

  let state: State = { phase: 'open' };
  let unsent: Job[] = [];
  const waiters: Waiter[] = [];
  const writing = createWriting();
  const stats = {
    jobs: 0,
    transactions: 0,
    get waiting() {
      return waiters.length;
    },
  };

  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- windows have origins, workers have none
  const post = (message: ToWriter): void => worker.postMessage(message);

  const send = (): void => {
    if (state.phase === 'failed') return;
    for (let from = 0; from < unsent.length; from += data.maxBatch) {
      post(unsent.slice(from, from + data.maxBatch));
    }
    unsent = [];
  };

  const acknowledge = ({ results, failures, transactions }: Acknowledgement): void => {
    const done = waiters.splice(0, results.length);
    stats.jobs += done.length;
    stats.transactions += transactions;
    for (const { index, message, unwritable } of failures) {
      const waiter = done[index];
      if (waiter === undefined) continue;
      const error = new Error(`The SQLite store at ${data.path} could not write: ${message}`);
      waiter.reject(unwritable ? writing.refused(waiter.kind, error) : error);
    }
    for (const [index, waiter] of done.entries()) {
      const result = results[index];
      if (result === undefined) continue;
      writing.done(waiter.kind);
      if (typeof result === 'object' && result?.kind === 'committed') writing.wrote();
      waiter.resolve(result);
    }
  };

  const fail = (reason: string, cause?: unknown): void => {
    if (state.phase === 'failed') return;
    const error = new Error(`The writer of the SQLite store at ${data.path} stopped: ${reason}.`, { cause });
    state = { phase: 'failed', error };
    unsent = [];
    for (const { reject } of waiters.splice(0)) reject(error);
  };

  worker.on('message', (message: FromWriter) => {
    if (message.kind === 'done') acknowledge(message);
  });
  worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error), error));
  worker.on('exit', (code) => {
    if (state.phase === 'open' || waiters.length > 0) fail(`its thread ended with code ${code}`);
  });

  const submit: WriteQueue['submit'] = async (job) => {
    if (state.phase === 'failed') throw state.error;
    if (state.phase === 'closing') throw new Error(`The SQLite store at ${data.path} is closed.`);
    if (waiters.length >= maxWaiting) throw busy();
    // One post for all that come in the same turn of the event loop: a post costs more than a job.
    const count = unsent.push(job);
    if (count === 1) setImmediate(send);
    // But where many come one by one, some go ahead, so that the disk is written to while the others are decided.
    else if (count === jobsAhead) queueMicrotask(send);
    const { promise, resolve, reject } = Promise.withResolvers<JobResult>();
    waiters.push({ kind: job.kind, resolve, reject });
    return promise;
  };

  return {
    stats,
    submit,
    check: async (signal) => {
      signal?.throwIfAborted();
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const listener = signal && addAbortListener(signal, () => reject(signal.reason));
      await Promise.race([submit({ kind: 'ping' }), aborted]).finally(() => listener?.[Symbol.dispose]());
    },
    checkWrites: () => writing.check(),
    [Symbol.asyncDispose]: () => {
      if (state.phase === 'failed') return exited;
      if (state.phase === 'closing') return state.closed;
      state = { phase: 'closing', closed: exited };
      send();
      post('close');
      return exited;
    },
  };
}
