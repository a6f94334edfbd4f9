import { type Table, fromRow } from './codec.ts';
import type { Prepare, Row, Value } from './statements.ts';
import type { WriteStats } from './write-queue.ts';

/** Makes the reader of one noun by id, which keeps what it has read as long as nothing is written. */
export type PeekMaker = <T>(table: Table<T>, sql: string) => (id: string) => T | null;

// All nouns together; a session is a thousand characters, or more where it has much metadata.
const maxCharacters = 8_000_000;

const charactersOf = (row: Row): number => row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

/**
 * Reading one row takes as long as asking SQLite whether anything was written at all, by whichever process: most of either is the locks on
 * the file. So that is asked, and what was read before is given again. It is asked once for what is done without waiting in between: all of
 * that was begun before the answer.
 */
export function createPeekMaker(prepare: Prepare, own: WriteStats): PeekMaker {
  /** By table and id: ids of different nouns differ. */
  const kept = new Map<string, unknown>();
  let characters = 0;
  /** `PRAGMA data_version`, which changes with each commit that another connection has made. */
  let version: Value = null;
  let acknowledged = -1;
  let asked = false;
  const ask = (): void => {
    asked = false;
  };

  function forget(): void {
    if (kept.size === 0) return;
    kept.clear();
    characters = 0;
  }

  /** While this process writes there is no use in asking. */
  function isQuiet(): boolean {
    if (own.waiting === 0 && own.jobs === acknowledged) return true;
    acknowledged = own.jobs;
    forget();
    return false;
  }

  function look(): void {
    if (asked) return;
    const [current = null] = prepare('PRAGMA data_version').get() ?? [];
    if (current !== version) forget();
    version = current;
    asked = true;
    queueMicrotask(ask);
  }

  return <T>(table: Table<T>, sql: string) => {
    const decode = (row: Row | undefined): T | null => (row === undefined ? null : fromRow(table, row));
    return (id: string) => {
      if (!isQuiet()) return decode(prepare(sql).get(id));
      // Before what it finds is read: that may be newer than the version it is kept under, and is then read again for nothing.
      look();
      const known = kept.get(id);
      if (known !== undefined) return known as T;
      const row = prepare(sql).get(id);
      const noun = decode(row);
      if (row === undefined || noun === null) return null;
      if (characters > maxCharacters) forget();
      characters += charactersOf(row);
      freeze(noun);
      kept.set(id, noun);
      return noun;
    };
  };
}
