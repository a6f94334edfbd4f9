/** The items one after the other, from the first again after the last. */
export function inTurn<T>(items: readonly T[], index: number): T {
  if (items.length === 0) throw new RangeError('Expected at least one item');
  return items[index % items.length] as T;
}
