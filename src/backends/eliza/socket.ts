import { type ManagerOptions, type Socket, type SocketOptions, io } from 'socket.io-client';
import { v4 as uuidv4 } from 'uuid';
import { type Problem, problem } from '../../core/problem.ts';
import type { ElizaOptions } from './options.ts';

export type SocketParts = Pick<ElizaOptions, 'name' | 'url' | 'socketApiKey' | 'timeoutMs'>;

/** A socket of the server's, of a connection of its own, that begins to connect. */
export function openSocket({ url, socketApiKey, timeoutMs }: SocketParts, extras: Partial<ManagerOptions & SocketOptions>): Socket {
  const { origin, pathname } = new URL(url);
  return io(origin, {
    path: `${pathname.replace(/\/+$/, '')}/socket.io`,
    // Who listens: the server wants to be told, and checks nothing of it.
    auth: { entityId: uuidv4(), ...(socketApiKey !== null && { apiKey: socketApiKey }) },
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    forceNew: true,
    timeout: timeoutMs,
    ...extras,
  });
}

/** Why a socket could not connect, of its `connect_error`. */
export function connectFailure(name: string, socket: Socket, error: Error): Problem {
  const of = (code: 'UPSTREAM_UNAVAILABLE' | 'UPSTREAM_REFUSED', detail: string): Problem =>
    problem(code, `Backend ${name} ${detail}`, { backend: name });
  if (socket.active) return of('UPSTREAM_UNAVAILABLE', 'lets no socket connect: it is tried again.');
  // By the server itself, with a sentence. The key is not in it.
  return of('UPSTREAM_REFUSED', `refused the socket: ${error.message.slice(0, 200)}. Check \`socketApiKey\`.`);
}
