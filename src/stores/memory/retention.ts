import type { SessionId } from '../../core/ids.ts';
import type { Beginning, History, Holding, RetentionStore } from '../../core/ports.ts';
import { type Tables, pairKey } from './tables.ts';

export function prune(tables: Tables, before: Parameters<RetentionStore['prune']>[0]): number {
  const records = [...tables.idempotency].filter(([, record]) => record.createdAt < before.idempotency);
  const challenges = [...tables.challenges].filter(([, challenge]) => challenge.expiresAt < before.challenges);
  for (const [key] of records) tables.idempotency.delete(key);
  for (const [id] of challenges) tables.challenges.delete(id);
  return records.length + challenges.length;
}

/** The events or messages of a session, with when each is from. */
const itemsOf = (tables: Tables, history: History, sessionId: SessionId): Beginning['items'] =>
  history === 'events'
    ? (tables.events.get(sessionId) ?? [])
    : (tables.messagesOf.get(sessionId) ?? []).map(({ seq, createdAt }) => ({ seq, at: createdAt }));

export const survey = (tables: Tables, after: SessionId | null, limit: number): readonly Holding[] =>
  [...tables.sessions.keys()]
    .filter((id) => after === null || id > after)
    .sort()
    .slice(0, limit)
    .flatMap((id): Holding[] => {
      const session = tables.sessions.get(id);
      if (session === undefined) return [];
      const events = tables.events.get(id) ?? [];
      const messages = tables.messagesOf.get(id) ?? [];
      return [
        {
          sessionId: id,
          status: session.status,
          updatedAt: session.updatedAt,
          isRemote: session.upstream !== null,
          events: { total: events.length, oldestAt: events[0]?.at ?? null },
          messages: { total: messages.length, oldestAt: messages[0]?.createdAt ?? null },
          hasMembers: (tables.membersOf.get(id)?.size ?? 0) > 0,
        },
      ];
    });

export function oldest(tables: Tables, history: History, sessionId: SessionId, limit: number): Beginning {
  const items = itemsOf(tables, history, sessionId);
  return { total: items.length, items: items.slice(0, limit).map(({ seq, at }) => ({ seq, at })) };
}

export function deleteThrough(tables: Tables, history: History, sessionId: SessionId, seq: number): number {
  if (history === 'messages') return deleteMessages(tables, sessionId, seq);
  const events = tables.events.get(sessionId) ?? [];
  const kept = events.filter((event) => event.seq > seq);
  tables.events.set(sessionId, kept);
  return events.length - kept.length;
}

function deleteMessages(tables: Tables, sessionId: SessionId, seq: number): number {
  const messages = tables.messagesOf.get(sessionId) ?? [];
  const gone = messages.filter((message) => message.seq <= seq);
  const session = tables.sessions.get(sessionId);
  if (gone.length === 0 || session === undefined) return 0;
  const files = gone.flatMap(({ attachments }) => attachments);
  tables.sessions.set(
    sessionId,
    Object.freeze({
      ...session,
      files: Math.max(0, session.files - files.length),
      fileBytes: Math.max(0, session.fileBytes - files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)),
    }),
  );
  for (const { id } of gone) tables.messages.delete(id);
  tables.messagesOf.set(sessionId, messages.slice(gone.length));
  return gone.length;
}

export function removeSession(tables: Tables, sessionId: SessionId, limit: number): boolean {
  const session = tables.sessions.get(sessionId);
  if (session === undefined || session.status === 'ACTIVE') return true;
  const messages = tables.messagesOf.get(sessionId) ?? [];
  for (const { id } of messages.splice(0, limit)) tables.messages.delete(id);
  const events = tables.events.get(sessionId) ?? [];
  events.splice(0, limit);
  const members = tables.membersOf.get(sessionId) ?? new Map<never, never>();
  for (const id of [...members.keys()].slice(0, limit)) {
    members.delete(id);
    tables.members.delete(id);
  }
  if (messages.length + events.length + members.size > 0) return false;
  for (const table of [tables.messagesOf, tables.events, tables.membersOf]) table.delete(sessionId);
  if (session.upstream === null) {
    tables.sessions.delete(sessionId);
    tables.handles.delete(pairKey(session.backend, session.handle));
  } else tables.sessions.set(sessionId, Object.freeze({ ...session, files: 0, fileBytes: 0 }));
  return true;
}
