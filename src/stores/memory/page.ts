import type { Page, PageRequest } from '../../core/queries.ts';

/** A place in an order: compared part by part. */
export type Key = readonly (number | string)[];

export function compareKeys(a: Key, b: Key): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined || part === other) continue;
    return part < other ? -1 : 1;
  }
  return 0;
}

/** One page of items that come in any order. */
export function cutPage<T, Place>(
  items: Iterable<T>,
  page: PageRequest<Place>,
  order: {
    readonly keyOf: (item: T) => Key;
    readonly keyOfPlace: (place: Place) => Key;
    /** @default false */
    readonly descending?: boolean;
  },
): Page<T> {
  const sign = order.descending === true ? -1 : 1;
  const compare = (a: Key, b: Key): number => sign * compareKeys(a, b);
  const all = [...items].sort((a, b) => compare(order.keyOf(a), order.keyOf(b)));
  const after = page.after === undefined ? null : order.keyOfPlace(page.after);
  const before = page.before === undefined ? null : order.keyOfPlace(page.before);
  const between = all.filter(
    (item) => (after === null || compare(order.keyOf(item), after) > 0) && (before === null || compare(order.keyOf(item), before) < 0),
  );
  const from = page.fromEnd === true ? Math.max(0, between.length - page.limit) : 0;
  return { items: between.slice(from, from + page.limit), hasMore: between.length > page.limit, totalCount: all.length };
}
