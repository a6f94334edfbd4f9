import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Hub, SubscriptionRequest } from '../live/hub.ts';
import type { Sink } from '../live/sink.ts';
import type { IdClaim, WsConnection } from './ws-connection.ts';

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

/** An iterator that never yields, and ends when it is told to. */
export class SilentStream implements AsyncGenerator<ExecutionResult, void, void> {
  #pending: PromiseWithResolvers<IteratorReturnResult<void>> | null = null;
  #ended = false;

  next(): Promise<IteratorResult<ExecutionResult, void>> {
    if (this.#ended) return Promise.resolve(over);
    this.#pending ??= Promise.withResolvers();
    return this.#pending.promise;
  }

  return(): Promise<IteratorResult<ExecutionResult, void>> {
    this.end(null);
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

  protected get ended(): boolean {
    return this.#ended;
  }

  protected end(error: SubscriptionError | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error === null) this.#pending?.resolve(over);
    else this.#pending?.reject(error);
    this.#pending = null;
  }
}

/**
 * A subscription as the graphql-ws library sees it: it yields nothing, since the results go to the socket past the library, and ends when the
 * subscription does. It starts when it is iterated, for it may have been completed before.
 */
export class SubscriptionStream extends SilentStream implements Sink {
  readonly #connection: WsConnection;
  readonly #claim: IdClaim;
  readonly #prefix: string;
  readonly #prefixBytes: number;
  #hub: Pick<Hub, 'subscribe'> | null;
  #request: Omit<SubscriptionRequest, 'sink'> | null;
  #subscription: Disposable | null = null;

  constructor(
    connection: WsConnection,
    id: string,
    claim: IdClaim,
    hub: Pick<Hub, 'subscribe'>,
    request: Omit<SubscriptionRequest, 'sink'>,
  ) {
    super();
    this.#connection = connection;
    this.#claim = claim;
    this.#prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.#prefixBytes = Buffer.byteLength(this.#prefix);
    this.#hub = hub;
    this.#request = request;
  }

  override next(): Promise<IteratorResult<ExecutionResult, void>> {
    const request = this.#request;
    this.#request = null;
    const ended = super.next();
    if (request !== null && !this.ended) this.#subscription = this.#hub?.subscribe({ ...request, sink: this }) ?? null;
    this.#hub = null;
    return ended;
  }

  send(payload: Buffer): void {
    if (!this.ended) this.#connection.writeNext(this.#prefix, this.#prefixBytes, payload);
  }

  bufferedBytes(): number {
    return this.#connection.bufferedBytes();
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  complete(): void {
    this.end(null);
  }

  error(error: GraphQLFormattedError): void {
    this.end(new SubscriptionError(error));
  }

  protected override end(error: SubscriptionError | null): void {
    if (this.ended) return;
    super.end(error);
    this.#request = null;
    this.#subscription?.[Symbol.dispose]();
    this.#subscription = null;
    this.#connection.subscriptions--;
    this.#claim.release();
  }
}
