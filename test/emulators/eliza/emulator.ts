import { readFile } from 'node:fs/promises';
import { type Emulator, createEmulator } from '../shared/emulator.ts';
import type { SpecException } from '../shared/spec-check.ts';
import { type AgentAct, Channels, type StoredMessage } from './channels.ts';
import { type Parts, registerRoutes } from './routes.ts';
import { type EmulatedAgent, type EmulatedSession, Sessions, type TimeoutBounds, usualBounds } from './sessions.ts';
import { type Sockets, createSockets } from './sockets.ts';

export interface ElizaEmulatorOptions {
  /** On 127.0.0.1. @default 0 // any free one */
  readonly port?: number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** `ELIZA_SERVER_AUTH_TOKEN`. @default null // none is asked for */
  readonly apiKey?: string | null;
  /** `SERVER_API_KEY`. @default null // none is asked for */
  readonly socketApiKey?: string | null;
  /** @default one by the name of Echo */
  readonly agents?: readonly EmulatedAgent[];
  /** What the agents make of messages, unless `script` says it. @default a reply that repeats the message */
  readonly act?: (message: StoredMessage) => AgentAct;
  /** Requests in 15 minutes. @default 1_000 */
  readonly rateLimit?: number;
  readonly bounds?: TimeoutBounds;
}

/** An ElizaOS server 1.7.2 with its sessions router, its channels, its sockets and an agent that does as it is told. */
export interface ElizaEmulator extends Emulator {
  readonly state: {
    readonly sessions: Map<string, EmulatedSession>;
    /** Of all channels, oldest first. */
    readonly messages: StoredMessage[];
    readonly agents: EmulatedAgent[];
    readonly rate: Parts['rate'];
    /** Whether the sockets let everybody into rooms. */
    open: boolean;
    /** Whether there is a call that tells what replies answer: some versions have none. */
    ties: boolean;
    /** What sessions are told with that is not theirs, by their ids. */
    readonly odd: Map<string, object>;
    /** Makes something else of each page of a history. */
    tamper: Parts['tamper'];
  };
  /** What the agent makes of the next messages, the first one first. */
  readonly script: AgentAct[];
  readonly sockets: Omit<Sockets, 'broadcast' | 'close'>;
  /** As somebody else does by REST. The body as on the wire. @default agentId the first agent's, userId a fixed one */
  createSession(body?: Readonly<Record<string, unknown>>): EmulatedSession;
  /** As somebody else does by REST: the message is not on the socket, its reply is. */
  userSays(sessionId: string, content: string): StoredMessage;
  /** Late, or unasked. @param answered - The id of the message that it answers. @default null // none */
  agentSays(sessionId: string, text: string, answered?: string | null): StoredMessage;
  /** Deletes the messages of a session's channel. */
  clearChannel(sessionId: string): void;
  /** Lets a session run out now. Whoever asks first gets 410. */
  expire(sessionId: string): void;
  /** Forgets what has run out, as the server does every five minutes: then it is 404 for all. */
  sweep(): void;
  remove(sessionId: string): void;
  /** Sessions are forgotten, channels and messages are not. */
  restart(): Promise<void>;
}

export const echoAgent: EmulatedAgent = {
  id: 'e738c7d8-9afb-0a9a-8b54-8496f7ce7ca8',
  name: 'Echo',
  bio: 'Says what it is told.',
  status: 'active',
};

const someUser = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const sweepMs = 300_000;
const integers = 'Minutes are numbers, fractions among them.';

/** Where the vendor's document is not what the server does. */
const exceptions: readonly SpecException[] = [
  { problem: 'query.before must match format', reason: 'Cursors are epoch milliseconds: an ISO date is refused.' },
  { problem: 'query.after must match format', reason: 'Cursors are epoch milliseconds: an ISO date is refused.' },
  ...['timeoutMinutes', 'maxDurationMinutes', 'warningThresholdMinutes'].flatMap((field) => [
    { problem: `body /timeoutConfig/${field} must be integer`, reason: integers },
    { problem: `body /${field} must be integer`, reason: integers },
    { problem: `200 /timeoutConfig/${field} must be integer`, reason: integers },
    { problem: `201 /timeoutConfig/${field} must be integer`, reason: integers },
  ]),
  ...[400, 404, 410, 500].map((status) => ({
    problem: `${status} /error/details must be string`,
    reason: 'Details are an object, whose fields differ.',
  })),
  { problem: 'status 401 is not in the spec', reason: 'A server with a token refuses so.' },
  { problem: 'status 400 is not in the spec', reason: 'The middleware and the pagination refuse so.' },
  { problem: 'status 429 is not in the spec', reason: 'The rate limit refuses so.' },
  { problem: 'status 500 is not in the spec', reason: 'Malformed JSON is answered so.' },
];

