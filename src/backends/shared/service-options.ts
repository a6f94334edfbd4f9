import type { Backend } from '../../core/backend.ts';
import type { Clock } from '../../core/ports.ts';
import type { HttpClientOptions } from './http-options.ts';

/** What every connector of a service takes. Durations in milliseconds. */
export interface ServiceOptions extends Pick<Backend, 'minimumTier' | 'onExpiry' | 'foreignVisibility' | 'pollMs'> {
  /** The backend's configured name. */
  readonly name: string;
  /** Where the service is. */
  readonly url: string;
  /** Of one attempt at a request. */
  readonly timeoutMs: number;
  /** Attempts after the first, of what may be repeated. */
  readonly retries: number;
  /** Requests at a time. */
  readonly concurrency: number;
  readonly breaker: { readonly failures: number; readonly openMs: number };
  /** Told before each attempt. */
  readonly onSend?: HttpClientOptions['onSend'];
  /** Told of each attempt. */
  readonly onCall?: HttpClientOptions['onCall'];
  /** @default systemClock */
  readonly clock?: Clock | undefined;
}

/** The part of them that the HTTP client takes. */
export const httpOptionsOf = ({
  name,
  url,
  timeoutMs,
  retries,
  concurrency,
  breaker,
  onSend,
  onCall,
  clock,
}: ServiceOptions): HttpClientOptions => ({
  name,
  url,
  timeoutMs,
  retries,
  concurrency,
  breaker,
  ...(onSend && { onSend }),
  ...(onCall && { onCall }),
  ...(clock && { clock }),
});
