import type { Member } from '../../core/member.ts';
import type { Message } from '../../core/message.ts';
import type { IdempotencyRecord } from '../../core/commit.ts';
import type { ApiKeyRecord } from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';

/** How a property that is not null is kept: as it is (numbers, ids, words of ours), as free text, as JSON, as 0 or 1. */
export type Codec = 'plain' | 'text' | 'json' | 'flag';

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
