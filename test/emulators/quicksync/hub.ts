import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { bearerOf, challenge } from './replies.ts';
import type { EmulatedSession, EmulatorState, Seat } from './state.ts';

const path = '/v1/hubs/session';
const separator = '\u001E';
const pingMs = 15_000;

/** The session hub: SignalR's JSON protocol over WebSocket, as far as its client needs it. */
export interface EmulatedHub {
  routes(app: FastifyInstance): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Connections whose handshake is done. */
  count(sessionId?: string): number;
  /** The next handshake that is done, now or later: counts from those that nobody asked for yet. */
  connected(): Promise<Seat>;
  /** Calls a method of the session's clients. */
  invoke(session: EmulatedSession, method: string, args: readonly unknown[]): void;
  /** Sends text as it is. */
  raw(text: string): void;
  /** Says good-bye, with or without leave to come back. @param userId - Null = everybody. */
  sendAway(session: EmulatedSession, userId: string | null, allowReconnect?: boolean): void;
  /** Destroys all sockets. */
  drop(): void;
  /** Whether handshakes of sockets are left unanswered. */
  hangs: boolean;
  close(): void;
}

export function createHub(state: EmulatorState): EmulatedHub {
  const sockets = new WebSocketServer({ noServer: true });
  const negotiated = new Set<string>();
  const open = new Map<WebSocket, Seat>();
  const held = new Set<Duplex>();
  const arrivals: Seat[] = [];
  const waiting: ((seat: Seat) => void)[] = [];
  const send = (socket: WebSocket, message: object): void => socket.send(`${JSON.stringify(message)}${separator}`);
  const of = (session: EmulatedSession): readonly (readonly [WebSocket, Seat])[] =>
    [...open].filter(([, seat]) => seat.session.id === session.id);

  const serve = (socket: WebSocket, seat: Seat): void => {
    let greeted = false;
    const ping = setInterval(() => send(socket, { type: 6 }), pingMs).unref();
    const take = (message: { type?: number; protocol?: string; invocationId?: string; target?: string }): void => {
      if (!greeted) {
        if (message.protocol !== 'json') {
          send(socket, { error: `The protocol '${message.protocol}' is not supported.` });
          return socket.close();
        }
        greeted = true;
        send(socket, {});
        open.set(socket, seat);
        const next = waiting.shift();
        if (next === undefined) arrivals.push(seat);
        else next(seat);
      } else if (message.type === 1 && message.invocationId !== undefined) {
        send(socket, { type: 3, invocationId: message.invocationId, error: `Unknown hub method '${message.target}'` });
      } else if (message.type === 7) socket.close(1_000);
    };
    socket.on('message', (data) => {
      for (const text of (data as Buffer).toString().split(separator))
        if (text !== '') take(JSON.parse(text) as Parameters<typeof take>[0]);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(ping);
      open.delete(socket);
    });
  };

  return {
    hangs: false,
    routes(app) {
      app.post<{ Querystring: { access_token?: string } }>(`${path}/negotiate`, (request, reply) => {
        const seat = state.seatOf(request.query.access_token ?? bearerOf(request));
        if (seat === 401) return challenge(reply);
        if (seat === 404) return reply.code(404).send();
        const connectionToken = randomUUID();
        negotiated.add(connectionToken);
        const availableTransports = [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }];
        return reply.send({ negotiateVersion: 1, connectionId: randomUUID(), connectionToken, availableTransports });
      });
    },
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? '', 'http://localhost');
      const refuse = (status: string): void => void socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      if (url.pathname !== path || !negotiated.has(url.searchParams.get('id') ?? '')) return refuse('404 Not Found');
      // Of a socket the token is documented to be in the query alone.
      const seat = state.seatOf(url.searchParams.get('access_token') ?? '');
      if (typeof seat === 'number') return refuse(`${seat} ${seat === 401 ? 'Unauthorized' : 'Not Found'}`);
      if (this.hangs) {
        held.add(socket);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (each) => serve(each, seat));
    },
    count: (sessionId) => [...open.values()].filter(({ session }) => sessionId === undefined || session.id === sessionId).length,
    connected() {
      const seat = arrivals.shift();
      return seat === undefined ? new Promise((resolve) => void waiting.push(resolve)) : Promise.resolve(seat);
    },
    invoke(session, method, args) {
      for (const [socket] of of(session)) send(socket, { type: 1, target: method, arguments: args });
    },
    raw(text) {
      for (const socket of open.keys()) socket.send(text);
    },
    sendAway(session, userId, allowReconnect = false) {
      for (const [socket, { user }] of of(session)) {
        if (userId !== null && user.id !== userId) continue;
        send(socket, { type: 7, ...(allowReconnect && { allowReconnect }) });
        socket.close(1_000);
      }
    },
    drop() {
      for (const socket of open.keys()) socket.terminate();
    },
    close() {
      for (const socket of held) socket.destroy();
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}
