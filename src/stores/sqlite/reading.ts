import type { Table } from '../shared/tables.ts';
import { fromRow } from './codec.ts';
import type { Prepare, Row } from './statements.ts';

/** The one noun of a statement's first row, or null. */
export function readOne<T>(prepare: Prepare, table: Table<T>, sql: string, ...values: Row): T | null {
  const row = prepare(sql).get(...values);
  return row === undefined ? null : fromRow(table, row);
}

export const readAll = <T>(prepare: Prepare, table: Table<T>, sql: string, ...values: Row): T[] =>
  prepare(sql)
    .all(...values)
    .map((row) => fromRow(table, row));

/** The first column of the first row as a number; null where there is no row or nothing in it. */
export function readNumber(prepare: Prepare, sql: string, ...values: Row): number | null {
  const value = prepare(sql).get(...values)?.[0] ?? null;
  return value === null ? null : Number(value);
}
