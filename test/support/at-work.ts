import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { EmulatorRequest } from '../emulators/shared/request-log.ts';
import { type Admitted, mutate, query } from './graphql-client.ts';

/** What clients of a session do while its service misbehaves, and what they are to find afterwards. */
export interface AtWork {
  /** Sends the content under a key of its own until it is acknowledged. Answers with the message's id. */
  send(member: Admitted, content: string): Promise<string>;
  /** Follows from the member's first cursor, and comes back by the last one whenever the socket breaks. */
  follow(member: Admitted): Follower;
}

export interface SeenEvent {
  readonly type: string;
  readonly cursor: string;
  readonly content: string | null;
}

export interface Follower {
  readonly seen: readonly SeenEvent[];
  /** Breaks its connection. */
  cut(): void;
  /** How it went that could not be resumed. */
  readonly unrecovered: readonly string[];
  stop(): Promise<void>;
}

/** A message on its way to a service, whichever it is. */
export const isSend = ({ method, url }: EmulatorRequest): boolean =>
  method === 'POST' && /\/(?:chats|chat|messages)$|publish/i.test(url.split('?', 1)[0] ?? '');

/** Between tries of what can only be tried again. */
const pauseMs = 25;
const tries = 400;

const retried: ReadonlySet<string> = new Set(['UPSTREAM_FAILED', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT', 'RATE_LIMITED', 'CONFLICT']);

export function atWork(url: string): AtWork {
  return {
    async send(member, content) {
      let last: unknown;
      for (let number = 0; number < tries; number += 1) {
        const input = { content, idempotencyKey: content };
        const result = await mutate(url, 'sendMessage', input, '... on MessageDelivery { message { id content } }', member.credentials);
        if (result.__typename === 'MessageDelivery') return result.message.id as string;
        if (!retried.has(result.code)) throw new Error(JSON.stringify(result));
        last = result;
        await delay(pauseMs);
      }
      throw new Error(`Not acknowledged after ${tries} tries: ${JSON.stringify(last)}`);
    },
    follow(member) {
      const source = `subscription ($after: String) { sessionEvents(after: $after) {
        __typename cursor ... on StreamOpened { recovered } ... on MessageAdded { message { content } } } }`;
      const seen: SeenEvent[] = [];
      const unrecovered: string[] = [];
      const life = new AbortController();
      let cut = (): void => {};
      const run = async (): Promise<void> => {
        while (!life.signal.aborted) {
          const client = createClient({
            url: `${url.replace('http', 'ws')}/graphql`,
            webSocketImpl: WebSocket,
            connectionParams: member.credentials,
            retryAttempts: 0,
          });
          let isOpen = false;
          client.on('connected', () => {
            isOpen = true;
          });
          let isCut = false;
          cut = () => {
            isCut = true;
            if (isOpen) client.terminate();
            else void client.dispose();
          };
          try {
            const after = seen.at(-1)?.cursor ?? member.cursor;
            for await (const { data } of client.iterate<any>({ query: source, variables: { after } })) {
              const { __typename: type, cursor, message, recovered } = data.sessionEvents;
              if (type !== 'StreamOpened') seen.push({ type, cursor, content: message?.content ?? null });
              else if (!recovered) unrecovered.push(cursor);
            }
            // Completed: the session is over.
            if (!isCut) return;
          } catch {
            if (!life.signal.aborted) await delay(pauseMs);
          } finally {
            await client.dispose();
          }
        }
      };
      const running = run();
      return {
        seen,
        unrecovered,
        cut: () => cut(),
        async stop() {
          life.abort();
          cut();
          await running;
        },
      };
    },
  };
}

/** The contents of all messages, in their order. */
export async function contentsOf(url: string, member: Admitted): Promise<string[]> {
  const source = `query ($after: String) { currentSession { messages(first: 100, after: $after) {
    nodes { content role } pageInfo { hasNextPage endCursor } } } }`;
  const contents: string[] = [];
  for (let after: string | null = null; ;) {
    const { currentSession } = await query(url, source, { after }, member.credentials);
    contents.push(...currentSession.messages.nodes.flatMap(({ content, role }: any) => (role === 'ASSISTANT' ? [] : [content])));
    if (!currentSession.messages.pageInfo.hasNextPage) return contents;
    after = currentSession.messages.pageInfo.endCursor;
  }
}
