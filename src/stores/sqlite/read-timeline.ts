import type { StoredEvent, TimelineEvent } from '../../core/event.ts';
import type { TimelineReader } from '../../core/ports.ts';
import { type Table, memberTable, messageTable } from '../shared/tables.ts';
import { toEvent } from './codec.ts';
import { readOne } from './reading.ts';
import type { Prepare } from './statements.ts';
import type { ReadTurn } from './turn.ts';

const ends = `
  SELECT seq, (SELECT min(seq) FROM events WHERE session_id = sessions.id) FROM sessions WHERE id = ?`;
const after = 'SELECT seq, at, body FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?';
const memberById = `SELECT ${memberTable.columns} FROM members WHERE id = ?`;
const messageById = `SELECT ${messageTable.columns} FROM messages WHERE id = ?`;

// In one statement: those of all followed sessions are asked for every second, and each by itself takes four times as long.
const heads = `
  SELECT sessions.seq FROM json_each(?) AS asked LEFT JOIN sessions ON sessions.id = asked.value ORDER BY asked.key`;

/** Reads timelines over the given connection. */
export function createTimelineReader(prepare: Prepare, turn: ReadTurn): TimelineReader {
  const find = <T>(table: Table<T>, sql: string, id: string | null): T | null => (id === null ? null : readOne(prepare, table, sql, id));
  const withNouns = (event: TimelineEvent): StoredEvent => {
    const { body } = event;
    return {
      ...event,
      member: 'memberId' in body ? find(memberTable, memberById, body.memberId) : null,
      by: 'byId' in body ? find(memberTable, memberById, body.byId) : null,
      message: 'messageId' in body ? find(messageTable, messageById, body.messageId) : null,
    };
  };
  return {
    read: async (sessionId, from, limit) => {
      // One snapshot, of now: the writer must not move the head between the statements.
      turn.end();
      prepare('BEGIN').run();
      try {
        const [head = -1, oldest = null] = (prepare(ends).get(sessionId) ?? []) as readonly (number | undefined)[];
        return {
          events: prepare(after)
            .all(sessionId, from, limit)
            .map((row) => withNouns(toEvent(sessionId, row))),
          oldest: oldest ?? head + 1,
          head,
        };
      } finally {
        prepare('COMMIT').run();
      }
    },
    heads: async (sessionIds) =>
      prepare(heads)
        .all(JSON.stringify(sessionIds))
        .map(([seq = null]) => Number(seq ?? -1)),
  };
}
