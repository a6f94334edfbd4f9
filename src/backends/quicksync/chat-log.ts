import type { ServiceMessage } from '../../core/service.ts';
import type { WireChats } from './wire.ts';

/** What has been read of a session's chats: all from some moment on, the oldest too where there are not too many. */
export interface KeptChats {
  /** By their ids, newest first. */
  readonly messages: ReadonlyMap<string, ServiceMessage>;
  /** How many the service had, as it counts them; null = it did not say. */
  readonly total: number | null;
}

/** Keeps chats that were read, so that they need not be read again: they are never changed. */
export interface ChatLog {
  of(handle: string): KeptChats | null;
  keep(handle: string, chats: KeptChats): void;
}

/** Of all sessions together, some 50 MB: beyond it those are forgotten that were read longest ago. */
const keptMessages = 100_000;

export function createChatLog(bound: number = keptMessages): ChatLog {
  const sessions = new Map<string, KeptChats>();
  let count = 0;
  const forget = (handle: string): void => {
    count -= sessions.get(handle)?.messages.size ?? 0;
    sessions.delete(handle);
  };
  return {
    of: (handle) => sessions.get(handle) ?? null,
    keep(handle, chats) {
      forget(handle);
      // Sessions without any would never be too many.
      if (chats.messages.size === 0) return;
      sessions.set(handle, chats);
      count += chats.messages.size;
      for (const oldest of sessions.keys()) {
        if (count <= bound) break;
        forget(oldest);
      }
    },
  };
}

/**
 * Whether pages read from the newest on have come to what is kept, and nothing new can be behind it. A chat may be told of later than one
 * that was said after it: then the service counts more new ones than were met before the first known one.
 *
 * @param found - Of all pages.
 * @param page - The last of them.
 */
export function meets(
  { messages, total }: KeptChats,
  found: ReadonlyMap<string, ServiceMessage>,
  page: readonly ServiceMessage[],
  now: WireChats['totalCount'],
): boolean {
  if (!page.some(({ id }) => messages.has(id))) return false;
  const met = [...found.keys()].filter((id) => !messages.has(id)).length;
  return total === null || typeof now !== 'number' || now - total <= met;
}

/** Both, newest first, as many as are to be kept. */
export const merged = (
  found: ReadonlyMap<string, ServiceMessage>,
  kept: KeptChats | null,
  most: number,
): ReadonlyMap<string, ServiceMessage> => {
  const older = [...(kept?.messages ?? [])].filter(([id]) => !found.has(id));
  return new Map([...found, ...older].slice(0, most));
};
