import type { GraphQLFormattedError } from 'graphql';

/**
 * Where the results of one subscription go: a transport's side of it. No method throws, and after `complete` or `error` none is called
 * again.
 */
export interface Sink {
  /** Takes one execution result, serialized: the value of `payload` in a frame. The bytes are shared with others and must not be changed. */
  send(payload: Buffer): void;
  /** The bytes taken that the peer has not. */
  bufferedBytes(): number;
  /** Resolves when the peer has taken what was sent, or is gone. Never rejects. */
  drained(): Promise<void>;
  /** The subscription is over, and nothing went wrong. */
  complete(): void;
  /** The subscription is over, and this is why. */
  error(error: GraphQLFormattedError): void;
}
