import { randomUUID } from 'node:crypto';
import type { Bus, Clock, Hint, Piece } from '../../core/ports.ts';
import { systemClock } from '../../core/system-clock.ts';
import { createConnector } from './connector.ts';
import { type Batch, createOutbox } from './outbox.ts';
import { createPieces } from './pieces.ts';
import { decodePayload, encodePayload } from './payload.ts';
import { createProbe } from './probe.ts';
import { createSubscriptions } from './subscriptions.ts';
import { asError, type OpenWire, type Wire } from './wire.ts';

export interface WireBusOptions {
  /** @default the machine's */
  readonly clock?: Clock;
  /** Is told once of each time without a connection, with the reason. @default nobody is */
  readonly onDown?: (error: Error) => void;
  /** Is told of each connection that came about. @default nobody is */
  readonly onUp?: () => void;
  /** Is told of handlers that threw, and of the first payload that is none. Must not throw. @default nobody is */
  readonly onError?: (error: unknown) => void;
  /**
   * How long a connection may take to come about.
   * @default 5_000 // 5 seconds
   */
  readonly connectMs?: number;
  /**
   * How long a word sent to oneself may take, in `check` and in the heartbeat. Less than a probe of readiness waits.
   * @default 1_500
   */
  readonly checkMs?: number;
  /**
   * How often the connection is tried. One on which nothing comes back is replaced: TCP alone takes minutes to notice.
   * @default 10_000 // 10 seconds
   */
  readonly heartbeatMs?: number;
  /**
   * The wait before connecting again, shortest and longest; it doubles with each failure in a row and is cut by up to a half by chance.
   * @default { from: 100, to: 5_000 }
   */
  readonly retryMs?: { readonly from: number; readonly to: number };
  /**
   * Sessions whose hints may wait for the server. With more, all are given up, and the other gateways are told to look by themselves.
   * @default 10_000 // about 1 MB
   */
  readonly maxWaiting?: number;
}

/** A bus over a server. */
export interface WireBus extends Bus {
  readonly counts: {
    /** Sessions whose hints wait to be sent. */
    readonly waiting: number;
    /** Payloads that were heard and are none of ours. */
    readonly ignored: number;
  };
}

/** How much of replies in the making may wait for the server, in UTF-16 units; what comes beyond is left out. */
const maxPieceUnits = 262_144;

/** How long the last hints may take when the gateway stops. */
const lastWordMs = 500;

/**
 * What the drivers have in common. Own subscribers are told at once, without the server; others through it, one payload at a time: what is
 * published meanwhile waits, of each session the highest number.
 */
