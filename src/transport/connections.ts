import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../core/ports.ts';
import type { Caller, Viewer } from '../core/viewer.ts';

/** A connection that stays open: a WebSocket, or a stream of server-sent events. */
export interface LiveConnection {
  readonly via: 'graphql-ws' | 'graphql-sse';
  /** Who is at the other end. Null until that is known. */
  readonly caller: Caller | null;
  /** The subscriptions that it carries. */
  readonly subscriptions: number;
  /** The bytes written that the peer has not taken. */
  bufferedBytes(): number;
  /** Says something to the peer, and cuts the connection where nothing came back from the last time. */
  keepAlive(): void;
  /** The credentials have run out: the client may come back with fresh ones. */
  expire(): void;
  /** The credentials are good no longer: the client need not come back with them. */
  revoke(): void;
  /** The gateway is stopping: says good-bye. */
  goAway(): void;
  /** Cuts the connection, whatever the peer has not taken yet. */
  terminate(): void;
}

export interface ConnectionsOptions {
  readonly clock: Clock;
  /** How often peers are asked for a sign of life. 0 = never. */
  readonly keepAliveMs: number;
  /** Those of the viewers whose credentials were revoked, or whose membership ended. */
  readonly findRevoked: (viewers: Iterable<Viewer>) => Promise<ReadonlySet<Viewer>>;
  /** Is told where `findRevoked` failed; it is asked again. */
  readonly onError: (error: unknown) => void;
}

/** All connections that are open, under timers that they share. */
export interface Connections extends Disposable {
  add(connection: LiveConnection): void;
  delete(connection: LiveConnection): void;
  /** To be called when the caller of a connection has become known. */
  identified(connection: LiveConnection): void;
  readonly size: number;
  /** Those that are open, and what waits for their peers in all. */
  load(via: LiveConnection['via']): { readonly connections: number; readonly bufferedBytes: number };
  /** Says good-bye to all, and to whoever comes later, and resolves when they are gone; those that linger are cut off. */
  closeAll(): Promise<void>;
}

/** How often credentials are looked at. */
const checkMs = 1_000;
/** What a removed member gets to see its last event first. */
const checksOfGrace = 1;
/** How long a peer may take to answer a good-bye. */
const lingerMs = 1_000;
/** Pings in one turn of the event loop. */
const pingsAtOnce = 500;

export function createConnections({ clock, keepAliveMs, findRevoked, onError }: ConnectionsOptions): Connections {
  const connections = new Set<LiveConnection>();
  // Only those whose credentials run out before the next check: one timer for each connection would be many.
  const expiring = new Map<LiveConnection, Disposable>();
  const removed = new WeakMap<LiveConnection, number>();
  let closing = false;
  let gone: (() => void) | null = null;
  let checkTimer: Disposable | null = null;
  let pingTimer: Disposable | null = null;

  return {
    get size() {
      return connections.size;
    },
    load(via) {
      const open = [...connections].filter((connection) => connection.via === via);
      return { connections: open.length, bufferedBytes: open.reduce((sum, connection) => sum + connection.bufferedBytes(), 0) };
    },
    add(connection) {
      connections.add(connection);
      checkTimer ??= clock.at(clock.now() + checkMs, () => void checkOn());
      if (closing) connection.goAway();
      if (keepAliveMs > 0) pingTimer ??= clock.at(clock.now() + keepAliveMs, () => void pingOn());
    },
    delete(connection) {
      connections.delete(connection);
      forgetExpiry(connection);
      if (connections.size === 0) gone?.();
    },
    identified(connection) {
      watchExpiry(connection);
    },
    async closeAll() {
      closing = true;
      if (connections.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      gone = resolve;
      for (const connection of connections) connection.goAway();
      const timer = setTimeout(() => {
        for (const connection of connections) connection.terminate();
      }, lingerMs);
      await promise;
      clearTimeout(timer);
    },
    [Symbol.dispose]() {
      checkTimer?.[Symbol.dispose]();
      pingTimer?.[Symbol.dispose]();
      for (const connection of expiring.keys()) forgetExpiry(connection);
    },
  };

  function forgetExpiry(connection: LiveConnection): void {
    expiring.get(connection)?.[Symbol.dispose]();
    expiring.delete(connection);
  }

  function watchExpiry(connection: LiveConnection): void {
    const expiresAt = connection.caller?.expiresAt ?? null;
    if (expiresAt === null || expiring.has(connection) || !connections.has(connection)) return;
    // Twice the interval, so that a check that comes late still comes before.
    if (expiresAt > clock.now() + 2 * checkMs) return;
    expiring.set(
      connection,
      clock.at(expiresAt, () => connection.expire()),
    );
  }

  async function checkOn(): Promise<void> {
    try {
      await check();
    } catch (error) {
      onError(error);
    }
    checkTimer = connections.size === 0 ? null : clock.at(clock.now() + checkMs, () => void checkOn());
  }

  async function check(): Promise<void> {
    const viewers: Viewer[] = [];
    for (const connection of connections) {
      watchExpiry(connection);
      if (connection.caller !== null) viewers.push(connection.caller.viewer);
    }
    const bad = await findRevoked(viewers);
    if (bad.size === 0) return;
    for (const connection of connections) {
      if (connection.caller !== null && bad.has(connection.caller.viewer) && !hasGrace(connection)) connection.revoke();
    }
  }

  // The hub ends a removed member's subscriptions itself, after the event that says so.
  function hasGrace(connection: LiveConnection): boolean {
    if (connection.caller?.viewer.kind !== 'MEMBER' || connection.subscriptions === 0) return false;
    const checks = removed.get(connection) ?? 0;
    removed.set(connection, checks + 1);
    return checks < checksOfGrace;
  }

  async function pingOn(): Promise<void> {
    let pings = 0;
    for (const connection of connections) {
      connection.keepAlive();
      if (++pings % pingsAtOnce === 0) await setImmediate();
    }
    pingTimer = connections.size === 0 ? null : clock.at(clock.now() + keepAliveMs, () => void pingOn());
  }
}
