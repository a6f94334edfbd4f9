import { EventEmitter, once } from 'node:events';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Credentials } from './graphql-client.ts';

/** A subscription over graphql-ws, with what it has received so far. */
export interface Following {
  /** The root field's value of each result. */
  readonly events: readonly any[];
  /** The first event for which the test holds, among those received and those to come. */
  until(test: (event: any) => boolean): Promise<any>;
  /** How it ended: `complete`, or the errors of the operation, or the close event of the socket. */
  readonly ended: Promise<any>;
  stop(): Promise<void>;
}

interface Receiver {
  readonly result: (result: { readonly data?: any; readonly errors?: unknown }) => void;
  /** `complete`, or what kept it from completing. */
  readonly over: (how: unknown) => void;
}

/** What comes of a subscription that `begin` starts, and that what it answers with stops. */
function following(begin: (receiver: Receiver) => () => Promise<void>): Following {
  const events: any[] = [];
  const arrivals = new EventEmitter({ captureRejections: false }).setMaxListeners(0);
  const { promise: ended, resolve: over } = Promise.withResolvers<any>();
  const stop = begin({
    result({ data, errors }) {
      events.push(errors === undefined ? Object.values(data ?? {})[0] : { errors });
      arrivals.emit('event');
    },
    over,
  });
  return {
    events,
    ended,
    async until(test) {
      for (let from = 0; ;) {
        const found = events.slice(from).find(test);
        if (found !== undefined) return found;
        from = events.length;
        const outcome = await Promise.race([once(arrivals, 'event'), ended]);
        if (!Array.isArray(outcome) && events.length === from) {
          throw new Error(`Ended before the event came: ${JSON.stringify(outcome)}\n${JSON.stringify(events)}`);
        }
      }
    },
    stop,
  };
}

/** Subscribes once, without coming back by itself. */
export function follow(url: string, source: string, variables: Record<string, unknown> = {}, credentials: Credentials = {}): Following {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: credentials,
    retryAttempts: 0,
  });
  return following(({ result, over }) => {
    client.subscribe<any>({ query: source, variables }, { next: result, error: over, complete: () => over('complete') });
    // Where there was no connection to dispose of, `ended` says why.
    return async () => Promise.resolve(client.dispose()).catch(() => undefined);
  });
}

/**
 * The same over server-sent events. Errors of the operation are the last of its results.
 *
 * @param onEvent - Is told of each event as it comes.
 */
export function followSse(
  url: string,
  source: string,
  variables: Record<string, unknown> = {},
  credentials: Credentials = {},
  onEvent: (event: any) => void = () => undefined,
): Following {
  const stopping = new AbortController();
  const read = async ({ result }: Receiver): Promise<unknown> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...credentials },
      body: JSON.stringify({ query: source, variables }),
      signal: stopping.signal,
    });
    if (!response.ok || response.body === null) return { status: response.status, body: await response.text() };
    const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { event, data } of messages) {
      if (event === 'complete') return 'complete';
      if (event !== 'next') continue;
      const next = JSON.parse(data);
      result(next);
      if (next.errors === undefined) onEvent(Object.values(next.data ?? {})[0]);
    }
    return new Error('The stream ended before it was complete.');
  };
  return following((receiver) => {
    read(receiver).then(receiver.over, receiver.over);
    return async () => stopping.abort();
  });
}

/** All kinds of event with what tells them apart. */
export const allEvents = `subscription ($sessionId: ID, $after: String, $types: [SessionEventType!]) {
  sessionEvents(sessionId: $sessionId, after: $after, types: $types) {
    __typename cursor occurredAt session { id status }
    ... on StreamOpened { recovered }
    ... on MemberJoined { member { id name } }
    ... on MemberLeft { member { id name } }
    ... on MemberKicked { member { id name } by { id } reason }
    ... on MessageAdded { message { id content author { name } } }
    ... on SessionUpdated { changed }
    ... on SessionRenewed { expiresAt }
    ... on SessionExpiring { secondsLeft }
    ... on SessionEnded { by { id } reason }
  }
}`;

export const ofType =
  (name: string) =>
  (event: any): boolean =>
    event.__typename === name;
