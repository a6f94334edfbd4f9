import type { SessionId } from '../../core/ids.ts';
import type { Hint } from '../../core/ports.ts';
import { maxHintsPerPayload } from './payload.ts';

/** What is sent at once. `lost`: hints were given up before. */
export interface Batch {
  readonly hints: readonly Hint[];
  readonly lost: boolean;
}

/** Hints that wait to be sent: of each session the highest, of sessions a bounded number. */
export interface Outbox {
  add(hint: Hint): void;
  /** What to send next, null where nothing waits. */
  take(): Batch | null;
  /** What was taken and not sent waits again. */
  giveBack(batch: Batch): void;
  readonly size: number;
}

/**
 * Where more sessions wait than `maxSessions`, all of them are given up for the one word that hints were lost: with it the others look by
 * themselves, which costs each of them one read however many there were.
 */
export function createOutbox(maxSessions: number): Outbox {
  const waiting = new Map<SessionId, number>();
  let lost = false;

  function add({ sessionId, seq }: Hint): void {
    const known = waiting.get(sessionId);
    if (known === undefined && waiting.size >= maxSessions) {
      waiting.clear();
      lost = true;
    }
    if (known === undefined || known < seq) waiting.set(sessionId, seq);
  }

  return {
    add,
    take() {
      if (waiting.size === 0 && !lost) return null;
      const hints: Hint[] = [];
      for (const [sessionId, seq] of waiting) {
        if (hints.length === maxHintsPerPayload) break;
        hints.push({ sessionId, seq });
        waiting.delete(sessionId);
      }
      const batch = { hints, lost };
      lost = false;
      return batch;
    },
    giveBack(batch) {
      lost ||= batch.lost;
      for (const hint of batch.hints) add(hint);
    },
    get size() {
      return waiting.size;
    },
  };
}
