import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import type { Caller } from '../core/viewer.ts';
import type { Sink } from '../live/sink.ts';
import type { LiveConnection } from './connections.ts';

// With a data field, though empty: without it `EventSource` does not tell its listeners.
const completed = 'event: complete\ndata: \n\n';
const prefix = Buffer.from('event: next\ndata: ');
const suffix = Buffer.from('\n\n');

/** Makes events of results. Subscribers of one group are given the same result one after the other, and share one event. */
export class SseFramer {
  #last: { readonly payload: Buffer; readonly frame: Buffer } | null = null;

  frame(payload: Buffer): Buffer {
    if (this.#last?.payload !== payload) this.#last = { payload, frame: Buffer.concat([prefix, payload, suffix]) };
    return this.#last.frame;
  }
}

/** One operation answered as a stream of server-sent events: the distinct connections mode of the graphql-sse protocol. */
export class SseConnection implements LiveConnection, Sink {
  readonly via = 'graphql-sse';
  readonly caller: Caller;
  subscription: Disposable | null = null;
  readonly #response: ServerResponse;
  readonly #framer: SseFramer;
  /** Nothing has gone to the peer since the last comment. */
  #stalled = false;

  constructor(response: ServerResponse, caller: Caller, framer: SseFramer) {
    this.#response = response;
    this.#framer = framer;
    this.caller = caller;
  }

  get subscriptions(): number {
    return this.subscription === null ? 0 : 1;
  }

  send(payload: Buffer): void {
    if (!this.#response.writableEnded) this.#response.write(this.#framer.frame(payload));
  }

  bufferedBytes(): number {
    return this.#response.writableLength;
  }

  drained(): Promise<void> {
    const response = this.#response;
    if (!response.writableNeedDrain || response.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }

  complete(): void {
    if (!this.#response.writableEnded) this.#response.end(completed);
  }

  /** The protocol has no event for an error: it is a result, and the last. */
  error(error: GraphQLFormattedError): void {
    this.errors([error]);
  }

  errors(errors: readonly GraphQLFormattedError[]): void {
    this.send(Buffer.from(JSON.stringify({ errors })));
    this.complete();
  }

  keepAlive(): void {
    const { writableNeedDrain } = this.#response;
    if (writableNeedDrain && this.#stalled) return this.terminate();
    this.#stalled = writableNeedDrain;
    if (!this.#response.writableEnded) this.#response.write(':\n\n');
  }

  /** Cut off in the middle: clients take that for a lost connection and come back, with fresh credentials where they have some. */
  expire(): void {
    this.terminate();
  }

  /** Likewise, and when it comes back it is told why it may not. */
  revoke(): void {
    this.terminate();
  }

  /** Ended, but not completed: clients come back. */
  goAway(): void {
    if (!this.#response.writableEnded) this.#response.end();
  }

  terminate(): void {
    this.#response.destroy();
  }
}
