import type { Clock } from '../../core/ports.ts';
import type { Problem } from '../../core/problem.ts';
import { type SocketParts, connectFailure, openSocket } from './socket.ts';

/** Tries whether the server's socket lets the gateway in: it has credentials of its own, and without it nothing is heard of. */
export interface Handshake extends Disposable {
  /** Null = it does, or did not decide in time. One try at a time; only a refusal is tried again within a minute. */
  look(): Promise<Problem | null>;
}

/** Readiness and `parley check` wait for it. */
const patienceMs = 1_000;
const restMs = 60_000;

export function createHandshake(options: SocketParts, clock: Clock): Handshake {
  const open = new Set<Disposable>();
  let looking: Promise<Problem | null> | null = null;
  let restUntil = 0;
  let disposed = false;

  function shake(): Promise<Problem | null> {
    const { promise, resolve } = Promise.withResolvers<Problem | null>();
    const socket = openSocket(options, { reconnection: false });
    const rest = (): void => {
      restUntil = clock.now() + restMs;
      resolve(null);
    };
    const timer = clock.at(clock.now() + Math.min(patienceMs, options.timeoutMs), rest);
    const end: Disposable = {
      [Symbol.dispose]() {
        timer[Symbol.dispose]();
        socket.off();
        socket.disconnect();
        resolve(null);
      },
    };
    open.add(end);
    socket.on('connect', rest);
    socket.on('connect_error', (error: Error) => resolve(connectFailure(options.name, socket, error)));
    return promise.finally(() => {
      open.delete(end);
      end[Symbol.dispose]();
    });
  }

  return {
    async look() {
      if (disposed || clock.now() < restUntil) return null;
      looking ??= shake().finally(() => {
        looking = null;
      });
      return looking;
    },
    [Symbol.dispose]() {
      disposed = true;
      for (const end of open) end[Symbol.dispose]();
    },
  };
}
