import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Sink } from '../live/sink.ts';
import type { WsConnection } from './ws-connection.ts';

/** Why a subscription ended, on its way through the graphql-ws library. */
export class SubscriptionError extends Error {
  override readonly name = 'SubscriptionError';
  readonly formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.formatted = formatted;
  }
}

const over = { done: true, value: undefined } as const;

/**
 * A subscription as the graphql-ws library sees it: an iterator that never yields, since the results go to the socket past it, and that ends
 * when the subscription does.
 */
export class SubscriptionStream implements AsyncGenerator<ExecutionResult, void, void>, Sink {
  readonly #connection: WsConnection;
  readonly #prefix: string;
  readonly #prefixBytes: number;
  readonly #onEnd: () => void;
  #start: ((sink: Sink) => Disposable) | null;
  #subscription: Disposable | null = null;
  #pending: PromiseWithResolvers<IteratorReturnResult<void>> | null = null;
  #ended = false;

  /**
   * @param start - Starts the subscription, once the library iterates: it may have been completed before.
   * @param onEnd - Called once, however it ends.
   */
  constructor(connection: WsConnection, id: string, start: ((sink: Sink) => Disposable) | null, onEnd: () => void) {
    this.#connection = connection;
    this.#prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.#prefixBytes = Buffer.byteLength(this.#prefix);
    this.#start = start;
    this.#onEnd = onEnd;
  }

  next(): Promise<IteratorResult<ExecutionResult, void>> {
    if (this.#ended) return Promise.resolve(over);
    this.#pending ??= Promise.withResolvers();
    const start = this.#start;
    this.#start = null;
    if (start !== null) this.#subscription = start(this);
    return this.#pending.promise;
  }

  return(): Promise<IteratorResult<ExecutionResult, void>> {
    this.#end()?.resolve(over);
    return Promise.resolve(over);
  }

  throw(): Promise<IteratorResult<ExecutionResult, void>> {
    return this.return();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  send(payload: Buffer): void {
    if (!this.#ended) this.#connection.writeNext(this.#prefix, this.#prefixBytes, payload);
  }

  bufferedBytes(): number {
    return this.#connection.bufferedBytes();
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  complete(): void {
    this.#end()?.resolve(over);
  }

  error(error: GraphQLFormattedError): void {
    this.#end()?.reject(new SubscriptionError(error));
  }

  #end(): PromiseWithResolvers<IteratorReturnResult<void>> | null {
    if (this.#ended) return null;
    this.#ended = true;
    this.#start = null;
    this.#subscription?.[Symbol.dispose]();
    this.#onEnd();
    return this.#pending;
  }
}
