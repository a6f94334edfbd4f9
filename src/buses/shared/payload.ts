import { isMessageId, isSessionId } from '../../core/ids.ts';
import type { Hint, Piece } from '../../core/ports.ts';

/** What one gateway sends to all: `{"v":1,"from":"…","hints":[["ses_…",12]]}`, or `"pieces":[["ses_…","msg_…","Good "]]`. */
export interface Payload {
  /** The bus that sent it, so that it knows its own. */
  readonly from: string;
  readonly hints: readonly Hint[];
  readonly pieces: readonly Piece[];
  /** The sender could not keep all hints that it had to send: whoever hears this looks by itself. */
  readonly lost: boolean;
  /** The sender wants to hear itself. */
  readonly probe: string | null;
}

const version = 1;

/** Longer ones are not ours: PostgreSQL takes notifications of less than 8,000 bytes, and no sender makes larger ones. */
const maxPayloadLength = 7_999;

/** A hint takes at most 38 characters of id, 16 digits and 6 signs; 250 are left for the rest of the payload. */
const hintLength = 60;
export const maxHintsPerPayload: number = Math.floor((maxPayloadLength - 250) / hintLength);

/** What the pieces of one payload take at most, in bytes; 350 are left for the rest, and for the ids of one. */
export const maxPieceBytes: number = maxPayloadLength - 350;

export const pieceBytes = ({ text }: Piece): number => Buffer.byteLength(JSON.stringify(text)) + 100;

export const encodePayload = ({ from, hints, pieces, lost, probe }: Payload): string =>
  JSON.stringify({
    v: version,
    from,
    ...(hints.length > 0 && { hints: hints.map(({ sessionId, seq }) => [sessionId, seq]) }),
    ...(pieces.length > 0 && { pieces: pieces.map(({ sessionId, messageId, text }) => [sessionId, messageId, text]) }),
    ...(lost && { lost }),
    ...(probe !== null && { probe }),
  });

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 64;

function hintOf(value: unknown): Hint | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [sessionId, seq] = value as readonly unknown[];
  if (typeof sessionId !== 'string' || !isSessionId(sessionId)) return null;
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 ? { sessionId, seq } : null;
}

function pieceOf(value: unknown): Piece | null {
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [sessionId, messageId, text] = value as readonly unknown[];
  if (typeof sessionId !== 'string' || !isSessionId(sessionId) || typeof messageId !== 'string' || !isMessageId(messageId)) return null;
  return typeof text === 'string' ? { sessionId, messageId, text } : null;
}

/** Null where it is none of this version: from another program, or from a gateway of another time. */
export function decodePayload(text: string): Payload | null {
  if (text.length > maxPayloadLength) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { v, from, hints = [], pieces = [], lost = false, probe = null } = value as Readonly<Record<string, unknown>>;
  if (v !== version || !isText(from) || !Array.isArray(hints) || !Array.isArray(pieces) || typeof lost !== 'boolean') return null;
  if (probe !== null && !isText(probe)) return null;
  const read = hints.map(hintOf).filter((hint) => hint !== null);
  const told = pieces.map(pieceOf).filter((piece) => piece !== null);
  return read.length === hints.length && told.length === pieces.length ? { from, hints: read, pieces: told, lost, probe } : null;
}
