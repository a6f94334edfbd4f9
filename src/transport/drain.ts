import type { IncomingMessage } from 'node:http';
import { Server, type Socket } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** How often connections are looked at that have become idle. */
const lookMs = 20;

/** Balancers and browsers open connections ahead of what they will ask. One that has asked nothing by then is not waited for any longer. */
const askMs = 500;

/** The connections on which nothing has been asked yet. Node takes them for busy ones. */
export function trackUnasked(server: Server): ReadonlySet<Socket> {
  const unasked = new Set<Socket>();
  const asked = (socket: Socket): void => void unasked.delete(socket);
  server.on('connection', (socket: Socket) => {
    unasked.add(socket);
    socket.once('close', () => asked(socket));
  });
  server.on('request', ({ socket }: IncomingMessage) => asked(socket));
  server.on('upgrade', ({ socket }: IncomingMessage) => asked(socket));
  return unasked;
}

/** Node accepts one connection in a turn of its loop: so many that have connected are let in. */
const turnsOfGrace = 128;

/** Lets those in who have connected before: the system resets whatever connection is not accepted when the listening ends. */
export async function letIn(): Promise<void> {
  for (let turn = 0; turn < turnsOfGrace; turn++) await setImmediate();
}

/** Takes no new connections. Those that are open stay, also idle ones: probes on them are still to hear that the gateway is stopping. */
export function stopListening({ server }: FastifyInstance): void {
  // Not the HTTP server's own `close`, which cuts idle connections.
  if (server.listening) Server.prototype.close.call(server);
}

/** Closes the connections as they become idle: the last bytes of an answer are still taken. After the deadline, all of them. */
export async function closeServer(app: FastifyInstance, unasked: ReadonlySet<Socket>, deadline: AbortSignal): Promise<void> {
  const closed = app.close().then(() => true);
  const late = AbortSignal.timeout(askMs);
  do {
    if (deadline.aborted) app.server.closeAllConnections();
    else app.server.closeIdleConnections();
    if (late.aborted) for (const socket of unasked) socket.destroy();
  } while (!(await Promise.race([closed, setTimeout(lookMs, false)])));
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
