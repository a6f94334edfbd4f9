import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { type Fault, type FaultOptions, type PlacedFault, createFaults } from './faults.ts';
import { type EmulatorRequest, type RequestMatch, createRequestLog } from './request-log.ts';
import { type SpecOptions, type Violation, createSpecCheck } from './spec-check.ts';

export interface EmulatorOptions {
  /** What it stands for, in messages: `sipher`. */
  readonly name: string;
  /** Registers the routes, once. State that they close over is the author's. */
  readonly routes: (app: FastifyInstance) => void;
  /** The port on 127.0.0.1. @default 0 // any free one, kept when it is started again */
  readonly port?: number;
  /** What the requests are checked against. */
  readonly spec?: SpecOptions;
  /** Called before it listens again: for services that lose what they hold when they restart. */
  readonly onRestart?: () => void;
}

/** A service as far as Parley uses it, over real HTTP, that records what it is asked and misbehaves when told to. */
export interface Emulator extends AsyncDisposable {
  /** `http://127.0.0.1:41234`, without the service's base path. */
  readonly url: string;
  readonly port: number;
  /** The same one through all restarts: Socket.IO, SignalR and WebSocket servers are attached to it once. */
  readonly server: Server;
  readonly app: FastifyInstance;
  /** In the order of their coming. */
  readonly requests: readonly EmulatorRequest[];
  count(match?: RequestMatch): number;
  /** The next request that comes and matches, when it has been read. */
  received(match?: RequestMatch): Promise<EmulatorRequest>;
  /** Forgets requests, violations and unknown requests. */
  clear(): void;
  /** Lets matching requests come to a fault, until it is disposed of or has happened so often. The latest one goes first. */
  fault(fault: Fault, options?: FaultOptions): PlacedFault;
  /** Requests that break the spec, but for its exceptions. Tests expect none. */
  readonly violations: readonly Violation[];
  /** Replies that break the spec, but for its exceptions: for the emulator's own tests. */
  readonly replyViolations: readonly Violation[];
  /** Requests that no route takes. Tests expect none. */
  readonly unknownRequests: readonly EmulatorRequest[];
  /** Refuses connections, and cuts off those that are open. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

/** Starts an emulator. */
export async function createEmulator({ name, routes, port = 0, spec, onRestart }: EmulatorOptions): Promise<Emulator> {
  const log = createRequestLog();
  const faults = createFaults();
  const check = spec === undefined ? null : createSpecCheck(spec);
  const unknownRequests: EmulatorRequest[] = [];
  const app = fastify({ forceCloseConnections: true, bodyLimit: 8 * 1_024 * 1_024, routerOptions: { maxParamLength: 1_000 } });

  // Servers take an empty body for none, whatever type it says it has.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, text, done) => {
    try {
      done(null, text === '' ? undefined : (JSON.parse(String(text)) as unknown));
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }));
    }
  });
  app.addHook('onRequest', (request, _, done) => {
    log.begin(request);
    done();
  });
  app.addHook('preHandler', async (request, reply) => {
    const entry = log.read(request);
    if (request.is404) unknownRequests.push(entry);
    check?.request(entry, request.is404);
    await faults.before(entry, reply);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const entry = log.of(request);
    if (typeof payload === 'string') check?.reply(entry, reply.statusCode, payload);
    return faults.after(entry, reply, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    log.end(request, reply.raw.statusCode);
    done();
  });
  app.register((scope, _, done) => {
    routes(scope);
    done();
  });
  await app.ready();

  const server = createServer((request, response) => app.routing(request, response));
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Cut off by a fault or by `stop`, also after an upgrade.
    socket.on('error', () => {});
  });
  let bound = port;
  const start = async (): Promise<void> => {
    server.listen(bound, '127.0.0.1');
    await once(server, 'listening');
    bound = (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start();

  return {
    get url() {
      return `http://127.0.0.1:${bound}`;
    },
    get port() {
      return bound;
    },
    server,
    app,
    requests: log.requests,
    count: (match) => log.count(match),
    received: (match) => log.received(match),
    clear() {
      log.clear();
      unknownRequests.length = 0;
      check?.clear();
    },
    fault: (fault, options) => faults.place(fault, options),
    violations: check?.violations ?? [],
    replyViolations: check?.replyViolations ?? [],
    unknownRequests,
    stop,
    async start() {
      if (server.listening) throw new Error(`The emulator of ${name} is running: stop it before it is started again.`);
      onRestart?.();
      await start();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await app.close();
    },
  };
}
