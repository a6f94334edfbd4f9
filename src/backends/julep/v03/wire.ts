import { z } from 'zod';
import type { Rows } from '../../shared/rows.ts';
import { content, identifier, instant, listOf, metadata } from '../wire.ts';

/** `ResourceCreatedResponse`: it is not the session. */
export const createdShape: z.ZodType<{ id: string; created_at: number }> = z.object({ id: z.guid(), created_at: instant });

/** `ResourceUpdatedResponse`. */
export const updatedShape: z.ZodType = z.object({ id: z.guid(), updated_at: instant });

export interface WireSession {
  readonly id: string;
  readonly agent_id: string;
  readonly situation?: string | null | undefined;
  /** Undefined = not to be taken over. */
  readonly metadata: Record<string, unknown> | undefined;
  readonly created_at?: number | null | undefined;
}

/** `Session`. The service leaves out more than its document says: what can be missing is allowed to. */
export const sessionShape: z.ZodType<WireSession> = z.object({
  id: z.guid(),
  agent_id: identifier,
  situation: z.string().nullish(),
  metadata,
  created_at: instant.nullish(),
});

export interface WireMessage {
  readonly id: string;
  readonly role: string;
  readonly content?: unknown;
  readonly name?: string | null | undefined;
  readonly created_at: number;
}

/** `ChatMLMessage`. */
const messageShape: z.ZodType<WireMessage> = z.object({
  id: identifier,
  role: z.string(),
  content,
  name: z.string().nullish(),
  created_at: instant,
});

/** `ChatResponse`: one list of messages for each choice. One without any says nothing of what became of the message. */
export const chatShape: z.ZodType<{ response: WireMessage[][] }> = z.object({
  id: z.string(),
  response: z.array(z.array(messageShape).min(1)).min(1),
});

export interface WireSuggestion {
  readonly message_id: string;
  readonly target: 'user' | 'agent';
  readonly content: string;
  readonly created_at?: number | null | undefined;
}

const suggestionShape: z.ZodType<WireSuggestion> = z.object({
  message_id: identifier,
  target: z.enum(['user', 'agent']),
  content: z.string(),
  created_at: instant.nullish(),
});

export const sessionsShape: z.ZodType<{ items: Rows<WireSession> }> = listOf(sessionShape);
export const historyShape: z.ZodType<{ items: Rows<WireMessage> }> = listOf(messageShape);
export const suggestionsShape: z.ZodType<{ items: Rows<WireSuggestion> }> = listOf(suggestionShape);
