import type { EventBody, TimelineEvent } from '../../core/event.ts';
import type { SessionId } from '../../core/ids.ts';
import type { Codec, Table } from '../shared/tables.ts';

/** What PostgreSQL gives here: 64-bit numbers are read as JavaScript's, and all that are kept are safe integers. */
export type Value = string | number | boolean | null;
export type Row = readonly Value[];

// PostgreSQL's text has no form for NUL, and UTF-8 none for a lone surrogate. Such a text is kept as its JSON behind a mark: U+FFFF,
// which is no character. A text that begins with the mark is kept in the same way, so that equal texts stay equal and different ones
// different.
const mark = '\uffff';

export const escapeText = (text: string): string =>
  text.isWellFormed() && !text.includes('\0') && !text.startsWith(mark) ? text : mark + JSON.stringify(text);

export const escapeOrNull = (text: string | null): string | null => (text === null ? null : escapeText(text));

export const unescapeText = (text: string): string => (text.startsWith(mark) ? (JSON.parse(text.slice(mark.length)) as string) : text);

/** Every text of a JSON value, keys included. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]));
}

// As `JSON.stringify` writes them. It finds too much where a text has a backslash before the `u`, and that costs time only.
const needsEscape = /\\u0000|\\ud|\uffff/;

/** JSON that `jsonb` takes as well: the texts in it are escaped as those of columns are. Kept as text, it comes back digit by digit. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  return needsEscape.test(json) ? JSON.stringify(mapTexts(JSON.parse(json), escapeText)) : json;
}

function fromJson(json: string): unknown {
  const value: unknown = JSON.parse(json);
  return json.includes(mark) ? mapTexts(value, unescapeText) : value;
}

/** A property's value as its column has it. */
export function encode(codec: Codec, value: unknown): Value {
  if (value === null) return null;
  switch (codec) {
    case 'plain':
    case 'flag':
      return value as Value;
    case 'text':
      return escapeText(value as string);
    case 'json':
      return toJson(value);
  }
}

/** A column's value as the property has it. */
export function decode(codec: Codec, value: Value): unknown {
  if (value === null) return null;
  switch (codec) {
    case 'plain':
    case 'flag':
      return value;
    case 'text':
      return unescapeText(value as string);
    case 'json':
      return fromJson(value as string);
  }
}

/** Properties by the names of their columns, as the columns have them. */
export function toColumns<T>(table: Table<T>, noun: Partial<T>): Record<string, Value> {
  return Object.fromEntries(
    (Object.keys(noun) as (keyof T)[]).map((key) => {
      const [column, codec] = table.definition[key];
      return [column, encode(codec, noun[key])];
    }),
  );
}

/** The values of a noun in the order of `table.columns`. */
export const toRow = <T>(table: Table<T>, noun: T): Row => table.keys.map((key) => encode(table.definition[key][1], noun[key]));

/** The noun of a row that was selected by `table.columns`, the row's later columns aside. */
export function fromRow<T>(table: Table<T>, row: Row): T {
  const noun: T = { ...table.blank };
  for (const [index, key] of table.keys.entries()) {
    noun[key] = decode(table.codecs[index] as Codec, row[index] as Value) as T[typeof key];
  }
  return noun;
}

/** The event of a row of `seq, at, body`. */
export function toEvent(sessionId: SessionId, [seq, at, body]: Row): TimelineEvent {
  return { sessionId, seq: Number(seq), at: Number(at), body: fromJson(String(body)) as EventBody };
}
