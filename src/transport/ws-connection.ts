import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { AuthRefusal, PresentedCredentials } from '../auth/authenticator.ts';
import type { Caller } from '../core/viewer.ts';
import type { LiveConnection } from './connections.ts';
import { nextFrame } from './ws-frame.ts';

/** Close codes besides those of the graphql-ws library. graphql-ws clients take 4401 as final, and come back after 4403. */
const closeCodes = { goingAway: 1001, unauthorized: 4401, forbidden: 4403 } as const;

/** An operation's hold on its id: a client may complete an operation and use the id again before the first is through. */
export interface IdClaim {
  readonly isHeld: boolean;
  release(): void;
}

/** One WebSocket, and what is known of its other end. Ten thousand of them idle: it holds little, and no timer. */
export class WsConnection implements LiveConnection {
  /** The credentials that came with the request that opened it, and the client's address. */
  readonly presented: PresentedCredentials;
  caller: Caller | null = null;
  subscriptions = 0;
  /** Queries and mutations that are being executed. */
  executing = 0;
  readonly #socket: WebSocket;
  // The WebSocket's own: frames that many share are written to it as they are.
  readonly #stream: Socket;
  /** By operation id. */
  #claims: Map<string, IdClaim> | null = null;
  #drained: Promise<void> | null = null;
  #alive = true;

  constructor(socket: WebSocket, stream: Socket, presented: PresentedCredentials) {
    this.#socket = socket;
    this.#stream = stream;
    this.presented = presented;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Takes the id for an operation. Whatever had it before holds it no longer. */
  claim(id: string): IdClaim {
    const claims = (this.#claims ??= new Map());
    const claim: IdClaim = {
      get isHeld() {
        return claims.get(id) === claim;
      },
      release() {
        if (claims.get(id) === claim) claims.delete(id);
      },
    };
    claims.set(id, claim);
    return claim;
  }

  writeNext(prefix: string, prefixBytes: number, payload: Buffer): void {
    if (this.isOpen) this.#stream.write(nextFrame(prefix, prefixBytes, payload));
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

  send(text: string): void {
    if (this.isOpen) this.#socket.send(text);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

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
    this.close(retryable ? closeCodes.forbidden : closeCodes.unauthorized, problem.code);
  }

  expire(): void {
    this.close(closeCodes.forbidden, 'Token expired');
  }

  revoke(): void {
    this.close(closeCodes.unauthorized, 'UNAUTHENTICATED');
  }

  goAway(): void {
    this.close(closeCodes.goingAway, 'Going away');
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
