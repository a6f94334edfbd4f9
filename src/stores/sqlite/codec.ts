import type { EventBody, TimelineEvent } from '../../core/event.ts';
import type { SessionId } from '../../core/ids.ts';
import type { Codec, Table } from '../shared/tables.ts';
import type { Row, Value } from './statements.ts';

// SQLite keeps text as UTF-8, in which a lone surrogate has no form. Such a text is kept as its JSON behind a mark: U+FFFF, which
// is no character. A text that begins with the mark is kept in the same way, so that equal texts stay equal and different ones different.
const mark = '\uffff';

export const escapeText = (text: string): string => (text.isWellFormed() && !text.startsWith(mark) ? text : mark + JSON.stringify(text));

export const unescapeText = (text: string): string => (text.startsWith(mark) ? (JSON.parse(text.slice(mark.length)) as string) : text);

/** A property's value as its column has it. */
export function encode(codec: Codec, value: unknown): Value {
  if (value === null) return null;
  switch (codec) {
    case 'plain':
      return value as Value;
    case 'text':
      return escapeText(value as string);
    case 'json':
      return JSON.stringify(value);
    case 'flag':
      return value === true ? 1 : 0;
  }
}

/** A column's value as the property has it. */
export function decode(codec: Codec, value: Value): unknown {
  if (value === null) return null;
  switch (codec) {
    case 'plain':
      return value;
    case 'text':
      return unescapeText(value as string);
    case 'json':
      return JSON.parse(value as string);
    case 'flag':
      return value === 1;
  }
}

/** One property as its column has it. */
export const toColumn = <T, K extends keyof T>(table: Table<T>, key: K, value: T[K]): Value => encode(table.definition[key][1], value);

export const toRow = <T>(table: Table<T>, noun: T): Row => table.keys.map((key) => toColumn(table, key, noun[key]));

/** The noun of a row that was selected by `table.columns`. */
export function fromRow<T>(table: Table<T>, row: Row): T {
  const noun: T = { ...table.blank };
  const { keys, codecs } = table;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as keyof T;
    noun[key] = decode(codecs[index] as Codec, row[index] as Value) as T[typeof key];
  }
  return noun;
}

/** The event of a row of `seq, at, body`. */
export function toEvent(sessionId: SessionId, [seq, at, body]: Row): TimelineEvent {
  return { sessionId, seq: Number(seq), at: Number(at), body: JSON.parse(String(body)) as EventBody };
}
