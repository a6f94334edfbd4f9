import type { Piece } from '../../core/ports.ts';
import { maxPieceBytes, pieceBytes } from './payload.ts';

/** Pieces of replies that wait to be sent, those of one reply put together. */
export interface Pieces {
  /** Left out where too much waits already. */
  add(piece: Piece): void;
  /** As many as a payload holds. */
  take(): readonly Piece[];
  clear(): void;
}

/** Of UTF-16 units: in JSON each takes six bytes at most. */
const maxCut = Math.floor(maxPieceBytes / 6);

/** Where to cut a text so that its beginning fits and no character is cut in two. */
function cutOf(text: string): number {
  if (text.length <= maxCut) return text.length;
  const last = text.charCodeAt(maxCut - 1);
  return last >= 0xd8_00 && last < 0xdc_00 ? maxCut - 1 : maxCut;
}

/** @param maxUnits - How much text may wait, in UTF-16 units. */
export function createPieces(maxUnits: number): Pieces {
  const waiting = new Map<string, Piece>();
  let units = 0;
  return {
    add(piece) {
      if (units + piece.text.length > maxUnits) return;
      units += piece.text.length;
      const before = waiting.get(piece.messageId);
      waiting.set(piece.messageId, before === undefined ? piece : { ...piece, text: before.text + piece.text });
    },
    take() {
      const taken: Piece[] = [];
      let room = maxPieceBytes;
      for (const [key, piece] of waiting) {
        const cut = cutOf(piece.text);
        const part = { ...piece, text: piece.text.slice(0, cut) };
        const bytes = pieceBytes(part);
        if (taken.length > 0 && bytes > room) break;
        room -= bytes;
        taken.push(part);
        units -= cut;
        // What is left of it waits behind the others.
        waiting.delete(key);
        if (cut < piece.text.length) waiting.set(key, { ...piece, text: piece.text.slice(cut) });
        if (room <= 0) break;
      }
      return taken;
    },
    clear() {
      waiting.clear();
      units = 0;
    },
  };
}
