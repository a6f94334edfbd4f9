import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { Service, ServiceMessage } from '../../core/service.ts';
import { type KeptChats, createChatLog, meets, merged } from './chat-log.ts';
import { chatsPerPage } from './client.ts';
import { messageFrom } from './mapping.ts';
import { chatRefused } from './problems.ts';
import { type Refusal, isRefusal } from './refusal.ts';
import type { QuicksyncSessions, ServiceDeps } from './service.ts';

/** What the service takes in a chat. Characters are UTF-16 code units, as .NET counts them. */
const maxCharacters = 280;
/** What history goes back at most: 50 requests the first time, and one where nothing is new. */
const maxMessages = 1_000;

interface Read extends KeptChats {
  /** Whether nothing between them was left out. */
  readonly isWhole: boolean;
}

/** Messages as the service's chats. Attachments, channels and metadata have no place in one and stay with the gateway. */
export function createChats(
  { name, client, adapter }: ServiceDeps,
  { tokenOf, problemOf }: QuicksyncSessions,
): Required<Pick<Service, 'send' | 'history'>> {
  const log = createChatLog();
  return {
    async send(at, { content }, signal) {
      if (content.length > maxCharacters) {
        const detail = `Expected \`content\` to have at most ${maxCharacters} characters, as backend ${name} takes no more in a message, got ${content.length}.`;
        return problem('BAD_INPUT', detail, { path: ['content'], backend: name });
      }
      const token = tokenOf(at, 'send a message');
      if (typeof token !== 'string') return token;
      const said = await client.chat(token, content, signal);
      if (isProblem(said)) return said;
      if (!isRefusal(said)) return { id: adapter.chatId(said.json), facts: {}, reply: null };
      if (said.status !== 404 && said.status !== 401) return chatRefused(name, said);
      return problemOf(at, 'send a message', said, (refusal) => chatRefused(name, refusal), signal);
    },

    async history(at, after, signal) {
      const token = tokenOf(at, 'read the messages');
      if (typeof token !== 'string') return token;
      const read = await readOn(token, log.of(at.session.handle), after, signal);
      if (isProblem(read)) return read;
      if (isRefusal(read)) {
        if (read.status !== 404 && read.status !== 401) return chatRefused(name, read);
        return problemOf(at, 'read the messages', read, (refusal) => chatRefused(name, refusal), signal);
      }
      if (read.isWhole) log.keep(at.session.handle, read);
      const wanted = [...read.messages.values()].filter(({ createdAt }) => after === null || createdAt >= after);
      return wanted.toReversed().sort((one, other) => one.createdAt - other.createdAt);
    },
  };

  /** Reads from the newest on, until it comes to what is kept, to what is older than asked for, or to the end. */
  async function readOn(
    token: string,
    kept: KeptChats | null,
    after: number | null,
    signal?: AbortSignal,
  ): Promise<Read | Refusal | Problem> {
    const found = new Map<string, ServiceMessage>();
    let total: number | null = null;
    let isWhole = true;
    let unreadable = 0;
    for (let skip = 0; skip < maxMessages; skip += chatsPerPage) {
      const said = await client.chats(token, skip, signal);
      if (isProblem(said) || isRefusal(said)) return said;
      // As it was with the newest of them: what is said meanwhile is new the next time.
      if (skip === 0) total = said.totalCount ?? null;
      const page = said.messages.rows.map(messageFrom);
      const size = page.length + said.messages.unreadable;
      unreadable += said.messages.unreadable;
      // What is said between two pages moves the rest down: it is then met twice.
      for (const message of page) found.set(message.id, message);
      const oldest = page.at(-1);
      const isLast = typeof said.totalCount === 'number' ? skip + size >= said.totalCount : size < chatsPerPage;
      if (size === 0 || isLast || (kept !== null && meets(kept, found, page, total))) break;
      if (after !== null && oldest !== undefined && oldest.createdAt < after) {
        isWhole = false;
        break;
      }
    }
    // One that was deleted between two pages moved the rest up, past what is read next.
    if (kept === null && total !== null && found.size + unreadable < Math.min(total, maxMessages)) isWhole = false;
    return { messages: merged(found, kept, maxMessages), total, isWhole };
  }
}
