import type { Agent, Backend, Feature, FeatureProvider } from '../../core/backend.ts';
import { type Problem, isProblem, orThrow } from '../../core/problem.ts';
import type { Effects, Facts, Found, Service, SessionAt } from '../../core/service.ts';
import { systemClock } from '../../core/system-clock.ts';
import { createServiceHealth } from '../shared/service-health.ts';
import { createElizaClient } from './client.ts';
import { createHandshake } from './handshake.ts';
import { factsOf, madeKey, metadataOf } from './mapping.ts';
import { createMessages } from './messages.ts';
import { createOpen } from './open.ts';
import type { ElizaOptions } from './options.ts';
import { createRooms } from './rooms.ts';
import { createSettings } from './settings.ts';
import { type WireSession, isUuid } from './wire.ts';

const features: Readonly<Record<Feature, FeatureProvider>> = {
  LIST: 'UPSTREAM',
  // Of all settings, the service has but the timeout.
  UPDATE: 'GATEWAY',
  REPLACE: 'GATEWAY',
  JOIN: 'GATEWAY',
  KICK: 'GATEWAY',
  PASSWORD: 'GATEWAY',
  ALLOWLIST: 'GATEWAY',
  CAPACITY: 'GATEWAY',
  EXPIRY: 'UPSTREAM',
  RENEWAL: 'UPSTREAM',
  HEARTBEAT: 'UPSTREAM',
  DEFAULTS: 'GATEWAY',
  MESSAGES: 'UPSTREAM',
  HISTORY: 'UPSTREAM',
  AGENT_REPLY: 'UPSTREAM',
  REPLY_STREAM: 'UPSTREAM',
  // The agent makes none, and the gateway has no agent.
  SUGGESTIONS: 'UNAVAILABLE',
  LIVE_EVENTS: 'UPSTREAM',
};

const defaultReplyMs = 60_000;

const isGone = (answer: unknown): boolean => isProblem(answer) && answer.code === 'EXPIRED';

/** A session that somebody else has made brings its metadata along: nobody else keeps it. */
const foundOf = (session: WireSession): Found => ({
  handle: session.sessionId,
  facts: { ...factsOf(session), metadata: metadataOf(session) },
});

/** Of a list, which also names sessions that are on record: what the gateway made it keeps the metadata of, and may have changed it. */
const listed = (session: WireSession): Found =>
  session.metadata[madeKey] === true ? { handle: session.sessionId, facts: factsOf(session) } : foundOf(session);

/** Sessions at an ElizaOS server: timed talks between a user and an agent. Nothing is connected before it is needed. */
export function createElizaBackend(options: ElizaOptions): Backend & AsyncDisposable {
  const { name, agentId, minimumTier, onExpiry, foreignVisibility, pollMs, replyMs = defaultReplyMs, clock = systemClock } = options;
  const client = createElizaClient(options);
  const rooms = createRooms(options, clock);
  const handshake = createHandshake(options, clock);
  const messages = createMessages({ name, client, rooms, clock, pollMs, replyMs });
  const close = async (): Promise<void> => {
    handshake[Symbol.dispose]();
    await messages[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
  };
  const factsFrom = async (asked: Promise<WireSession | Problem>): Promise<Facts | Problem> => {
    const session = await asked;
    return isProblem(session) ? session : factsOf(session);
  };
  const effects: Effects = {
    async end({ session }, signal) {
      const removed = await client.remove(session.handle, signal);
      return isProblem(removed) && !isGone(removed) ? removed : { status: 'ENDED' };
    },
    settings: createSettings({ name, client }),
    renew: ({ session }, signal) => factsFrom(client.renew(session.handle, signal)),
    heartbeat: ({ session }, signal) => factsFrom(client.heartbeat(session.handle, signal)),
  };

  const service: Service = {
    perMember: false,
    secretDefaults: [],
    matchesByContent: false,
    open: createOpen({ name, client, agentId }),
    async read({ session }: SessionAt, signal) {
      const facts = await factsFrom(client.get(session.handle, signal));
      return isGone(facts) ? { status: 'EXPIRED' } : facts;
    },
    effects,
    async find(handle, signal) {
      // All of its ids are UUIDs: others need not be asked about.
      if (!isUuid(handle)) return null;
      const session = await client.get(handle, signal);
      if (isProblem(session)) return isGone(session) ? null : session;
      return foundOf(session);
    },
    async list({ filter }, signal) {
      const listing = await client.list(signal);
      if (isProblem(listing)) return listing;
      return {
        sessions: listing.rows
          .filter((each) => filter.agentId === null || each.agentId === filter.agentId)
          // Made within the same millisecond: the later one is further on in the list.
          .toReversed()
          .sort((one, other) => other.createdAt - one.createdAt)
          .map(listed),
        unreadable: listing.unreadable,
        next: null,
      };
    },
    send: messages.send,
    history: messages.history,
    watch: messages.watch,
    [Symbol.asyncDispose]: close,
  };

  const probe = async (): Promise<Problem | string | null> => {
    // Beside each other: what is not well with the socket counts only where all else is.
    const [answer, refused] = await Promise.all([client.health(), rooms.connected ? null : handshake.look()]);
    if (isProblem(answer)) return answer;
    if (answer.status !== 'healthy') return `It says that it is ${answer.status.slice(0, 100)}.`;
    return refused === null ? null : `${refused.detail} Until then what is said is looked for every ${pollMs / 1_000} s.`;
  };

  return {
    name,
    kind: 'ELIZA',
    minimumTier,
    features,
    health: createServiceHealth({ probe, circuit: () => client.circuit(), clock }),
    async agents(signal): Promise<readonly Agent[]> {
      const agents = orThrow(await client.agents(signal));
      // Others are known to the server, but nobody can talk to them now.
      return agents.filter(({ status }) => status !== 'inactive').map(({ id, name, bio }) => ({ id, name, description: bio }));
    },
    service,
    onExpiry,
    foreignVisibility,
    pollMs,
    [Symbol.asyncDispose]: close,
  };
}
