import type { Credentials } from '../../support/graphql-client.ts';
import { type Following, follow, followSse } from '../../support/live-client.ts';
import type { Seen, Stream, Stretch } from '../history.ts';
import { type Context, pause } from './context.ts';

/** All that an event says and that does not change afterwards. */
export const everything = `subscription ($sessionId: ID, $after: String) {
  sessionEvents(sessionId: $sessionId, after: $after) {
    __typename cursor occurredAt
    ... on StreamOpened { recovered }
    ... on MemberJoined { member { id name joinedAt } }
    ... on MemberLeft { member { id name joinedAt } }
    ... on MemberKicked { member { id name joinedAt } by { id } reason }
    ... on MessageAdded { message { id content createdAt author { id name } } }
    ... on SessionUpdated { changed }
    ... on SessionRenewed { expiresAt }
    ... on SessionExpiring { secondsLeft }
    ... on SessionEnded { by { id } reason }
  }
}`;

export const isEvent = (event: any): event is Seen => event?.errors === undefined && event?.__typename !== 'StreamOpened';

export interface SubscriberOptions {
  readonly client: string;
  readonly session: string;
  readonly credentials: Credentials;
  readonly after: string;
  readonly transport: 'ws' | 'sse';
  /** The member whose end is the stream's. @default none: it goes on until the session's end or the run's */
  readonly member?: string;
}

export interface Subscriber {
  readonly session: string;
  readonly member: string | null;
  /** The last cursor that it was given, also on the connection that it has. */
  readonly position: string;
  /** Resolves when it does not come back any more. */
  readonly over: Promise<void>;
  /** Its connections, as of now. */
  record(): Stream;
}

/** Follows a session, and comes back by its last cursor at another gateway whenever the connection ends before the subscription does. */
export function startSubscriber(context: Context, options: SubscriberOptions): Subscriber {
  const { client, session, credentials, transport, member = null } = options;
  const { places, random, ending } = context;
  const stretches: Stretch[] = [];
  let current: { readonly gateway: string; readonly after: string; readonly following: Following } | null = null;
  let after = options.after;

  const stretchOf = ({ gateway, after, following: { events } }: NonNullable<typeof current>, end: string): Stretch => {
    const opened = events.find((event) => event?.__typename === 'StreamOpened') ?? null;
    return {
      gateway,
      after,
      opened: opened && { cursor: opened.cursor, recovered: opened.recovered },
      events: events.filter(isEvent),
      end,
    };
  };
  const subscribe = transport === 'ws' ? follow : followSse;
  const stopped = new Promise<'stopped'>((resolve) => {
    ending.addEventListener('abort', () => resolve('stopped'), { once: true });
  });

  async function run(): Promise<void> {
    while (!ending.aborted) {
      const { name: gateway, url } = random.pick(places);
      const following = subscribe(url, everything, { sessionId: session, after }, credentials);
      current = { gateway, after, following };
      const end = endOf(await Promise.race([following.ended, stopped]), following.events);
      const stretch = stretchOf(current, end);
      current = null;
      stretches.push(stretch);
      after = stretch.events.at(-1)?.cursor ?? after;
      await following.stop();
      // A member that was removed is not let in again.
      if (end === 'complete' || (member !== null && /^(?:4401|401)/.test(end))) return;
      await pause(random.between(20, 300), ending);
    }
  }
  const over = run();
  return {
    session,
    member,
    get position() {
      const last = current?.following.events.at(-1);
      return last !== undefined && isEvent(last) ? last.cursor : after;
    },
    over,
    record: () => ({
      client,
      session,
      member,
      stretches: current === null ? [...stretches] : [...stretches, stretchOf(current, 'stopped')],
    }),
  };
}

function endOf(how: any, events: readonly any[]): string {
  const { errors } = events.at(-1) ?? {};
  if (errors !== undefined) return JSON.stringify(errors);
  if (typeof how === 'string') return how;
  if (typeof how?.code === 'number') return `${how.code} ${how.reason}`;
  if (typeof how?.status === 'number') return `${how.status} ${how.body}`;
  return how instanceof Error ? how.message : JSON.stringify(how);
}