export function createWireBus(driver: string, open: OpenWire, options: WireBusOptions = {}): WireBus {
  const { clock = systemClock, onDown, onUp, onError = () => undefined, connectMs = 5_000, checkMs = 1_500 } = options;
  const { heartbeatMs = 10_000, retryMs = { from: 100, to: 5_000 }, maxWaiting = 10_000 } = options;
  const self = randomUUID();
  const subscriptions = createSubscriptions<Hint>(onError);
  const listeners = createSubscriptions<Piece>(onError);
  const outbox = createOutbox(maxWaiting);
  const pieces = createPieces(maxPieceUnits);
  const probe = createProbe(clock, checkMs, flush);
  let sending: Batch | null = null;
  let isPiecesTurn = true;
  let ignored = 0;
  /** Why there is no connection. Null = there is one. */
  let trouble: Error | null = new Error('it has not been connected yet');
  let told = false;
  let heartbeat: Disposable | null = null;
  let disposal: Promise<void> | null = null;
  let idle: (() => void) | null = null;
  const connector = createConnector({ open, clock, connectMs, retryMs, heard, onOpen: opened, onLost: lost });

  return {
    lossless: false,
    counts: {
      get waiting() {
        return outbox.size;
      },
      get ignored() {
        return ignored;
      },
    },
    publish(hint) {
      if (disposal !== null) return;
      subscriptions.tell(hint);
      outbox.add(hint);
      flush();
    },
    subscribe: (handler: (hint: Hint) => void, onGap?: () => void) => subscriptions.add(handler, onGap),
    tell(piece) {
      // Nobody is told later of what was said while there was no connection.
      if (disposal !== null || connector.wire === null) return;
      pieces.add(piece);
      flush();
    },
    hear: (handler) => listeners.add(handler),
    async check(signal) {
      signal?.throwIfAborted();
      if (disposal !== null) throw new Error(`The ${driver} bus is closed.`);
      if (trouble !== null) throw new Error(`The ${driver} bus is not connected: ${trouble.message}`, { cause: trouble });
      await abortable(probe.ask(), signal);
    },
    [Symbol.asyncDispose]: () => (disposal ??= dispose()),
  };

  function opened(wire: Wire): void {
    trouble = null;
    told = false;
    onUp?.();
    // While there was no connection, others may have told of something.
    subscriptions.gap();
    flush();
    void tryOut(wire);
  }

  /** Never rejects. */
  async function tryOut(wire: Wire): Promise<void> {
    try {
      await probe.ask();
    } catch (error) {
      connector.drop(wire, asError(error));
      return;
    }
    if (connector.wire !== wire || disposal !== null) return;
    connector.proven();
    heartbeat = clock.at(clock.now() + heartbeatMs, () => void tryOut(wire));
  }

  function lost(error: Error): void {
    trouble = error;
    heartbeat?.[Symbol.dispose]();
    if (sending !== null) outbox.giveBack(sending);
    sending = null;
    pieces.clear();
    idle?.();
    probe.fail(error);
    if (!told) onDown?.(error);
    told = true;
  }

  function flush(): void {
    const { wire } = connector;
    if (wire === null || sending !== null) return;
    const word = probe.take();
    // In turn, so that no stream of pieces holds up the hints.
    const told = isPiecesTurn || outbox.size === 0 ? pieces.take() : [];
    const batch = (told.length === 0 ? outbox.take() : null) ?? { hints: [], lost: false };
    isPiecesTurn = told.length === 0;
    if (word === null && told.length === 0 && batch.hints.length === 0 && !batch.lost) {
      idle?.();
      return;
    }
    sending = batch;
    void send(wire, encodePayload({ from: self, ...batch, pieces: told, probe: word }));
  }

  /** Never rejects. */
  async function send(wire: Wire, payload: string): Promise<void> {
    try {
      await wire.send(payload);
    } catch (error) {
      connector.drop(wire, asError(error));
    }
    // Of a wire that is gone, it has been given back.
    if (connector.wire !== wire) return;
    sending = null;
    flush();
  }

  function heard(text: string): void {
    const payload = decodePayload(text);
    if (payload === null) {
      ignored += 1;
      if (ignored === 1) onError(new Error(`Something on the channel of the ${driver} bus is no hint, and is ignored.`));
      return;
    }
    if (payload.from === self) {
      if (payload.probe !== null) probe.heard(payload.probe);
      return;
    }
    for (const piece of payload.pieces) listeners.tell(piece);
    for (const hint of payload.hints) subscriptions.tell(hint);
    if (payload.lost) subscriptions.gap();
  }

  async function dispose(): Promise<void> {
    if (connector.wire !== null && (sending !== null || outbox.size > 0)) {
      const { promise: sent, resolve } = Promise.withResolvers<void>();
      idle = resolve;
      const limit = clock.at(clock.now() + lastWordMs, resolve);
      await sent;
      limit[Symbol.dispose]();
    }
    heartbeat?.[Symbol.dispose]();
    connector[Symbol.dispose]();
    probe.fail(new Error(`The ${driver} bus is closed.`));
    subscriptions.clear();
    listeners.clear();
  }
}

async function abortable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(asError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
