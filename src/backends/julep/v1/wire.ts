import { z } from 'zod';
import { isTooDeep } from '../../shared/depth.ts';
import { type Rows, rowsOf } from '../../shared/rows.ts';
import { content, identifier, instant, listOf, metadata } from '../wire.ts';

/** What of a session only `PUT` resets: it is given again. */
export const keptFields = [
  'system_template',
  'render_templates',
  'token_budget',
  'context_overflow',
  'auto_run_tools',
  'forward_tool_calls',
  'recall_options',
] as const;

export interface WireSession {
  readonly id: string;
  readonly situation?: string | null | undefined;
  /** Undefined = not to be taken over. */
  readonly metadata: Record<string, unknown> | undefined;
  readonly created_at: number;
  /** The document's subtypes have it, the service's own replies do not. */
  readonly agent?: string | null | undefined;
  readonly [field: string]: unknown;
}

/** `Sessions.Session`. */
export const sessionShape: z.ZodType<WireSession> = z.looseObject({
  id: z.guid(),
  situation: z.string().nullish(),
  metadata,
  created_at: instant,
  agent: identifier.nullish(),
});

export const sessionsShape: z.ZodType<{ items: Rows<WireSession> }> = listOf(sessionShape);

export interface WireEntry {
  /** Null = none that can be read: the entry is not shown, and counts where replies are told apart. */
  readonly id: string | null;
  readonly role: string;
  /** `api_request`: of a client. `api_response`: the agent's reply. Others are of the service's inner life. */
  readonly source: string;
  readonly content?: unknown;
  readonly name?: string | null | undefined;
  readonly tool_calls?: readonly unknown[] | null | undefined;
  readonly created_at: number;
}

const toolCalls = z
  .array(z.unknown())
  .nullish()
  .refine((calls) => !isTooDeep(calls), 'Expected fewer levels');

const entryShape: z.ZodType<WireEntry> = z.object({
  id: identifier.nullable().catch(null),
  role: z.string(),
  source: z.string(),
  content,
  name: z.string().nullish(),
  tool_calls: toolCalls,
  created_at: instant,
});

/** `Entries.History`, which is not paged. */
export const historyShape: z.ZodType<{ entries: Rows<WireEntry> }> = z.object({ entries: rowsOf(entryShape) });

/** What the agent says, or a piece of it. */
export interface WireSaid {
  readonly content?: unknown;
  readonly tool_calls?: readonly unknown[] | null | undefined;
}

const said: z.ZodType<WireSaid> = z.object({ content, tool_calls: toolCalls });

export interface WireChunk {
  readonly id: string;
  readonly created_at: number;
  readonly choices: { readonly delta: WireSaid }[];
}

/** `Chat.ChunkChatResponse`. The last one carries the usage and no choice. */
export const chunkShape: z.ZodType<WireChunk> = z.object({
  id: identifier,
  created_at: instant,
  choices: z.array(z.object({ delta: said })),
});

export interface WireReply {
  readonly id: string;
  readonly created_at: number;
  readonly choices: { readonly message?: WireSaid | undefined; readonly messages?: WireSaid[] | undefined }[];
}

const choice = z
  .object({ message: said.optional(), messages: z.array(said).min(1).optional() })
  .refine(({ message, messages }) => message !== undefined || messages !== undefined, 'Expected a message');

/** `Chat.MessageChatResponse`: a choice has one message, or where tools were run several. */
export const replyShape: z.ZodType<WireReply> = z.object({ id: identifier, created_at: instant, choices: z.array(choice).min(1) });
