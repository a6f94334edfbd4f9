import type { StoredEvent } from '../../core/event.ts';
import type { TimelineReader } from '../../core/ports.ts';
import { type Table, memberTable, messageTable } from '../shared/tables.ts';
import { toEvent } from './codec.ts';
import type { Query } from './database.ts';
import { readByIds } from './reading.ts';

// One statement, so that head and events are of one snapshot.
const read = `
  SELECT event.seq, event.at, event.body, session.seq, (SELECT min(seq) FROM events WHERE session_id = session.id)
  FROM sessions AS session LEFT JOIN LATERAL (
    SELECT seq, at, body FROM events WHERE session_id = session.id AND seq > $2 ORDER BY seq LIMIT $3
  ) AS event ON true
  WHERE session.id = $1 ORDER BY event.seq`;
const heads = 'SELECT id, seq FROM sessions WHERE id = ANY($1::text[])';

const isThere = <T>(value: T | null): value is T => value !== null;

async function byIds<T extends { readonly id: string }>(
  query: Query,
  table: Table<T>,
  from: string,
  ids: readonly (string | null)[],
): Promise<(id: string | null) => T | null> {
  const found = await readByIds(query, table, from, ids.filter(isThere));
  const known = new Map<string, T>(found.filter(isThere).map((noun) => [noun.id, noun]));
  return (id) => (id === null ? null : (known.get(id) ?? null));
}

/** Reads timelines. */
export const createTimelineReader = (query: Query): TimelineReader => ({
  read: async (sessionId, after, limit) => {
    const rows = await query(read, [sessionId, after, limit]);
    const [, , , head = -1, oldest = null] = rows[0] ?? [];
    const events = rows
      .filter(([seq]) => seq !== null)
      .map((row) => toEvent(sessionId, row))
      .map((event) => {
        const { body } = event;
        return {
          event,
          memberId: 'memberId' in body ? body.memberId : null,
          byId: 'byId' in body ? body.byId : null,
          messageId: 'messageId' in body ? body.messageId : null,
        };
      });
    const [member, message] = await Promise.all([
      byIds(
        query,
        memberTable,
        'members',
        events.flatMap(({ memberId, byId }) => [memberId, byId]),
      ),
      byIds(
        query,
        messageTable,
        'messages',
        events.map(({ messageId }) => messageId),
      ),
    ]);
    return {
      events: events.map(({ event: { seq, at, body }, memberId, byId, messageId }): StoredEvent => ({
        sessionId,
        seq,
        at,
        body,
        member: member(memberId),
        by: member(byId),
        message: message(messageId),
      })),
      oldest: oldest === null ? Number(head) + 1 : Number(oldest),
      head: Number(head),
    };
  },
  heads: async (sessionIds) => {
    const found = new Map((await query(heads, [[...sessionIds]])).map(([id, seq]) => [String(id), Number(seq)]));
    return sessionIds.map((id) => found.get(id) ?? -1);
  },
});
