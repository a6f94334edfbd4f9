import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FormattedExecutionResult } from 'graphql';
import { CloseCode, type ExecutionResult, handleProtocols, makeServer } from 'graphql-ws';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { type Authenticator, isRefusal } from '../auth/authenticator.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Hub } from '../live/hub.ts';
import type { Connections } from './connections.ts';
import { credentialsOf, withConnectionParams } from './credentials.ts';
import type { InFlight } from './in-flight.ts';
import type { Within } from './observer.ts';
import { SubscriptionError } from './subscription-stream.ts';
import { WsConnection, invalidMessage } from './ws-connection.ts';
import { type PreparedArgs, createWsOperations } from './ws-operations.ts';

export interface GraphqlWsOptions {
  readonly engine: Engine;
  readonly hub: Hub;
  readonly authenticator: Authenticator;
  readonly connections: Connections;
  readonly inFlight: InFlight;
  /** The only path that is upgraded. */
  readonly path: string;
  /** Whether pages of this origin may connect. `host` is what the request calls the gateway. */
  readonly allowsOrigin: (origin: string, host: string | undefined) => boolean;
  readonly clientAddress: (request: IncomingMessage) => string;
  /** Whether the gateway is about to close its sockets. */
  readonly isClosing: () => boolean;
  /** How long a client has for its `connection_init`. */
  readonly connectionInitTimeoutMs: number;
  /** Larger messages close the socket with 1009. */
  readonly maxMessageBytes: number;
  readonly maxSubscriptionsPerConnection: number;
  /** With more than this waiting to be taken by the peer, no more of its messages are read. */
  readonly maxBufferedBytes: number;
  readonly within?: Within | undefined;
  /** Is told of what failed while a message was handled; the socket is closed with 4500. */
  readonly onError: (error: unknown) => void;
}

/** How long a peer may take to answer a closing. */
const closeTimeoutMs = 2_000;

/** Whether the library threw at a message that only servers send: the protocol knows its type, and has no other end for it than for garbage. */
const isServersMessage = (error: unknown): boolean => error instanceof Error && error.message.startsWith('Unexpected message of type ');

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The graphql-ws protocol on a server's upgrades. Results of subscriptions go from the hub to the socket past the library. */
export function serveGraphqlWs(server: Server, options: GraphqlWsOptions): Disposable {
  const { engine, hub, connections, inFlight, isClosing } = options;
  const prepare = createWsOperations({
    engine,
    hub,
    inFlight,
    maxSubscriptions: options.maxSubscriptionsPerConnection,
    isClosing,
    within: options.within,
  });
  const connectionOf = new WeakMap<WebSocket, WsConnection>();
  // `closeTimeout` is missing in the types.
  const settings: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    // Kept by `connections`.
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxMessageBytes,
    closeTimeout: closeTimeoutMs,
    handleProtocols: (protocols) => handleProtocols(protocols),
    // An id may be used again as soon as its operation is completed: the library needs a turn of the loop in between.
    allowSynchronousEvents: false,
  };
  const sockets = new WebSocketServer(settings);

  const protocol = makeServer<Record<string, unknown>, WsConnection>({
    connectionInitWaitTimeout: options.connectionInitTimeoutMs,
    onConnect(context) {
      const { connectionParams } = context;
      // Tokens are kept no longer than they are needed.
      (context as Partial<Mutable<typeof context>>).connectionParams = {};
      return admit(context.extra, connectionParams);
    },
    onSubscribe: ({ extra }, id, payload) => prepare(extra, id, payload),
    // The arguments are those that `onSubscribe` answered with.
    execute: (args) => (args as PreparedArgs).run(),
    subscribe: (args) => (args as PreparedArgs).run(),
    onNext: (_context, _id, _payload, _args, result) => formatted(result),
    onError: (_context, _id, _payload, errors) =>
      errors.map((error) => (error.originalError instanceof SubscriptionError ? error.originalError.formatted : engine.formatError(error))),
  });

  server.on('upgrade', upgrade);
  return {
    [Symbol.dispose]() {
      server.off('upgrade', upgrade);
      sockets.close();
    },
  };

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const status = refusalOf(request);
    if (status === null && stream instanceof Socket) {
      sockets.handleUpgrade(request, stream, head, (socket) => open(socket, stream, request));
      return;
    }
    stream.on('error', () => stream.destroy());
    stream.end(`HTTP/1.1 ${status ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  function refusalOf({ url = '', headers }: IncomingMessage): string | null {
    if (url.split('?', 1)[0] !== options.path) return '404 Not Found';
    const { origin } = headers;
    return origin === undefined || options.allowsOrigin(origin, headers.host) ? null : '403 Forbidden';
  }

  function open(socket: WebSocket, stream: Socket, request: IncomingMessage): void {
    // The request itself is not kept: it weighs more than all the rest of an idle connection.
    const presented = { ...credentialsOf(request.headers), remoteAddress: options.clientAddress(request) };
    const connection = new WsConnection(socket, stream, presented);
    connectionOf.set(socket, connection);
    connection.closed = protocol.opened(connection, connection);
    socket.on('message', onMessage).on('pong', onPong).on('error', onError).on('close', onClose);
    connections.add(connection);
  }

  // Shared by all sockets, which are what they are called with.

  function onMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
    const connection = connectionOf.get(this);
    // Whoever goes on sending after it was told to go is not listened to: its credentials may be why.
    if (!connection?.isOpen || connection.handle === null) return;
    // Text is UTF-8 or has closed the socket already; decoding bytes that are not would put U+FFFD in their place.
    if (isBinary && !isUtf8(data)) return connection.close(CloseCode.BadRequest, invalidMessage);
    // Whoever asks without taking the answers is not listened to until it has.
    if (connection.bufferedBytes() > options.maxBufferedBytes) void connection.pauseUntilDrained();
    connection.handle(data.toString()).catch((error: unknown) => {
      if (isServersMessage(error)) return connection.close(CloseCode.BadRequest, invalidMessage);
      options.onError(error);
      connection.close(CloseCode.InternalServerError, 'Internal server error');
    });
  }

  function onPong(this: WebSocket): void {
    connectionOf.get(this)?.pong();
  }

  // The WebSocket closes itself after any error, with the code that fits.
  function onError(): void {}

  function onClose(this: WebSocket, code: number, reason: Buffer): void {
    const connection = connectionOf.get(this);
    if (connection === undefined) return;
    connections.delete(connection);
    connection.closed?.(code, reason.toString()).catch(options.onError);
  }

  async function admit(connection: WsConnection, params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const { remoteAddress = '', ...presented } = connection.presented ?? {};
    connection.presented = null;
    const outcome = await options.authenticator.authenticate({ ...withConnectionParams(presented, params), remoteAddress });
    if (isRefusal(outcome)) {
      connection.refuse(outcome);
      // Too late to close it again with the library's own code.
      return false;
    }
    connection.caller = outcome;
    connections.identified(connection);
    return true;
  }

  function formatted({ errors, data, extensions }: ExecutionResult): FormattedExecutionResult {
    return {
      ...(errors !== undefined && { errors: errors.map((error) => engine.formatError(error)) }),
      ...(data !== undefined && { data }),
      ...(extensions !== undefined && { extensions }),
    };
  }
}
