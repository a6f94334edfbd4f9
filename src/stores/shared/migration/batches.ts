import { type CopiedTable, keyPlaces } from './copied-tables.ts';
import type { CopiedRow, CopySide, RowKey } from './sides.ts';

const maxRows = 1_000;
// In UTF-16 units of the canonical form. The next batch has half as many rows where one was over it, twice as many where it was far below.
const wantedLength = 2_097_152;
const firstRows = 64;

/** A row with what it is compared by. */
export interface Canonical {
  readonly row: CopiedRow;
  readonly key: RowKey;
  /** The key as text. */
  readonly keyText: string;
  /** The row as JSON of the values in the order of the columns: the same of every store. */
  readonly text: string;
}

function canonical(table: CopiedTable, rows: readonly CopiedRow[]): readonly Canonical[] {
  const places = keyPlaces(table);
  return rows.map((row) => {
    const key = places.map((place) => row[place]);
    return { row, key, keyText: JSON.stringify(key), text: JSON.stringify(row) };
  });
}

/** All rows of a table, in batches that are small where rows are large. */
export async function* batchesOf(side: CopySide, table: CopiedTable): AsyncGenerator<readonly Canonical[], void> {
  let after: RowKey | null = null;
  let limit = firstRows;
  for (;;) {
    const batch: readonly Canonical[] = canonical(table, await side.page(table, after, limit));
    const last = batch.at(-1);
    if (last === undefined) return;
    yield batch;
    after = last.key;
    const length = batch.reduce((sum, { text }) => sum + text.length, 0);
    if (length > wantedLength) limit = Math.max(1, Math.floor(limit / 2));
    else if (length * 4 < wantedLength) limit = Math.min(maxRows, limit * 2);
  }
}

/** Those of the rows whose keys the side does not have. */
export async function absentIn(side: CopySide, keys: CopiedTable, batch: readonly Canonical[]): Promise<readonly Canonical[]> {
  const there = await textsIn(side, keys, batch);
  return batch.filter(({ keyText }) => !there.has(keyText));
}

/** Of the rows' keys that the side has: its own rows as text, by the text of the key. */
export async function textsIn(side: CopySide, table: CopiedTable, batch: readonly Canonical[]): Promise<ReadonlyMap<string, string>> {
  const rows = await side.lookup(
    table,
    batch.map(({ key }) => key),
  );
  return new Map(canonical(table, rows).map(({ keyText, text }) => [keyText, text]));
}