export async function createElizaEmulator(options: ElizaEmulatorOptions = {}): Promise<ElizaEmulator> {
  const { port = 0, now = Date.now, apiKey = null, socketApiKey = null, agents = [echoAgent], rateLimit = 1_000 } = options;
  const { act: usual = ({ content }): AgentAct => ({ kind: 'reply', text: `You said: ${content}` }), bounds = usualBounds } = options;
  const document: unknown = JSON.parse(await readFile(new URL('../specs/eliza.json', import.meta.url), 'utf8'));
  const sessions = new Sessions(now, agents, bounds);
  const channels = new Channels(now, (channelId, event, payload) => sockets.broadcast(channelId, event, payload));
  const script: AgentAct[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const sessionOf = new Map<string, EmulatedSession>();
  const rate = { limit: rateLimit, left: rateLimit, endsAt: 0 };

  const act = (message: StoredMessage): AgentAct => script.shift() ?? usual(message);
  const answer = (message: StoredMessage): void => {
    const done = act(message);
    const session = sessionOf.get(message.channelId);
    if (session === undefined || done.kind === 'silence') return;
    const name = agents.find(({ id }) => id === session.agentId)?.name ?? 'Agent';
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        if (done.kind === 'reply') channels.agentSays(session, name, done, message.id);
        else if (done.chunks !== undefined) channels.breakOff(session, done.chunks);
      },
      done.kind === 'reply' ? (done.delayMs ?? 0) : 0,
    );
    timers.add(timer);
  };
  const open = channels.open.bind(channels);
  channels.open = (session) => {
    sessionOf.set(session.channelId, session);
    open(session);
  };

  const state: ElizaEmulator['state'] = {
    sessions: sessions.all,
    messages: channels.messages,
    agents: sessions.agents,
    rate,
    open: true,
    ties: true,
    odd: sessions.odd,
    tamper: (page) => page,
  };
  const parts: Parts = {
    now,
    sessions,
    channels,
    apiKey,
    rate,
    startedAt: now(),
    ties: () => state.ties,
    tamper: (page) => state.tamper(page),
    act,
    onMessage: answer,
  };
  const base = await createEmulator({
    name: 'eliza',
    port,
    routes: (app) => registerRoutes(app, parts),
    spec: { document, exceptions },
    onRestart: () => sessions.all.clear(),
  });
  const sockets = createSockets({
    server: base.server,
    apiKey: socketApiKey,
    open: () => state.open,
    channels: () => channels,
    onMessage: answer,
  });
  const sweeping = setInterval(() => sessions.sweep(), sweepMs).unref();
  const known = (id: string): EmulatedSession => {
    const session = [...sessionOf.values()].find((each) => each.id === id);
    if (session === undefined) throw new Error(`Expected session ${id} to have been made here.`);
    return session;
  };

  // Not spread: some of its properties are read anew each time.
  return Object.assign(Object.create(base) as Emulator, {
    state,
    script,
    sockets,
    createSession(body: Readonly<Record<string, unknown>> = {}) {
      const session = sessions.create({ agentId: agents[0]?.id, userId: someUser, ...body });
      channels.open(session);
      return session;
    },
    userSays(sessionId: string, content: string) {
      const { channelId, userId } = known(sessionId);
      const metadata = { ...channels.metadata.get(channelId), sessionId };
      const message = channels.store({ channelId, authorId: userId, content, source: 'user', metadata, raw: {} });
      answer(message);
      return message;
    },
    agentSays(sessionId: string, text: string, answered: string | null = null) {
      const session = known(sessionId);
      return channels.agentSays(
        session,
        agents.find(({ id }) => id === session.agentId)?.name ?? 'Agent',
        { kind: 'reply', text },
        answered,
      );
    },
    clearChannel: (sessionId: string) => channels.clear(known(sessionId).channelId),
    expire(sessionId: string) {
      known(sessionId).expiresAt = now();
    },
    sweep: () => sessions.sweep(),
    remove: (sessionId: string) => void sessions.all.delete(sessionId),
    async restart() {
      await base.stop();
      await base.start();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      for (const timer of timers) clearTimeout(timer);
      sockets.close();
      await base[Symbol.asyncDispose]();
    },
  });
}
