import type { Page, PageRequest } from '../../core/queries.ts';
import type { Table } from '../shared/tables.ts';
import { fromRow, type Row, type Value } from './codec.ts';
import type { Query } from './database.ts';

interface Column {
  readonly name: string;
  readonly type: 'text' | 'bigint';
}

/** Lists of one kind, each of which is what has certain values in certain columns: the messages of a session. */
export interface Lists<T, Place> {
  readonly table: Table<T>;
  readonly from: string;
  /** The columns of the order, ascending; together they are unique within a list. */
  readonly order: readonly Column[];
  readonly valuesOf: (place: Place) => Row;
}

/** One of the lists, and what of it is asked for. */
export interface ListRequest<Place> {
  /** Column and value. */
  readonly key: readonly (readonly [column: string, value: string])[];
  readonly page: PageRequest<Place>;
  /** An expression of `list.key_0` for the number of all that match, where that is known without counting. */
  readonly count?: string;
}

/** Those that one statement answers: they differ in values only. */
const shapeOf = ({ key, page, count }: ListRequest<never>): string =>
  JSON.stringify([key.map(([column]) => column), page.after !== undefined, page.before !== undefined, page.fromEnd === true, count]);

const rowOf = (names: readonly string[]): string => `(${names.join(', ')})`;

/** `unnest` of the columns as `list`, numbered from 1 in `list.place`. */
const listsOf = (columns: readonly Column[]): string =>
  `unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')}) WITH ORDINALITY AS list (${[...columns.map(({ name }) => name), 'place'].join(', ')})`;

const columnsOf = (rows: readonly Row[], count: number): Value[][] =>
  Array.from({ length: count }, (_, index) => rows.map((row) => row[index] as Value));

/** A page of each list: a statement for the rows of all lists of a shape, and another one for the counts that the pages do not show. */
export async function readPages<T, Place>(
  query: Query,
  lists: Lists<T, Place>,
  requests: readonly ListRequest<Place>[],
): Promise<readonly Page<T>[]> {
  const shapes = Map.groupBy(requests, (request) => shapeOf(request as ListRequest<never>));
  const pages = new Map<ListRequest<Place>, Page<T>>();
  await Promise.all(
    [...shapes.values()].map(async (alike) => {
      const answers = await readShape(query, lists, alike);
      for (const [index, request] of alike.entries()) pages.set(request, answers[index] as Page<T>);
    }),
  );
  return requests.map((request) => pages.get(request) as Page<T>);
}

async function readShape<T, Place>(
  query: Query,
  { table, from, order, valuesOf }: Lists<T, Place>,
  alike: readonly ListRequest<Place>[],
): Promise<readonly Page<T>[]> {
  const [first] = alike;
  if (first === undefined) return [];
  const backwards = first.page.fromEnd === true;
  const keys = first.key.map((_, index): Column => ({ name: `key_${index}`, type: 'text' }));
  const placed = (prefix: string): readonly Column[] => order.map(({ name, type }) => ({ name: `${prefix}_${name}`, type }));
  const bounds = [...(first.page.after === undefined ? [] : placed('after')), ...(first.page.before === undefined ? [] : placed('before'))];
  const columns: readonly Column[] = [...keys, ...bounds, { name: 'size', type: 'bigint' }];
  const own = first.key.map(([column], index) => `${column} = list.key_${index}`);
  const orderRow = rowOf(order.map(({ name }) => name));
  const beyond = (prefix: string): string => rowOf(order.map(({ name }) => `list.${prefix}_${name}`));
  const where = [
    ...own,
    ...(first.page.after === undefined ? [] : [`${orderRow} > ${beyond('after')}`]),
    ...(first.page.before === undefined ? [] : [`${orderRow} < ${beyond('before')}`]),
  ];
  const direction = backwards ? 'DESC' : 'ASC';
  const sorted = (prefix: string): string => order.map(({ name }) => `${prefix}${name} ${direction}`).join(', ');
  const rows = await query(
    `SELECT item.*, list.place FROM ${listsOf(columns)}
     CROSS JOIN LATERAL (
       SELECT ${table.columns} FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${sorted('')} LIMIT list.size
     ) AS item
     ORDER BY list.place, ${sorted('item.')}`,
    columnsOf(
      alike.map(({ key, page }) => [
        ...key.map(([, value]) => value),
        ...(page.after === undefined ? [] : valuesOf(page.after)),
        ...(page.before === undefined ? [] : valuesOf(page.before)),
        page.limit + 1,
      ]),
      columns.length,
    ),
  );
  const byPlace = Map.groupBy(rows, (row) => Number(row.at(-1)));
  const drafts = alike.map(({ page }, index) => {
    const found = byPlace.get(index + 1) ?? [];
    const items = found.slice(0, page.limit).map((row) => fromRow(table, row));
    const hasMore = found.length > page.limit;
    const isWhole = !hasMore && page.after === undefined && page.before === undefined;
    return { items: backwards ? items.toReversed() : items, hasMore, isWhole };
  });
  const uncounted = alike.filter((_, index) => drafts[index]?.isWhole === false);
  const counts =
    uncounted.length === 0
      ? []
      : await query(
          `SELECT coalesce(${first.count ?? `(SELECT count(*) FROM ${from} WHERE ${own.join(' AND ')})`}, 0) FROM ${listsOf(keys)} ORDER BY list.place`,
          columnsOf(
            uncounted.map(({ key }) => key.map(([, value]) => value)),
            keys.length,
          ),
        );
  const totals = new Map(uncounted.map((request, index) => [request, Number(counts[index]?.[0])]));
  return drafts.map(({ items, hasMore }, index) => ({
    items,
    hasMore,
    totalCount: totals.get(alike[index] as ListRequest<Place>) ?? items.length,
  }));
}
