import { z } from 'zod';
import type { JsonObject } from '../../core/session.ts';
import { type Rows, readableRowsOf, rowsOf } from '../shared/rows.ts';

/** Minutes, fractions among them. Any value that was given for `autoRenew` is kept by the service, and taken for true or false. */
export interface WireTimeout {
  readonly timeoutMinutes: number;
  readonly autoRenew: boolean;
  readonly maxDurationMinutes: number;
  readonly warningThresholdMinutes: number;
}

/** A session. Instants are ISO 8601 on the wire and epoch milliseconds here. The answer to a creation has no `lastActivity` and no `renewalCount`. */
export interface WireSession {
  readonly sessionId: string;
  readonly channelId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly lastActivity?: number | undefined;
  readonly expiresAt: number;
  readonly metadata: JsonObject;
  readonly timeoutConfig: WireTimeout;
  readonly renewalCount?: number | undefined;
}

export interface WireAttachment {
  readonly url: string;
  readonly contentType?: unknown;
  readonly type?: unknown;
  readonly title?: unknown;
  readonly name?: unknown;
}

/** An item of the history. */
export interface WireMessage {
  readonly id: string;
  readonly content: string;
  readonly authorId: string;
  /** Whether the message's source is `agent_response`. */
  readonly isAgent: boolean;
  readonly createdAt: number;
  readonly metadata: JsonObject;
}

/** Newest first. */
export interface WireHistory {
  readonly messages: readonly WireMessage[];
  /** How many items could not be read. */
  readonly unreadable: number;
  readonly hasMore: boolean;
}

/** Of a channel's message: the message that it answers; null = none, undefined = the server does not say. */
export interface WireTie {
  readonly id: string;
  readonly inReplyTo?: string | null | undefined;
}

/** What a message that was taken is answered with (transport `websocket`). */
export interface WireSent {
  readonly userMessage: { readonly id: string; readonly created_at: number };
  readonly sessionStatus: { readonly expiresAt: number; readonly renewalCount: number; readonly wasRenewed: boolean };
}

export interface WireAgent {
  readonly id: string;
  readonly name: string;
  readonly bio: string | null;
  readonly status: string | null;
}

/** The socket's `messageBroadcast`. */
export interface WireBroadcast {
  readonly id: string;
  readonly senderId: string;
  readonly senderName: string | null;
  readonly text: string;
  /** The channel, also where a `channelId` is there besides. */
  readonly roomId: string;
  readonly createdAt: number;
  /** `agent_response`, `agent_action`, or of a user: `socketio_client`, `client_chat`, … */
  readonly source: string;
  readonly thought?: unknown;
  readonly actions?: unknown;
  readonly attachments?: unknown;
}

/** The socket's `messageStreamChunk`. `messageId` is the `id` of the broadcast that follows. */
export interface WireChunk {
  readonly messageId: string;
  readonly channelId: string;
  readonly chunk: string;
}

const instant = z.string().transform((text, context): number => {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  context.addIssue({ code: 'custom', message: 'must be an ISO 8601 instant' });
  return z.NEVER;
});
const id = z.string().min(1);
/** Any at all: whether it can be an instant or a count is not decided here. What JSON has no number for is a large one. */
const number = z.unknown().transform((value, context): number => {
  if (typeof value === 'number') return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  context.addIssue({ code: 'custom', message: 'must be a number' });
  return z.NEVER;
});
const object = z.unknown().transform((value): JsonObject => {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
});
const text = z
  .unknown()
  .optional()
  .transform((value): string | null => (typeof value === 'string' && value !== '' ? value : null));

export const sessionShape: z.ZodType<WireSession> = z.object({
  sessionId: id,
  channelId: id,
  agentId: id,
  userId: id,
  createdAt: instant,
  lastActivity: instant.optional(),
  expiresAt: instant,
  metadata: object,
  timeoutConfig: z.object({
    timeoutMinutes: number,
    autoRenew: z.unknown().transform(Boolean),
    maxDurationMinutes: number,
    warningThresholdMinutes: number,
  }),
  renewalCount: number.optional(),
});

export const sessionsShape: z.ZodType<Rows<WireSession>> = z
  .object({ sessions: rowsOf(sessionShape) })
  .transform(({ sessions }) => sessions);

const messageShape: z.ZodType<WireMessage> = z.object({
  id,
  content: z.string(),
  authorId: z.string(),
  isAgent: z.boolean(),
  createdAt: instant,
  metadata: object.optional().default({}),
});

export const historyShape: z.ZodType<WireHistory> = z
  .object({ messages: rowsOf(messageShape), hasMore: z.boolean() })
  .transform(({ messages: { rows, unreadable }, hasMore }) => ({ messages: rows, unreadable, hasMore }));

const json = z.string().transform((body, context): unknown => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

const tieShape = z
  .object({ id, inReplyToRootMessageId: id.nullish() })
  .transform(({ id, inReplyToRootMessageId: inReplyTo }): WireTie => ({ id, inReplyTo }));

/** Of a channel's messages as text: rows that cannot be read are left out. */
export const tiesShape: z.ZodType<readonly WireTie[], string> = json
  .pipe(z.object({ data: z.object({ messages: rowsOf(tieShape) }) }))
  .transform(({ data }) => data.messages.rows);

export const sentShape: z.ZodType<WireSent> = z.object({
  userMessage: z.object({ id, created_at: number }),
  sessionStatus: z.object({ expiresAt: instant, renewalCount: number, wasRenewed: z.boolean() }),
});

export const agentsShape: z.ZodType<readonly WireAgent[]> = z
  .object({ data: z.object({ agents: readableRowsOf(z.object({ id, name: z.string(), bio: text, status: text })) }) })
  .transform(({ data: { agents } }) => agents.rows);

export const healthShape: z.ZodType<{ readonly status: string }> = z.object({ status: z.string() });

/** Failures are answered with 200 as well. */
export const doneShape: z.ZodType<{ readonly success: true }> = z.object({ success: z.literal(true) });

export const broadcastShape: z.ZodType<WireBroadcast> = z.object({
  id,
  senderId: z.string(),
  senderName: text,
  text: z.string(),
  roomId: id,
  createdAt: number,
  source: z.string(),
  thought: z.unknown().optional(),
  actions: z.unknown().optional(),
  attachments: z.unknown().optional(),
});

export const chunkShape: z.ZodType<WireChunk> = z.object({ messageId: id, channelId: id, chunk: z.string() });

/** The socket's `messageStreamError`. Its text is the agent's own error, and is not passed on. */
export const streamErrorShape: z.ZodType<{ readonly messageId: string; readonly channelId: string }> = z.object({
  messageId: id,
  channelId: id,
});

/** Of `channel_joined`, `messageDeleted`, `channelCleared`, `channelUpdated` and `channelDeleted`. */
export const ofChannelShape: z.ZodType<{ readonly channelId: string }> = z.object({ channelId: id });

export const attachmentsShape: z.ZodType<readonly WireAttachment[]> = z.array(z.looseObject({ url: z.string().min(1) })).catch([]);

/** What `Facts.data` is. */
export const dataShape: z.ZodType<{ readonly channelId: string; readonly userId: string }> = z.object({ channelId: id, userId: id });

/** A UUID as the service takes it: of any version. */
export const isUuid = (value: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value);
