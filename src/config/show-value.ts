import { hidden } from './config-error.ts';
import { isTree } from './paths.ts';

const longestShown = 120;

// What stands where a URL has its user and password, and everything behind the path of one.
const credentials = /(?<=\/\/)[^/?#\s]*@|(?<=:\/\/[^?#\s]*)[?#].*$/g;
const withoutCredentials = (text: string): string =>
  text.replaceAll(credentials, (found) => (found.endsWith('@') ? `${hidden}@` : `?${hidden}`));

const shortened = (text: string): string => (text.length > longestShown ? `${text.slice(0, longestShown)}…` : text);

/** A value as a message names it, with its type. What an object holds is not shown: it may be a secret. */
function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `\`${shortened(withoutCredentials(value))}\` (string)`;
  if (Array.isArray(value))
    return value.some((item) => typeof item === 'object') ? 'an array of objects' : `${shortened(JSON.stringify(value))} (array)`;
  if (isTree(value)) return 'an object';
  return typeof value === 'number' || typeof value === 'boolean' ? `${value} (${typeof value})` : `a ${typeof value}`;
}

/** The same, or `(hidden)`. */
export const showUnlessSecret = (value: unknown, secret: boolean): string =>
  secret && value !== undefined && value !== null ? hidden : showValue(value);
