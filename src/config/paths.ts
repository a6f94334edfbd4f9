/** Settings as nested objects. */
export type Tree = Readonly<Record<string, unknown>>;

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path, undefined where there is none. */
export function valueAt(tree: unknown, path: readonly string[]): unknown {
  let value = tree;
  for (const key of path) value = isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** A copy with the value at the path. Groups that are missing or null on the way are made; what is no group stays, and the copy is as the original. */
export function withValueAt(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [key, ...rest] = path;
  if (key === undefined) return tree;
  if (rest.length === 0) return { ...tree, [key]: value };
  const inner = tree[key] ?? {};
  return isTree(inner) ? { ...tree, [key]: withValueAt(inner, rest, value) } : tree;
}

/** A copy that has nothing at the path. */
export function withoutValueAt(tree: Tree, path: readonly string[]): Tree {
  const [key, ...rest] = path;
  if (key === undefined) return tree;
  const { [key]: inner, ...others } = tree;
  if (rest.length === 0) return others;
  return isTree(inner) ? { ...tree, [key]: withoutValueAt(inner, rest) } : tree;
}

/** A copy in which nobody can change anything: objects and arrays are copied, at every depth. */
export function frozen<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as T;
  if (!isTree(value)) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, frozen(inner)]))) as T;
}
