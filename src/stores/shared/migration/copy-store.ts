import { absentIn, batchesOf, textsIn } from './batches.ts';
import { type CopiedTable, copiedTables, keyOnly } from './copied-tables.ts';
import { CopyRefused, type CopySource, type CopyTarget } from './sides.ts';
import { type Verification, verify } from './verify.ts';
import { unfinished } from './marks.ts';

/** What is being done to a table. */
export type Step = 'deleted rows looked for' | 'rows compared and copied' | 'rows verified';

export interface CopyOptions {
  readonly source: CopySource;
  readonly target: CopyTarget;
  /** Told after each batch how many rows of the table have been looked at in this step. */
  readonly onProgress?: (step: Step, table: string, rows: number) => void;
}

export interface TableCopy {
  readonly table: string;
  /** New in the target, or changed there. */
  readonly written: number;
  readonly removed: number;
}

export interface CopyReport extends Verification {
  readonly copies: readonly TableCopy[];
  /** Whether the source was written to meanwhile: then the target is a copy of an earlier moment, and not finished. */
  readonly isChanged: boolean;
}

/**
 * Makes the target a copy of the source: deletes rows that the source has no longer, writes those that differ, compares both. What an
 * earlier call has copied is not written again. The target is finished, so that a gateway starts on it, if nothing differs and nobody has
 * written to the source meanwhile.
 *
 * @throws CopyRefused where the target holds anything else, or the source is an unfinished copy.
 */
export async function copyStore({ source, target, onProgress = () => undefined }: CopyOptions): Promise<CopyReport> {
  if (source.isUnfinished) throw new CopyRefused(`Expected the source ${source.place} to be complete, but ${unfinished(source.epoch)}`);
  await target.begin(source.epoch);
  const removed = new Map<string, number>();
  // Before anything is written, since what is gone may hold a name that something new has; and what refers before what it refers to.
  for (const table of copiedTables.toReversed()) {
    const report = (rows: number): void => onProgress('deleted rows looked for', table.name, rows);
    removed.set(table.name, await removeDeleted(source, target, table, report));
  }
  const copies: TableCopy[] = [];
  for (const table of copiedTables) {
    const report = (rows: number): void => onProgress('rows compared and copied', table.name, rows);
    const written = await writeDifferent(source, target, table, report);
    copies.push({ table: table.name, written, removed: removed.get(table.name) ?? 0 });
  }
  const verification = await verify(source, target, (table, rows) => onProgress('rows verified', table, rows));
  const isChanged = await source.isChanged();
  if (verification.differences.length === 0 && !isChanged) await target.finish();
  return { ...verification, copies, isChanged };
}

async function removeDeleted(source: CopySource, target: CopyTarget, table: CopiedTable, report: (rows: number) => void): Promise<number> {
  const keys = keyOnly(table);
  let rows = 0;
  let removed = 0;
  for await (const batch of batchesOf(target, keys)) {
    const gone = await absentIn(source, keys, batch);
    if (gone.length > 0) {
      await target.remove(
        table,
        gone.map(({ key }) => key),
      );
    }
    removed += gone.length;
    rows += batch.length;
    report(rows);
  }
  return removed;
}

async function writeDifferent(source: CopySource, target: CopyTarget, table: CopiedTable, report: (rows: number) => void): Promise<number> {
  // Into an empty table everything is written unasked.
  const isEmpty = (await target.page(keyOnly(table), null, 1)).length === 0;
  let rows = 0;
  let written = 0;
  for await (const batch of batchesOf(source, table)) {
    const there = isEmpty ? null : await textsIn(target, table, batch);
    const different = batch.filter(({ keyText, text }) => there?.get(keyText) !== text);
    if (different.length > 0) {
      await target.write(
        table,
        different.map(({ row }) => row),
      );
    }
    written += different.length;
    rows += batch.length;
    report(rows);
  }
  return written;
}
