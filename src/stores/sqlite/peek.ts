import type { Table } from '../shared/tables.ts';
import { fromRow } from './codec.ts';
import type { Prepare, Row, Value } from './statements.ts';
import type { ReadTurn } from './turn.ts';

/** Makes the reader of one noun by id, which keeps what it has read as long as nothing is written. */
export type PeekMaker = <T extends object>(table: Table<T>, sql: string) => (id: string) => T | null;

// All nouns together; a session is a thousand characters, or more where it has much metadata.
const maxCharacters = 8_000_000;

const charactersOf = (row: Row): number => row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);

function freeze(value: object): void {
  Object.freeze(value);
  for (const key in value) {
    const part: unknown = value[key as keyof typeof value];
    if (typeof part === 'object' && part !== null) freeze(part);
  }
}

/** SQLite says in a few microseconds whether anything was written, by whichever process; where nothing was, rows are what they were. */
export function createPeekMaker(prepare: Prepare, turn: ReadTurn): PeekMaker {
  /** By id: those of different nouns differ. */
  const kept = new Map<string, unknown>();
  let characters = 0;
  /** `PRAGMA data_version`, which changes with each commit that another connection has made. This one makes none. */
  let version: Value = null;

  function forget(): void {
    if (kept.size === 0) return;
    kept.clear();
    characters = 0;
  }

  /** Once a turn, in the transaction that the rows are read in. */
  function look(): void {
    if (!turn.begin()) return;
    const [current = null] = prepare('PRAGMA data_version').get() ?? [];
    if (current !== version) forget();
    version = current;
  }

  return <T extends object>(table: Table<T>, sql: string) =>
    (id) => {
      look();
      const known = kept.get(id);
      if (known !== undefined) return known as T;
      const row = prepare(sql).get(id);
      if (row === undefined) return null;
      const noun = fromRow(table, row);
      if (characters > maxCharacters) forget();
      characters += charactersOf(row);
      freeze(noun);
      kept.set(id, noun);
      return noun;
    };
}
