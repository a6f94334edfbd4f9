import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Backend } from '../core/backend.ts';
import type { Bus, Clock, Store } from '../core/ports.ts';
import type { Viewer } from '../core/viewer.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Hub } from '../live/hub.ts';
import { createApollo } from './apollo.ts';
import { createClientAddress } from './client-address.ts';
import { type Connections, type LiveConnection, createConnections } from './connections.ts';
import { aborted, closeServer, letIn, stopListening, trackUnasked } from './drain.ts';
import { createFastifyApp } from './fastify-app.ts';
import { registerGraphiql } from './graphiql.ts';
import { registerGraphqlRoute } from './graphql-route.ts';
import { createGraphqlSse } from './graphql-sse.ts';
import { serveGraphqlWs } from './graphql-ws.ts';
import { registerHealth } from './health.ts';
import { createInFlight } from './in-flight.ts';
import { type MetricsPage, registerMetrics } from './metrics-route.ts';
import type { TransportObserver } from './observer.ts';
import { createOriginRule } from './origins.ts';
import { createShortcut } from './shortcut.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Larger request bodies over HTTP are answered with 413. */
  readonly bodyLimitBytes: number;
  /** Whose `X-Forwarded-For` is believed: nobody's, everybody's, or that of these addresses and networks. */
  readonly trustProxy: boolean | readonly string[];
  /** Web origins that browsers may call from. '*' = any. */
  readonly corsOrigins: '*' | readonly string[];
  /** How long answers in flight are waited for when the gateway stops. */
  readonly drainSeconds: number;
  /** How long before that everything is taken as ever while readiness says 503. */
  readonly drainDelaySeconds: number;
}

export interface LiveOptions {
  /** How long a WebSocket client has for its `connection_init`. */
  readonly connectionInitTimeoutMs: number;
  /** How often peers are asked for a sign of life. 0 = never. */
  readonly keepAliveMs: number;
  /** With more than this not taken by a WebSocket client, no more of its messages are read. */
  readonly maxBufferedBytes: number;
  readonly maxSubscriptionsPerConnection: number;
  /** Larger messages over WebSocket close it with 1009. */
  readonly maxMessageBytes: number;
}

export interface TransportOptions extends ServerOptions, LiveOptions {
  readonly engine: Engine;
  readonly hub: Hub;
  readonly authenticator: Authenticator;
  /** Those of the viewers of open connections whose credentials were revoked, or whose membership ended. Asked every second. */
  readonly findRevoked: (viewers: Iterable<Viewer>) => Promise<ReadonlySet<Viewer>>;
  readonly store: Pick<Store, 'check' | 'checkWrites'>;
  readonly bus: Pick<Bus, 'check'>;
  /** What readiness tells of. */
  readonly backends: ReadonlyMap<string, Pick<Backend, 'kind' | 'health'>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether `/` shows GraphiQL. */
  readonly graphiql: boolean;
  /** Whether clients may ask for the schema: as the engine was told. */
  readonly introspection: boolean;
  /** @default nobody looks on */
  readonly observer?: TransportObserver;
  /** What `/metrics` answers. Null = there is no such page here. @default null */
  readonly metrics?: MetricsPage | null;
}

/** What is open and under way. */
export interface TransportLoad {
  /** By protocol: those that are open, and what waits for their peers in all. */
  readonly connections: Readonly<Record<LiveConnection['via'], ReturnType<Connections['load']>>>;
  /** Queries and mutations that are being executed. */
  readonly operations: number;
}

/** The gateway's door: HTTP, WebSocket and server-sent events on one port. */
export interface Transport extends AsyncDisposable {
  /** Starts to listen. Rejects where the address is taken. */
  listen(): Promise<{ readonly url: string }>;
  load(): TransportLoad;
}

/** Where GraphQL is, over HTTP, server-sent events and WebSocket alike. */
const path = '/graphql';

