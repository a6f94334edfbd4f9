import type { Dispatcher } from 'undici';
import { type Asked, type HttpOutcome, closing, failureOf, timedOut } from './http-outcome.ts';

/** A request as it is sent, once. */
export interface HttpAttempt {
  readonly pool: Dispatcher;
  readonly asked: Asked;
  readonly method: Dispatcher.HttpMethod;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Aborts when the client is disposed of. */
  readonly life: AbortSignal;
}

/** Sends it and has the reply read, all within the time. Rejects with the signal's reason, or with what is no failure of the service. */
export async function attempt<T>(
  request: HttpAttempt,
  read: (reply: Dispatcher.ResponseData) => Promise<HttpOutcome<T>>,
): Promise<HttpOutcome<T>> {
  const { pool, asked, method, target, headers, body, timeoutMs, signal, life } = request;
  signal.throwIfAborted();
  if (life.aborted) return closing(asked);
  const cut = new AbortController();
  const onCut = (): void => cut.abort();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    cut.abort();
  }, timeoutMs);
  signal.addEventListener('abort', onCut, { once: true });
  life.addEventListener('abort', onCut, { once: true });
  let reply: Dispatcher.ResponseData | null = null;
  try {
    reply = await pool.request({ method, path: target, headers, body, signal: cut.signal });
    return await read(reply);
  } catch (error) {
    signal.throwIfAborted();
    if (life.aborted) return closing(asked);
    if (late) return timedOut(asked, timeoutMs);
    const failed = failureOf(asked, error, reply !== null);
    if (failed === null) throw error;
    return failed;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onCut);
    life.removeEventListener('abort', onCut);
  }
}
