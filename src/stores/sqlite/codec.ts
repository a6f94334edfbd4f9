import type { EventBody, TimelineEvent } from '../../core/event.ts';
import type { SessionId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import type { Message } from '../../core/message.ts';
import type { ApiKeyRecord, IdempotencyRecord } from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';
import type { Row, Value } from './statements.ts';

// SQLite keeps text as UTF-8, in which a lone surrogate has no form. Such a text is kept as its JSON behind a mark: U+FFFF, which
// is no character. A text that begins with the mark is kept in the same way, so that equal texts stay equal and different ones different.
const mark = '\uffff';

export const escapeText = (text: string): string => (text.isWellFormed() && !text.startsWith(mark) ? text : mark + JSON.stringify(text));

export const unescapeText = (text: string): string => (text.startsWith(mark) ? (JSON.parse(text.slice(mark.length)) as string) : text);

/** How a property that is not null is kept: as it is (numbers, ids, words of ours), as free text, as JSON, as 0 or 1. */
type Codec = 'plain' | 'text' | 'json' | 'flag';

/** Each property with its column and codec, in the order of the row. */
type Definition<T> = { readonly [K in keyof Required<T>]: readonly [column: string, codec: Codec] };

/** A table as statements and rows need it. */
export interface Table<T> {
  readonly keys: readonly (keyof T)[];
  /** In the order of `keys`. */
  readonly codecs: readonly Codec[];
  readonly definition: Definition<T>;
  /** Every property, so that a copy of it has the shape from the start: growing it key by key takes ten times as long. */
  readonly blank: T;
  /** `a, b, c` and `?, ?, ?`. */
  readonly columns: string;
  readonly placeholders: string;
}

function tableOf<T>(definition: Definition<T>): Table<T> {
  const keys = Object.keys(definition) as (keyof T)[];
  return {
    keys,
    codecs: keys.map((key) => definition[key][1]),
    definition,
    blank: Object.fromEntries(keys.map((key) => [key, null])) as T,
    columns: keys.map((key) => definition[key][0]).join(', '),
    placeholders: keys.map(() => '?').join(', '),
  };
}

export const sessionTable: Table<Session> = tableOf<Session>({
  id: ['id', 'plain'],
  backend: ['backend', 'plain'],
  handle: ['handle', 'text'],
  title: ['title', 'text'],
  description: ['description', 'text'],
  visibility: ['visibility', 'plain'],
  status: ['status', 'plain'],
  createdAt: ['created_at', 'plain'],
  updatedAt: ['updated_at', 'plain'],
  lastActivityAt: ['last_activity_at', 'plain'],
  renewedAt: ['renewed_at', 'plain'],
  expiresAt: ['expires_at', 'plain'],
  dueAt: ['due_at', 'plain'],
  warnedFor: ['warned_for', 'plain'],
  renewalCount: ['renewal_count', 'plain'],
  rules: ['rules', 'json'],
  owners: ['owners', 'json'],
  createdBy: ['created_by', 'text'],
  defaults: ['defaults', 'json'],
  metadata: ['metadata', 'json'],
  agentId: ['agent_id', 'text'],
  situation: ['situation', 'text'],
  upstream: ['upstream', 'json'],
  activeMembers: ['active_members', 'plain'],
  files: ['files', 'plain'],
  fileBytes: ['file_bytes', 'plain'],
  version: ['version', 'plain'],
  seq: ['seq', 'plain'],
});

export const memberTable: Table<Member> = tableOf<Member>({
  id: ['id', 'plain'],
  sessionId: ['session_id', 'plain'],
  name: ['name', 'text'],
  address: ['address', 'text'],
  role: ['role', 'plain'],
  status: ['status', 'plain'],
  joinedAt: ['joined_at', 'plain'],
  leftAt: ['left_at', 'plain'],
  principal: ['principal', 'text'],
  banned: ['banned', 'flag'],
  upstream: ['upstream', 'json'],
});

export const messageTable: Table<Message> = tableOf<Message>({
  id: ['id', 'plain'],
  sessionId: ['session_id', 'plain'],
  authorId: ['author_id', 'plain'],
  role: ['role', 'plain'],
  content: ['content', 'text'],
  channel: ['channel', 'text'],
  attachments: ['attachments', 'json'],
  metadata: ['metadata', 'json'],
  options: ['options', 'json'],
  inReplyTo: ['in_reply_to', 'plain'],
  createdAt: ['created_at', 'plain'],
  // Last, since the writer alone knows it.
  seq: ['seq', 'plain'],
});

export const idempotencyTable: Table<IdempotencyRecord> = tableOf<IdempotencyRecord>({
  scope: ['scope', 'text'],
  key: ['key', 'text'],
  inputHash: ['input_hash', 'plain'],
  result: ['result', 'json'],
  createdAt: ['created_at', 'plain'],
});

export const apiKeyTable: Table<ApiKeyRecord> = tableOf<ApiKeyRecord>({
  id: ['id', 'plain'],
  name: ['name', 'text'],
  tier: ['tier', 'plain'],
  hash: ['hash', 'plain'],
  createdAt: ['created_at', 'plain'],
  revokedAt: ['revoked_at', 'plain'],
});

function encode(codec: Codec, value: unknown): Value {
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

function decode(codec: Codec, value: Value): unknown {
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
