import type { Socket } from 'node:net';
import { CloseCode, type WebSocket as ProtocolSocket } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { AuthRefusal, PresentedCredentials } from '../auth/authenticator.ts';
import type { Caller } from '../core/viewer.ts';
import type { LiveConnection } from './connections.ts';
import { corkForThisTurn } from './cork.ts';
import { nextFrame } from './ws-frame.ts';

/** Close codes besides those of the graphql-ws library, whose clients take 4401 as final and come back after these and 4403. */
const goingAway = 1001;
const tryAgainLater = 1013;

/** What the protocol says at 4400. */
export const invalidMessage = 'Invalid message received';

/** What a close frame has room for. */
const maxReasonBytes = 123;

/** A reason that may quote the client, such as the id that it used twice, as a close frame takes it. */
const shortened = (reason: string): string =>
  Buffer.byteLength(reason) <= maxReasonBytes ? reason : `${reason.slice(0, maxReasonBytes / 3 - 1).toWellFormed()}…`;

/** An operation's hold on its id: a client may complete an operation and use the id again before the first is through. */
export class IdClaim {
  readonly #claims: IdClaim[];
  readonly #id: string;

  /** Whatever had the id before holds it no longer. */
  constructor(claims: IdClaim[], id: string) {
    this.#claims = claims;
    this.#id = id;
    const before = claims.findIndex((claim) => claim.#id === id);
    if (before < 0) claims.push(this);
    else claims[before] = this;
  }

  get isHeld(): boolean {
    return this.#claims.includes(this);
  }

  release(): void {
    const index = this.#claims.indexOf(this);
    if (index >= 0) this.#claims.splice(index, 1);
  }
}

/**
 * One WebSocket, and what is known of its other end. There may be ten thousand of them idle: it has neither timers nor closures of its own, and
 * keeps nothing of the request that opened it once it knows who asked.
 */
export class WsConnection implements LiveConnection, ProtocolSocket {
  readonly protocol: string;
  /** The credentials that came with the request that opened it, and the client's address. Null once they were looked at. */
  presented: PresentedCredentials | null;
  caller: Caller | null = null;
  subscriptions = 0;
  /** What the protocol does with a message. */
  handle: ((text: string) => Promise<void>) | null = null;
  /** What the protocol does when the socket is closed. */
  closed: ((code: number, reason: string) => Promise<void>) | null = null;
  readonly #socket: WebSocket;
  // The WebSocket's own: frames that many share are written to it as they are.
  readonly #stream: Socket;
  readonly #claims: IdClaim[] = [];
  #executing = 0;
  #leaving = false;
  #drained: Promise<void> | null = null;
  #alive = true;

  constructor(socket: WebSocket, stream: Socket, presented: PresentedCredentials) {
    this.protocol = socket.protocol;
    this.#socket = socket;
    this.#stream = stream;
    this.presented = presented;
  }

  get via(): 'graphql-ws' {
    return 'graphql-ws';
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  onMessage(handle: (text: string) => Promise<void>): void {
    this.handle = handle;
  }

  /** Queries and mutations that are being executed. */
  get executing(): number {
    return this.#executing;
  }

  /** Counts one more until `executed`. */
  executes(): void {
    this.#executing++;
  }

  executed(): void {
    this.#executing--;
    // From the result to the socket it is a few promises.
    if (this.#leaving) setImmediate(() => this.leave());
  }

  /** Says good-bye as soon as what is being executed is answered. */
  leave(): void {
    this.#leaving = true;
    if (this.#executing === 0) this.goAway();
  }

  /** Takes the id for an operation. */
  claim(id: string): IdClaim {
    return new IdClaim(this.#claims, id);
  }

  writeNext(prefix: string, prefixBytes: number, payload: Buffer): void {
    if (!this.isOpen) return;
    corkForThisTurn(this.#stream);
    this.#stream.write(nextFrame(prefix, prefixBytes, payload));
  }

  bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  drained(): Promise<void> {
    if (!this.#stream.writableNeedDrain || this.#stream.destroyed) return Promise.resolve();
    this.#drained ??= new Promise((resolve) => {
      const done = (): void => {
        this.#drained = null;
        this.#stream.off('drain', done).off('close', done);
        resolve();
      };
      this.#stream.on('drain', done).on('close', done);
    });
    return this.#drained;
  }

  /** Reads no more messages until the peer has taken what it was sent. */
  async pauseUntilDrained(): Promise<void> {
    this.#socket.pause();
    await this.drained();
    this.#socket.resume();
  }

  send(text: string): void {
    if (this.isOpen) this.#socket.send(text);
  }

  close(code: number = CloseCode.InternalServerError, reason = ''): void {
    this.#socket.close(code, shortened(reason));
  }

  /** A ping of the protocol. The library's own answer fails at a payload that is nested too deep to be sent back. */
  onPing(payload: Readonly<Record<string, unknown>> | undefined): void {
    try {
      this.send(JSON.stringify({ type: 'pong', payload }));
    } catch {
      this.close(CloseCode.BadRequest, invalidMessage);
    }
  }

  /** The peer has given a sign of life. */
  pong(): void {
    this.#alive = true;
  }

  keepAlive(): void {
    if (!this.#alive) return this.terminate();
    this.#alive = false;
    if (this.isOpen) this.#socket.ping();
  }

  /** The credentials that it came with were not accepted. */
  refuse({ problem, retryable }: AuthRefusal): void {
    const later = problem.status === 503 ? tryAgainLater : CloseCode.Forbidden;
    this.close(retryable ? later : CloseCode.Unauthorized, problem.code);
  }

  expire(): void {
    this.close(CloseCode.Forbidden, 'Token expired');
  }

  revoke(): void {
    this.close(CloseCode.Unauthorized, 'UNAUTHENTICATED');
  }

  goAway(): void {
    this.close(goingAway, 'Going away');
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
