import type { Table } from '../shared/tables.ts';
import { readOne } from './reading.ts';
import type { Prepare, Value } from './statements.ts';
import type { ReadTurn } from './turn.ts';

/** Gives again what it has read, as long as nothing is written. What it gives is frozen. */
export interface Kept {
  /** What was read under that key, else what `read` reads now. Null is not kept. */
  read<T extends object>(key: string, read: () => T | null): T | null;
  /** One noun by its id: ids of different nouns differ. */
  byId<T extends object>(table: Table<T>, sql: string): (id: string) => T | null;
}

// Of everything together; a session is a thousand characters, or more where it has much metadata.
const maxCharacters = 8_000_000;
/** What an entry takes besides its texts, in characters. */
const entryCharacters = 100;

/** Freezes a value, and answers how many characters are in it. */
function freeze(value: object): number {
  let characters = 0;
  Object.freeze(value);
  for (const key in value) {
    const part: unknown = value[key as keyof typeof value];
    if (typeof part === 'string') characters += part.length;
    else if (typeof part === 'object' && part !== null) characters += key.length + freeze(part);
  }
  return characters;
}

/** SQLite says in a few microseconds whether anything was written, by whichever process; where nothing was, rows are what they were. */
export function createKept(prepare: Prepare, turn: ReadTurn): Kept {
  const kept = new Map<string, object>();
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

  function read<T extends object>(key: string, readNow: () => T | null): T | null {
    look();
    const known = kept.get(key);
    if (known !== undefined) return known as T;
    const value = readNow();
    if (value === null) return null;
    if (characters > maxCharacters) forget();
    characters += key.length + entryCharacters + freeze(value);
    kept.set(key, value);
    return value;
  }

  return { read, byId: (table, sql) => (id) => read(id, () => readOne(prepare, table, sql, id)) };
}
