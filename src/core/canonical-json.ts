/** JSON with keys in order, so that the same value written differently is the same. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, child: unknown) =>
    typeof child === 'object' && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  );

/** Whether two values say the same as JSON, in whatever order their keys come. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return canonicalJson(a) === canonicalJson(b);
  // Records are compared with what services say for every row of a list: serializing both costs ten times as much.
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item ?? null, b[index] ?? null));
  return !Array.isArray(b) && sameObjects(a as JsonLike, b as JsonLike);
}

type JsonLike = Readonly<Record<string, unknown>>;

function sameObjects(a: JsonLike, b: JsonLike): boolean {
  // What writes itself in its own way is compared by what it writes.
  if (typeof a['toJSON'] === 'function' || typeof b['toJSON'] === 'function') return canonicalJson(a) === canonicalJson(b);
  const said = (object: JsonLike): readonly string[] => Object.keys(object).filter((key) => object[key] !== undefined);
  const keys = said(a);
  return keys.length === said(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}
