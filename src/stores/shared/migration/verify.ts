import { hash } from 'node:crypto';
import { absentIn, batchesOf, textsIn } from './batches.ts';
import { type CopiedTable, copiedTables, keyOnly } from './copied-tables.ts';
import type { CopySide } from './sides.ts';

/** What a table comes to. */
export interface Checksum {
  readonly rows: number;
  /** SHA-256 of each row, added up modulo 2^256, hex: stores may order keys differently. */
  readonly sum: string;
}

/** A row that is not the same on both sides. */
export interface Difference {
  readonly table: string;
  /** The key's values, as JSON. */
  readonly key: string;
  readonly kind: 'missing in the target' | 'different in the target' | 'only in the target';
}

export interface TableCheck {
  readonly table: string;
  readonly source: Checksum;
  readonly target: Checksum;
}

export interface Verification {
  readonly tables: readonly TableCheck[];
  /** The first of each table. Empty = both hold the same. */
  readonly differences: readonly Difference[];
}

/** Told how many rows of a table have been looked at so far. */
export type OnProgress = (table: string, rows: number) => void;

const modulus = 1n << 256n;
const maxDifferences = 10;

async function checksumOf(side: CopySide, table: CopiedTable, onProgress: OnProgress): Promise<Checksum> {
  let rows = 0;
  let sum = 0n;
  for await (const batch of batchesOf(side, table)) {
    let added = 0n;
    for (const { text } of batch) added += BigInt(`0x${hash('sha256', text)}`);
    sum = (sum + added) % modulus;
    rows += batch.length;
    onProgress(table.name, rows);
  }
  return { rows, sum: sum.toString(16).padStart(64, '0') };
}

async function differencesOf(source: CopySide, target: CopySide, table: CopiedTable): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for await (const batch of batchesOf(source, table)) {
    const there = await textsIn(target, table, batch);
    for (const { keyText, text } of batch) {
      const other = there.get(keyText);
      if (other === text) continue;
      const kind = other === undefined ? 'missing in the target' : 'different in the target';
      found.push({ table: table.name, key: keyText, kind });
    }
    if (found.length >= maxDifferences) return found.slice(0, maxDifferences);
  }
  const keys = keyOnly(table);
  for await (const batch of batchesOf(target, keys)) {
    for (const { keyText } of await absentIn(source, keys, batch))
      found.push({ table: table.name, key: keyText, kind: 'only in the target' });
    if (found.length >= maxDifferences) break;
  }
  return found.slice(0, maxDifferences);
}

/** Compares all rows of both sides by count and checksum; where a table differs, finds out by which rows. */
export async function verify(source: CopySide, target: CopySide, onProgress: OnProgress = () => undefined): Promise<Verification> {
  const tables: TableCheck[] = [];
  const differences: Difference[] = [];
  for (const table of copiedTables) {
    const check = {
      table: table.name,
      source: await checksumOf(source, table, onProgress),
      target: await checksumOf(target, table, onProgress),
    };
    tables.push(check);
    if (check.source.rows !== check.target.rows || check.source.sum !== check.target.sum) {
      differences.push(...(await differencesOf(source, target, table)));
    }
  }
  return { tables, differences };
}
