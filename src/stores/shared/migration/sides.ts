import type { CopiedTable } from './copied-tables.ts';

/** A row's values in the order of its table's columns, as the gateway knows them: texts as they were said, JSON parsed. */
export type CopiedRow = readonly unknown[];

/** The values of a row's key. */
export type RowKey = readonly unknown[];

/** A store whose rows are read as they are, all of the same moment where it is the source. */
export interface CopySide extends AsyncDisposable {
  /** Where it is, as it may be shown. */
  readonly place: string;
  /** The next rows after a key, in the store's own order of keys; null = from the first. Empty where there are no more. */
  page(table: CopiedTable, after: RowKey | null, limit: number): Promise<readonly CopiedRow[]>;
  /** Those of the keys that are there, in any order. */
  lookup(table: CopiedTable, keys: readonly RowKey[]): Promise<readonly CopiedRow[]>;
}

export interface CopySource extends CopySide {
  readonly epoch: string;
  /** Whether it is itself a copy that is not finished. */
  readonly isUnfinished: boolean;
  /** Whether anything was written to it since it was opened. To be asked last: what is read later is of another moment. */
  isChanged(): Promise<boolean>;
}

export interface CopyTarget extends CopySide {
  /**
   * Makes it the copy of that epoch, which no gateway starts on before `finish`.
   *
   * @throws CopyRefused where it holds anything but a copy of that epoch that nobody has used yet.
   */
  begin(epoch: string): Promise<void>;
  /** Inserts rows, or replaces those of the same keys. */
  write(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void>;
  /** Deletes rows. */
  remove(table: CopiedTable, keys: readonly RowKey[]): Promise<void>;
  /** What was written is there to stay, and a gateway may start on it. */
  finish(): Promise<void>;
}

/** The copy may not be made as things are; the message is for whoever asked for it. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
}
