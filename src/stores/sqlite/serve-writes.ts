import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { createApply } from './apply.ts';
import type { Acknowledgement, FromWriter, Job, JobResult, ToWriter, WriterData } from './jobs.ts';
import { openForWriting } from './open-database.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// SQLite's result codes: SQLITE_READONLY and SQLITE_FULL, of which there are kinds, and SQLITE_IOERR_WRITE, which is a quota's.
const readOnly = 8;
const full = 13;
const writeFailed = 778;

function isUnwritable(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  // oxlint-disable-next-line no-bitwise -- the kind is in the higher bits
  return code === writeFailed || [readOnly, full].includes(code & 0xff);
}

/** Executes the jobs in one transaction. Where one of them throws, all is rolled back and each is tried alone, so that it fails alone. */
function execute(database: DatabaseSync, apply: (job: Job) => JobResult, jobs: readonly Job[]): Acknowledgement {
  const failed = (error: unknown): Acknowledgement => ({
    kind: 'done',
    results: jobs.map(() => undefined),
    failures: jobs.map((_, index) => ({ index, message: messageOf(error), unwritable: isUnwritable(error) })),
    transactions: 0,
  });
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    return failed(error);
  }
  try {
    const results = jobs.map(apply);
    database.exec('COMMIT');
    return { kind: 'done', results, failures: [], transactions: 1 };
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    if (jobs.length === 1) return failed(error);
  }
  const alone = jobs.map((job) => execute(database, apply, [job]));
  return {
    kind: 'done',
    results: alone.flatMap(({ results }) => results),
    failures: alone.flatMap(({ failures }, index) => failures.map((failure) => ({ ...failure, index }))),
    transactions: alone.reduce((sum, { transactions }) => sum + transactions, 0),
  };
}

/** Opens the file and executes what comes in on the port, until it is told to close. Says first whether the file could be opened. */
export function serveWrites(port: MessagePort, { maxBatch, ...file }: WriterData): void {
  const post = (message: FromWriter): void => port.postMessage(message);
  let database: DatabaseSync;
  try {
    database = openForWriting(file);
  } catch (error) {
    post({ kind: 'refused', message: messageOf(error) });
    port.close();
    return;
  }
  const apply = createApply(database);
  port.on('message', (message: ToWriter) => {
    let next: ToWriter | undefined = message;
    const jobs: Job[] = [];
    // What came while the last transaction ran shares the next one.
    while (next !== undefined && next !== 'close') {
      jobs.push(...next);
      next = jobs.length < maxBatch ? (receiveMessageOnPort(port)?.message as ToWriter | undefined) : undefined;
    }
    if (jobs.length > 0) post(execute(database, apply, jobs));
    if (next !== 'close') return;
    // Closing the last connection carries the log over into the file and removes it.
    database.close();
    port.close();
  });
  post({ kind: 'ready' });
}
