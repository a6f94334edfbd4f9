import type { SessionId } from './ids.ts';

/** A place on a session's timeline: after event `seq`. */
export interface EventCursor {
  /** `Store.epoch` of the store that made it. */
  readonly epoch: string;
  readonly sessionId: SessionId;
  readonly seq: number;
}

const version = 't1';

/** The opaque text of a place on a timeline. */
export const encodeEventCursor = (cursor: EventCursor): string =>
  Buffer.from(`${version}.${cursor.epoch}.${cursor.seq.toString(36)}.${cursor.sessionId}`).toString('base64url');

/** The place that a text names, or null where it is not such a text. Whether epoch and session fit is for the caller to say. */
export function decodeEventCursor(text: string): EventCursor | null {
  if (text.length > 400) return null;
  const bytes = Buffer.from(text, 'base64url');
  // Rejects what only resembles base64url: the decoder skips characters that it does not know.
  if (bytes.toString('base64url') !== text) return null;
  const match = /^t1\.([0-9a-z]{8})\.([0-9a-z]{1,11})\.(ses_[\w-]{1,200})$/.exec(bytes.toString());
  if (match === null) return null;
  const [, epoch = '', digits = '', sessionId = ''] = match;
  const seq = Number.parseInt(digits, 36);
  return Number.isSafeInteger(seq) ? { epoch, sessionId: sessionId as SessionId, seq } : null;
}
