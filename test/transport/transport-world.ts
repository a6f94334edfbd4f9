import { EventEmitter, once } from 'node:events';
import { pino } from 'pino';
import { type ClientOptions, WebSocket } from 'ws';
import { createApiKeyVerifier } from '../../src/auth/api-key-verifier.ts';
import { createAuthenticator } from '../../src/auth/authenticator.ts';
import { findRevoked } from '../../src/auth/revocation.ts';
import { systemClock } from '../../src/core/system-clock.ts';
import { type TransportOptions, createTransport } from '../../src/transport/transport.ts';
import { type LiveWorld, type LiveWorldOptions, createLiveWorld } from '../live/live-world.ts';

export interface TransportWorld extends LiveWorld {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Stops the transport as a stopping gateway does, before the rest. */
  stop(): Promise<void>;
}

export interface TransportWorldOptions extends LiveWorldOptions {
  readonly transport?: Partial<TransportOptions>;
}

/** A gateway with its door open, on the machine's own time unless the test turns it. */
export async function createTransportWorld(options: TransportWorldOptions = {}): Promise<TransportWorld> {
  const maxBufferedBytes = options.transport?.maxBufferedBytes ?? 1_048_576;
  const world = createLiveWorld({ clock: systemClock, ...options, hub: { maxBufferedBytes, ...options.hub } });
  const { store, bus, clock, engine, hub } = world;
  const authenticator = createAuthenticator({
    apiKeys: createApiKeyVerifier({ store: store.apiKeys, clock }),
    memberTokens: world.memberTokens,
    wallet: world.walletAuth,
    users: null,
    members: store.members,
  });
  const transport = await createTransport({
    engine,
    hub,
    authenticator,
    findRevoked: (viewers) => findRevoked(store, viewers),
    store,
    bus,
    backends: new Map(),
    clock,
    logger: pino({ level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    bodyLimitBytes: 1_048_576,
    trustProxy: false,
    corsOrigins: '*',
    drainSeconds: 5,
    drainDelaySeconds: 0,
    graphiql: false,
    introspection: options.introspection ?? true,
    connectionInitTimeoutMs: 3_000,
    keepAliveMs: 12_000,
    maxBufferedBytes,
    maxSubscriptionsPerConnection: 100,
    maxMessageBytes: 1_048_576,
    ...options.transport,
  });
  const { url } = await transport.listen();
  return {
    ...world,
    url,
    async stop() {
      await transport[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** A WebSocket as a client has it, message by message. */
export interface Peer extends Disposable {
  readonly socket: WebSocket;
  send(message: object | string): void;
  /** The next message that was not asked for yet; rejects where the socket closes before. */
  next(): Promise<any>;
  /** How it closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** `connection_init` and its acknowledgement. */
  init(payload?: object): Promise<void>;
  subscribe(id: string, query: string, variables?: object): void;
}

export async function connect(
  url: string,
  options: ClientOptions & { readonly protocol?: string; readonly path?: string } = {},
): Promise<Peer> {
  const { protocol = 'graphql-transport-ws', path = '/graphql', ...rest } = options;
  const socket = new WebSocket(url.replace('http', 'ws') + path, protocol === '' ? [] : protocol, rest);
  const messages: any[] = [];
  const changes = new EventEmitter();
  let over: string | null = null;
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()));
    changes.emit('change');
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      over = `${code} ${reason.toString()}`;
      resolve({ code, reason: reason.toString() });
      changes.emit('change');
    });
  });
  await once(socket, 'open');
  const peer: Peer = {
    socket,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next() {
      for (;;) {
        const message: unknown = messages.shift();
        if (message !== undefined) return message;
        if (over !== null) throw new Error(`The socket closed: ${over}`);
        await once(changes, 'change');
      }
    },
    async init(payload) {
      peer.send({ type: 'connection_init', ...(payload && { payload }) });
      const message = await peer.next();
      if (message.type !== 'connection_ack') throw new Error(`Expected connection_ack, got ${JSON.stringify(message)}.`);
    },
    subscribe: (id, query, variables = {}) => peer.send({ id, type: 'subscribe', payload: { query, variables } }),
    [Symbol.dispose]: () => socket.terminate(),
  };
  return peer;
}

export const bearer = ({ token }: { readonly token: string }): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });

/** The opening of a subscription to a session's events has been received. */
export async function opened(peer: Peer, id: string): Promise<void> {
  const message = await peer.next();
  if (message.type !== 'next' || message.id !== id) throw new Error(`Expected the opening of ${id}, got ${JSON.stringify(message)}.`);
}

export async function postGraphql(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: any }> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}