/**
 * Disposing stops in this order: `/health/ready` says 503, and each answer is the last on its connection, for `drainDelaySeconds`; no new
 * connections; answers in flight are finished, for `drainSeconds` at most; WebSockets are closed with 1001 and event streams ended; the
 * connections are closed.
 */
export async function createTransport(options: TransportOptions): Promise<Transport> {
  const { engine, hub, authenticator, findRevoked, store, bus, backends, clock, logger, corsOrigins, introspection } = options;
  const { observer = {}, metrics = null } = options;
  let phase: 'open' | 'draining' | 'closing' = 'open';
  const isDraining = (): boolean => phase !== 'open';
  const onError = (error: unknown): void => logger.error({ err: error }, 'A live connection could not be served');
  const clientAddress = createClientAddress(options.trustProxy);
  const inFlight = createInFlight();
  const connections = createConnections({ clock, keepAliveMs: options.keepAliveMs, findRevoked, onError });
  const apollo = await createApollo({ engine, introspection, logger });
  const { bodyLimitBytes } = options;
  const app = await createFastifyApp({
    logger,
    engine,
    bodyLimitBytes,
    corsOrigins,
    isDraining,
    clientAddress,
    onAnswer: observer.onAnswer,
  });

  const unasked = trackUnasked(app.server);
  registerHealth(app, {
    checks: { store: (signal) => store.check(signal) },
    // Without a bus, changes at other gateways are looked for. A store that does not write still reads.
    helpers: { bus: (signal) => bus.check(signal), storeWrites: () => store.checkWrites() },
    backends,
    isDraining,
    onFailure: (check, error) => logger.warn({ err: error, check }, 'A check of readiness failed'),
    onBackendFailure: (backend, error) => logger.warn({ err: error, backend }, 'A backend does not say how it is'),
  });
  const answerAsEvents = createGraphqlSse({ engine, hub, connections, inFlight });
  registerGraphqlRoute(app, {
    path,
    engine,
    authenticator,
    shortcut: createShortcut({ engine, apollo }),
    answerAsEvents,
    inFlight,
    clientAddress,
    isDraining,
    within: observer.within,
  });
  if (metrics !== null) registerMetrics(app, metrics);
  if (options.graphiql) await registerGraphiql(app, { endpoint: path });
  const upgrades = serveGraphqlWs(app.server, {
    engine,
    hub,
    authenticator,
    connections,
    inFlight,
    path,
    allowsOrigin: createOriginRule(corsOrigins),
    clientAddress,
    isClosing: () => phase === 'closing',
    connectionInitTimeoutMs: options.connectionInitTimeoutMs,
    maxMessageBytes: options.maxMessageBytes,
    maxSubscriptionsPerConnection: options.maxSubscriptionsPerConnection,
    maxBufferedBytes: options.maxBufferedBytes,
    within: observer.within,
    onError,
  });
  let disposal: Promise<void> | null = null;

  return {
    async listen() {
      await app.listen({ host: options.host, port: options.port });
      const { address, family, port } = app.server.address() as AddressInfo;
      return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` };
    },
    load: () => ({
      connections: { 'graphql-ws': connections.load('graphql-ws'), 'graphql-sse': connections.load('graphql-sse') },
      operations: inFlight.size,
    }),
    [Symbol.asyncDispose]: () => (disposal ??= dispose()),
  };

  async function dispose(): Promise<void> {
    phase = 'draining';
    const delayMs = options.drainDelaySeconds * 1_000;
    if (delayMs > 0 && app.server.listening) await new Promise<void>((resolve) => clock.at(clock.now() + delayMs, resolve));
    const deadline = AbortSignal.timeout(options.drainSeconds * 1_000);
    phase = 'closing';
    await letIn();
    stopListening(app);
    await Promise.race([inFlight.idle(), aborted(deadline)]);
    await connections.closeAll();
    await closeServer(app, unasked, deadline);
    upgrades[Symbol.dispose]();
    connections[Symbol.dispose]();
    await apollo[Symbol.asyncDispose]();
  }
}
