import type { MemberId, MessageId, SessionId } from './ids.ts';
import type { JsonObject } from './session.ts';

export type MessageRole = 'USER' | 'ASSISTANT' | 'SYSTEM' | 'TOOL';

export interface Attachment {
  readonly url: string;
  readonly mediaType: string | null;
  readonly name: string | null;
  readonly sizeBytes: number | null;
}

export interface Message {
  readonly id: MessageId;
  readonly sessionId: SessionId;
  /** The number of its event on the timeline: messages of a session are ordered by it. */
  readonly seq: number;
  readonly authorId: MemberId | null;
  readonly role: MessageRole;
  readonly content: string;
  readonly channel: string | null;
  readonly attachments: readonly Attachment[];
  readonly metadata: JsonObject;
  /** The options in force when it was sent: the session's defaults with the request's over them. */
  readonly options: JsonObject;
  readonly inReplyTo: MessageId | null;
  readonly createdAt: number;
}

/** What attachments count for in a session's rules. */
export const filesOf = (
  attachments: readonly { readonly sizeBytes?: number | null | undefined }[],
): { readonly files: number; readonly fileBytes: number } => ({
  files: attachments.length,
  fileBytes: attachments.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
});
