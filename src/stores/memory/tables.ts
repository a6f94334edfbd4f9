import type { TimelineEvent } from '../../core/event.ts';
import type { MemberId, MessageId, SessionId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import type { Message } from '../../core/message.ts';
import type { IdempotencyRecord } from '../../core/commit.ts';
import type { ApiKeyRecord } from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';

/** All that a memory store holds. Everything in it is frozen. */
export interface Tables {
  readonly sessions: Map<SessionId, Session>;
  /** By `pairKey(backend, handle)`. */
  readonly handles: Map<string, SessionId>;
  readonly members: Map<MemberId, Member>;
  readonly membersOf: Map<SessionId, Map<MemberId, Member>>;
  readonly messages: Map<MessageId, Message>;
  readonly messagesOf: Map<SessionId, Message[]>;
  /** Without a gap up to the session's number; the oldest may be gone. */
  readonly events: Map<SessionId, TimelineEvent[]>;
  /** By `pairKey(scope, key)`. */
  readonly idempotency: Map<string, IdempotencyRecord>;
  readonly apiKeys: Map<string, ApiKeyRecord>;
  readonly challenges: Map<string, { readonly payload: string; readonly expiresAt: number }>;
  /** By gateway. */
  readonly presence: Map<string, { readonly members: Set<MemberId>; readonly until: number }>;
  /** By name. */
  readonly leases: Map<string, { readonly holder: string; readonly expiresAt: number }>;
}

export const newTables = (): Tables => ({
  sessions: new Map(),
  handles: new Map(),
  members: new Map(),
  membersOf: new Map(),
  messages: new Map(),
  messagesOf: new Map(),
  events: new Map(),
  idempotency: new Map(),
  apiKeys: new Map(),
  challenges: new Map(),
  presence: new Map(),
  leases: new Map(),
});

/** One text for two, different for different pairs. */
export const pairKey = (first: string, second: string): string => JSON.stringify([first, second]);
