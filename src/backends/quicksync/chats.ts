import { isProblem, problem } from '../../core/problem.ts';
import type { Service, ServiceMessage } from '../../core/service.ts';
import { chatsPerPage } from './client.ts';
import { messageFrom } from './mapping.ts';
import { chatRefused } from './problems.ts';
import { isRefusal } from './refusal.ts';
import type { QuicksyncSessions, ServiceDeps } from './service.ts';

/** What the service takes in a chat. Characters are UTF-16 code units, as .NET counts them. */
const maxCharacters = 280;
/** What history goes back at most: 50 requests. */
const maxMessages = 1_000;

/** Messages as the service's chats. Attachments, channels and metadata have no place in one and stay with the gateway. */
export function createChats(
  { name, client, adapter }: ServiceDeps,
  { tokenOf, problemOf }: QuicksyncSessions,
): Required<Pick<Service, 'send' | 'history'>> {
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
      const found = new Map<string, ServiceMessage>();
      for (let skip = 0; skip < maxMessages; skip += chatsPerPage) {
        const said = await client.chats(token, skip, signal);
        if (isProblem(said)) return said;
        if (isRefusal(said)) {
          if (said.status !== 404 && said.status !== 401) return chatRefused(name, said);
          return problemOf(at, 'read the messages', said, (refusal) => chatRefused(name, refusal), signal);
        }
        const page = said.messages.map(messageFrom);
        // What is said between two pages moves the rest down: it is then met twice.
        for (const message of page) found.set(message.id, message);
        const oldest = page.at(-1);
        const isLast = typeof said.totalCount === 'number' ? skip + page.length >= said.totalCount : page.length < chatsPerPage;
        if (oldest === undefined || isLast || (after !== null && oldest.createdAt < after)) break;
      }
      const wanted = [...found.values()].filter(({ createdAt }) => after === null || createdAt >= after);
      return wanted.toReversed().sort((one, other) => one.createdAt - other.createdAt);
    },
  };
}
