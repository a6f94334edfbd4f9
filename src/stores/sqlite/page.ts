import type { Page, PageRequest } from '../../core/queries.ts';
import type { Table } from '../shared/tables.ts';
import { fromRow } from './codec.ts';
import { readNumber } from './reading.ts';
import type { Prepare, Row, Value } from './statements.ts';

/** A list in its order, from which pages are cut. */
export interface Listing<T, Place> {
  readonly table: Table<T>;
  readonly from: string;
  /** Conditions that all hold, with `values` for their placeholders. */
  readonly where: readonly string[];
  readonly values: Row;
  /** The columns of the order, all of them in the same direction; together they are unique. */
  readonly order: readonly string[];
  /** @default false */
  readonly descending?: boolean;
  readonly valuesOf: (place: Place) => Row;
  /** All that match, where that is known without counting. */
  readonly count?: () => number;
}

/** One page: a statement for its rows, and another one for the count where the page does not show it. */
export function readPage<T, Place>(prepare: Prepare, listing: Listing<T, Place>, page: PageRequest<Place>): Page<T> {
  const { table, from, where, values, order } = listing;
  const descending = listing.descending === true;
  const backwards = page.fromEnd === true;
  const place = `(${order.join(', ')})`;
  const placeholders = `(${order.map(() => '?').join(', ')})`;
  const conditions = [...where];
  const bound: Value[] = [...values];
  if (page.after !== undefined) {
    conditions.push(`${place} ${descending ? '<' : '>'} ${placeholders}`);
    bound.push(...listing.valuesOf(page.after));
  }
  if (page.before !== undefined) {
    conditions.push(`${place} ${descending ? '>' : '<'} ${placeholders}`);
    bound.push(...listing.valuesOf(page.before));
  }
  const direction = descending === backwards ? 'ASC' : 'DESC';
  const orderBy = order.map((column) => `${column} ${direction}`).join(', ');
  const rows = prepare(`SELECT ${table.columns} FROM ${from}${whereClause(conditions)} ORDER BY ${orderBy} LIMIT ?`).all(
    ...bound,
    page.limit + 1,
  );
  const hasMore = rows.length > page.limit;
  const items = rows.slice(0, page.limit).map((row) => fromRow(table, row));
  const isWhole = !hasMore && page.after === undefined && page.before === undefined;
  const count = listing.count ?? (() => readNumber(prepare, `SELECT count(*) FROM ${from}${whereClause(where)}`, ...values) ?? 0);
  return { items: backwards ? items.toReversed() : items, hasMore, totalCount: isWhole ? items.length : count() };
}

const whereClause = (conditions: readonly string[]): string => (conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`);
