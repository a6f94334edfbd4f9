import { EventEmitter, once } from 'node:events';
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

/** Subscribes once, without coming back by itself. */
export function follow(url: string, source: string, variables: Record<string, unknown> = {}, credentials: Credentials = {}): Following {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: credentials,
    retryAttempts: 0,
  });
  const events: any[] = [];
  const arrivals = new EventEmitter({ captureRejections: false }).setMaxListeners(0);
  const ended = new Promise((resolve) => {
    client.subscribe<any>(
      { query: source, variables },
      {
        next({ data, errors }) {
          events.push(errors === undefined ? Object.values(data ?? {})[0] : { errors });
          arrivals.emit('event');
        },
        error: resolve,
        complete: () => resolve('complete'),
      },
    );
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
    stop: async () => client.dispose(),
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
