import { setImmediate } from 'node:timers/promises';
import type { History, RetentionStore } from '../../core/ports.ts';
import { toBeginning, toHolding } from '../shared/holding.ts';
import type { Prepare } from './statements.ts';
import type { WriteQueue } from './write-queue.ts';

const survey = `
  SELECT id, status, updated_at, upstream IS NOT NULL, seq, message_count,
    (SELECT min(seq) FROM events WHERE session_id = sessions.id),
    (SELECT at FROM events WHERE session_id = sessions.id ORDER BY seq LIMIT 1),
    (SELECT created_at FROM messages WHERE session_id = sessions.id ORDER BY seq LIMIT 1),
    EXISTS (SELECT 1 FROM members WHERE session_id = sessions.id)
  FROM sessions WHERE id > ? ORDER BY id LIMIT ?`;

const oldest: Readonly<Record<History, string>> = {
  events: `
    SELECT seq, at, (SELECT seq FROM sessions WHERE id = ?1)
    FROM events WHERE session_id = ?1 ORDER BY events.seq LIMIT ?2`,
  messages: `
    SELECT seq, created_at, (SELECT message_count FROM sessions WHERE id = ?1)
    FROM messages WHERE session_id = ?1 ORDER BY seq LIMIT ?2`,
};

const pruneStep = 1_000;

/** Looks over the given connection, and deletes through the writer. */
export const createRetentionStore = (prepare: Prepare, writes: WriteQueue): RetentionStore => ({
  prune: async (before) => {
    let total = 0;
    for (;;) {
      const deleted = await writes.submit({ kind: 'prune', ...before, limit: pruneStep });
      total += deleted;
      // A step that met its limit for either kind may have left more.
      if (deleted < pruneStep) return total;
    }
  },
  survey: async (after, limit) => {
    // Page after page, on the thread that serves: what has come meanwhile is done first.
    await setImmediate();
    return prepare(survey)
      .all(after ?? '', limit)
      .map((row) => toHolding(row));
  },
  oldest: async (history, sessionId, limit) => {
    return toBeginning(history, prepare(oldest[history]).all(sessionId, limit));
  },
  deleteThrough: (history, sessionId, seq) => writes.submit({ kind: 'deleteThrough', history, sessionId, seq }),
  removeSession: (sessionId, limit) => writes.submit({ kind: 'removeSession', sessionId, limit }),
});
