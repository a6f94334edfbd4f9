import type { Table } from '../shared/tables.ts';
import { fromRow } from './codec.ts';
import type { Query } from './database.ts';

export async function readAll<T>(query: Query, table: Table<T>, sql: string, values: readonly unknown[]): Promise<T[]> {
  return (await query(sql, values)).map((row) => fromRow(table, row));
}

export async function readOne<T>(query: Query, table: Table<T>, sql: string, values: readonly unknown[]): Promise<T | null> {
  const [row] = await query(sql, values);
  return row === undefined ? null : fromRow(table, row);
}

/** What has the ids, in their order. */
export async function readByIds<T extends { readonly id: string }>(
  query: Query,
  table: Table<T>,
  from: string,
  ids: readonly string[],
): Promise<(T | null)[]> {
  if (ids.length === 0) return [];
  const found = await readAll(query, table, `SELECT ${table.columns} FROM ${from} WHERE id = ANY($1::text[])`, [[...new Set(ids)]]);
  const byId = new Map<string, T>(found.map((noun) => [noun.id, noun]));
  return ids.map((id) => byId.get(id) ?? null);
}
