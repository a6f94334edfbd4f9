import { Buffer } from 'node:buffer';
import { type Problem, problem } from './problem.ts';

/** A check of one input field: null where it holds. */
export type Check = Problem | null;

type Path = readonly string[];
type Given<T> = T | null | undefined;

const bad = (path: Path, rule: string, got: string): Problem =>
  problem('BAD_INPUT', `Expected \`${path.join('.')}\` ${rule}, got ${got}.`, { path });

/** A value as a message may show it: short, on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  if (text.length <= 80) return text;
  const cut = text.slice(0, 77);
  // Not through the middle of a surrogate pair.
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}

/** The first check that does not hold. */
export const firstOf = (...checks: readonly Check[]): Check => checks.find((check) => check !== null) ?? null;

// A NUL ends text for some stores, and half of a surrogate pair has no UTF-8: either would come back as something else.
const storable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

const unstorable = 'to be well-formed Unicode without NUL characters';

/** Text of at most `max` UTF-16 code units that has something to show. */
export function text(path: Path, value: Given<string>, max: number): Check {
  if (value === null || value === undefined) return null;
  if (!storable(value)) return bad(path, unstorable, 'text with a lone surrogate or a NUL');
  if (value.trim() === '') return bad(path, 'not to be empty', shown(value));
  return value.length <= max ? null : bad(path, `to have at most ${max} characters`, `${value.length}`);
}

/** Text of 1 to `max` bytes of UTF-8. More is TOO_LARGE. */
export function bytes(path: Path, value: Given<string>, max: number): Check {
  if (value === null || value === undefined) return null;
  if (!storable(value)) return bad(path, unstorable, 'text with a lone surrogate or a NUL');
  if (value === '') return bad(path, 'not to be empty', '""');
  const size = Buffer.byteLength(value);
  return size <= max ? null : problem('TOO_LARGE', `Expected \`${path.join('.')}\` to have at most ${max} bytes, got ${size}.`, { path });
}

export function integer(path: Path, value: Given<number>, min: number, max: number): Check {
  if (value === null || value === undefined) return null;
  return Number.isSafeInteger(value) && value >= min && value <= max
    ? null
    : bad(path, `to be a whole number from ${min} to ${max}`, shown(value));
}

export function pattern(path: Path, value: Given<string>, shape: RegExp, rule: string): Check {
  return value === null || value === undefined || shape.test(value) ? null : bad(path, rule, shown(value));
}

/** An absolute URL with one of the schemes that a browser may follow without harm. */
export function url(path: Path, value: string, max: number): Check {
  const size = text(path, value, max);
  if (size !== null) return size;
  const scheme = URL.canParse(value) ? new URL(value).protocol : null;
  return scheme === 'https:' || scheme === 'http:' || scheme === 'ipfs:'
    ? null
    : bad(path, 'to be an http, https or ipfs URL', shown(value));
}

/** A list of at most `max` entries, each of which keeps its own rules. More is TOO_LARGE. */
export function entries<T>(path: Path, values: Given<readonly T[]>, max: number, check: (value: T, path: Path) => Check): Check {
  if (values === null || values === undefined) return null;
  if (values.length > max)
    return problem('TOO_LARGE', `Expected \`${path.join('.')}\` to have at most ${max} entries, got ${values.length}.`, { path });
  return firstOf(...values.map((value, index) => check(value, [...path, String(index)])));
}

/** Names or addresses, none empty. */
export const list = (path: Path, values: Given<readonly string[]>, maxEntries: number, maxLength: number): Check =>
  entries(path, values, maxEntries, (value, place) => text(place, value, maxLength));

/** A JSON object within bounds of size and nesting, every text and number in it storable. */
export function object(path: Path, value: unknown, maxBytes: number, maxDepth: number): Check {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object' || Array.isArray(value))
    return bad(path, 'to be an object', Array.isArray(value) ? 'a list' : shown(value));
  const fault = faultIn(value, maxDepth);
  if (fault === 'depth') return bad(path, `to be nested at most ${maxDepth} levels deep`, 'more');
  if (fault === 'text') return bad(path, `${unstorable} throughout`, 'text with a lone surrogate or a NUL');
  if (fault === 'number') return bad(path, 'to have only finite numbers', 'one beyond the range of a double');
  const size = Buffer.byteLength(JSON.stringify(value));
  return size <= maxBytes
    ? null
    : problem('TOO_LARGE', `Expected \`${path.join('.')}\` to have at most ${maxBytes} bytes as JSON, got ${size}.`, { path });
}

function faultIn(value: unknown, levels: number): 'depth' | 'text' | 'number' | null {
  if (typeof value === 'string') return storable(value) ? null : 'text';
  // A number such as 1e999 is read as Infinity, which JSON would write as null.
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'number';
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return 'depth';
  for (const [key, child] of Object.entries(value)) {
    const fault = storable(key) ? faultIn(child, levels - 1) : 'text';
    if (fault !== null) return fault;
  }
  return null;
}
