import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Credentials } from './graphql-client.ts';

/** A subscription, with what it has received so far. */
export interface Following {
  /** The root field's value of each result. */
  readonly events: readonly any[];
  /** The first event for which the test holds, among those received and those to come. */
  until(test: (event: any) => boolean): Promise<any>;
  /** How it ended: `complete`, or the errors of the operation, or the close event of the socket, or `cut` of a stream without `complete`. */
  readonly ended: Promise<any>;
  stop(): Promise<void>;
}

/** Subscribes once, without coming back by itself. */
export function follow(url: string, source: string, variables: Record<string, unknown> = {}, credentials: Credentials = {}): Following {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: credentials,
    retryAttempts: 0,
  });
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const received = createReceived(ended);
  client.subscribe<any>(
    { query: source, variables },
    { next: (result) => received.add(result), error: resolve, complete: () => resolve('complete') },
  );
  return { events: received.events, ended, until: received.until, stop: async () => client.dispose() };
}

/**
 * The same over server-sent events.
 *
 * @param onEvent - Is told of each event as it comes.
 */
export function followStream(
  url: string,
  source: string,
  variables: Record<string, unknown> = {},
  credentials: Credentials = {},
  onEvent: (event: any) => void = () => undefined,
): Following {
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const received = createReceived(ended);
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json', ...credentials };
  const asked = request(`${url}/graphql`, { method: 'POST', headers });
  const read = async (): Promise<unknown> => {
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, event, data = ''] = /^event: (\w+)\ndata: ?(.*)$/s.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        if (event === 'next') onEvent(received.add(JSON.parse(data)));
        if (event === 'complete') return 'complete';
      }
    }
    return response.statusCode === 200 ? 'cut' : { status: response.statusCode, text };
  };
  read().then(resolve, () => resolve('cut'));
  asked.end(JSON.stringify({ query: source, variables }));
  return { events: received.events, ended, until: received.until, stop: async () => void asked.destroy() };
}

function createReceived(ended: Promise<unknown>): Pick<Following, 'events' | 'until'> & { add(result: any): any } {
  const events: any[] = [];
  const arrivals = new EventEmitter({ captureRejections: false }).setMaxListeners(0);
  return {
    events,
    add({ data, errors }) {
      const event = errors === undefined ? Object.values(data ?? {})[0] : { errors };
      events.push(event);
      arrivals.emit('event');
      return event;
    },
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
  };
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
