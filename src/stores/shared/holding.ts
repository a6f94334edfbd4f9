import type { SessionId } from '../../core/ids.ts';
import type { Beginning, History, Holding } from '../../core/ports.ts';
import type { SessionStatus } from '../../core/session.ts';

type Value = string | number | boolean | null | undefined;

const instant = (value: Value): number | null => (value === null ? null : Number(value));
/** SQLite has no truth values. */
const isTrue = (value: Value): boolean => value === true || value === 1;

/**
 * What a session holds, from a row of its id, status, `updated_at`, whether it has a service, its `seq` and number of messages, then number
 * and instant of its first event, instant of its first message, and whether it has members.
 */
export const toHolding = (row: readonly Value[]): Holding => {
  const [id, status, updatedAt, isRemote, head, messages, firstEvent, eventAt, messageAt, hasMembers] = row;
  return {
    sessionId: id as SessionId,
    status: status as SessionStatus,
    updatedAt: Number(updatedAt),
    isRemote: isTrue(isRemote),
    events: { total: firstEvent === null ? 0 : Number(head) - Number(firstEvent) + 1, oldestAt: instant(eventAt) },
    messages: { total: Number(messages), oldestAt: instant(messageAt) },
    hasMembers: isTrue(hasMembers),
  };
};

/** From rows of number, instant, and of events the session's `seq`, of messages how many there are. */
export function toBeginning(history: History, rows: readonly (readonly Value[])[]): Beginning {
  const [first] = rows;
  if (first === undefined) return { total: 0, items: [] };
  const [seq, , whole] = first;
  return {
    total: history === 'events' ? Number(whole) - Number(seq) + 1 : Number(whole),
    items: rows.map(([place, at]) => ({ seq: Number(place), at: Number(at) })),
  };
}
