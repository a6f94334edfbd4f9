import { isSessionId } from '../../core/ids.ts';
import type { Hint } from '../../core/ports.ts';

/** What one gateway sends to all: `{"v":1,"from":"…","hints":[["ses_…",12]]}`. */
export interface Payload {
  /** The bus that sent it, so that it knows its own. */
  readonly from: string;
  readonly hints: readonly Hint[];
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

export const encodePayload = ({ from, hints, lost, probe }: Payload): string =>
  JSON.stringify({
    v: version,
    from,
    ...(hints.length > 0 && { hints: hints.map(({ sessionId, seq }) => [sessionId, seq]) }),
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
  const { v, from, hints = [], lost = false, probe = null } = value as Readonly<Record<string, unknown>>;
  if (v !== version || !isText(from) || !Array.isArray(hints) || typeof lost !== 'boolean') return null;
  if (probe !== null && !isText(probe)) return null;
  const read = hints.map(hintOf).filter((hint) => hint !== null);
  return read.length === hints.length ? { from, hints: read, lost, probe } : null;
}
