import type { MessageId } from '../../core/ids.ts';
import type { Commit, SessionChange } from '../../core/commit.ts';

/**
 * The places of the change's messages among its events, in the order of the messages: 1 = the first event. A message has the number of
 * the MESSAGE_ADDED event that names it.
 *
 * @throws Error where a message has no such event: it would have no number.
 */
export function messagePlaces(change: SessionChange): readonly number[] {
  if (change.messages.length === 0) return [];
  const places = new Map<MessageId, number>();
  for (const [index, event] of change.events.entries()) {
    if (event.type === 'MESSAGE_ADDED' && !places.has(event.messageId)) places.set(event.messageId, index + 1);
  }
  return change.messages.map(({ id }) => {
    const place = places.get(id);
    if (place === undefined) throw new Error(`Expected a MESSAGE_ADDED event for message ${id}: its number on the timeline comes from it.`);
    return place;
  });
}

/**
 * Holds a commit to one session: its guard covers no other.
 *
 * @throws Error that names the member or message of another session.
 */
export function assertOneSession(commit: Commit): void {
  const sessionId = commit.kind === 'change' ? commit.sessionId : commit.session.id;
  const stray = (commit.kind === 'change' ? [...commit.members, ...commit.messages] : commit.members).find(
    (item) => item.sessionId !== sessionId,
  );
  if (stray !== undefined) throw new Error(`A commit of session ${sessionId} carries ${stray.id}, which is of session ${stray.sessionId}.`);
}
