import { setMaxListeners } from 'node:events';
import { type Dispatcher, Pool } from 'undici';
import { type Problem, isProblem } from '../../core/problem.ts';
import { systemClock } from '../../core/system-clock.ts';
import { attempts } from './attempts.ts';
import { type CircuitPhase, createCircuit } from './circuit.ts';
import { createGate } from './gate.ts';
import { createConfidences } from './confidences.ts';
import { attempt } from './http-attempt.ts';
import { judge, meant } from './http-judge.ts';
import { type HttpReply, type HttpRequest, type HttpStream, type HttpStreamRequest, headersOf, targetOf } from './http-message.ts';
import type { HttpClientOptions } from './http-options.ts';
import { type Asked, type HttpFailure, type HttpOutcome, failure, nonsense, tooLarge } from './http-outcome.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { readText } from './read-text.ts';
import { streamBody } from './stream-body.ts';

/** Speaks HTTP with one service, and bears with its failures. Rejects only where the request's signal aborts, with its reason. */
export interface HttpClient extends AsyncDisposable {
  request(request: HttpRequest): Promise<HttpReply | Problem>;
  /** Opens a reply that goes on. A 4xx that the service answers instead is a reply, read to its end. */
  stream(request: HttpStreamRequest): Promise<HttpStream | HttpReply | Problem>;
  /** Takes a secret that a reply has brought: it is taken out of refusals, as those that were sent. */
  confide(secret: string): void;
  /** HALF_OPEN = the next request, or the one on its way, decides. */
  circuit(): CircuitPhase;
  /** What came in the way of the last attempt, as its problem says it; null where the service answered, or was not asked yet. */
  lastFailure(): string | null;
}

const connectTimeoutMs = 5_000;

/** @param discreet - Takes out of a refusal what is told to the service alone. */
type Read<T> = (
  reply: Dispatcher.ResponseData,
  asked: Asked,
  signal: AbortSignal,
  discreet: (refusal: string) => string,
) => Promise<HttpOutcome<T>>;

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { name, timeoutMs = 10_000, retries = 2, retryBaseMs = 200, concurrency = 64, queue = 256, rateLimit } = options;
  const { maxBodyBytes = 8_388_608, onSend, onCall, clock = systemClock } = options;
  const url = new URL(options.url);
  const prefix = url.pathname.replace(/\/+$/, '');
  const pool = new Pool(url.origin, {
    allowH2: false,
    connect: { timeout: connectTimeoutMs },
    // Attempts have a time of their own, and streams may be silent.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const life = new AbortController();
  setMaxListeners(0, life.signal);
  const circuit = createCircuit({ failures: options.breaker?.failures ?? 5, openMs: options.breaker?.openMs ?? 10_000 });
  const gate = createGate({ concurrency, queue });
  const limiter = rateLimit === undefined ? null : createRateLimiter({ queueMs: 2_000, ...rateLimit, clock });
  const confidences = createConfidences(options.secrets);
  let lastFailure: string | null = null;

  /** Waits for the request's turn, and sends it unless the circuit is open. */
  async function take<T>(
    asked: Asked,
    signal: AbortSignal,
    patienceMs: number,
    send: () => Promise<HttpOutcome<T>>,
  ): Promise<HttpOutcome<T>> {
    const refused = circuit.refusal(asked);
    if (refused !== null) return refused;
    const waitMs = (await limiter?.take(signal)) ?? null;
    if (waitMs !== null) return limited(asked, waitMs);
    const leave = await gate.enter(signal, patienceMs);
    if (leave === null) return full(asked);
    try {
      return await circuit.run(asked, send);
    } finally {
      leave();
    }
  }

  async function exchange<T>(request: HttpRequest, accept: string, read: Read<T>): Promise<T | Problem> {
    const { method, path, operation, safe = method === 'GET' || method === 'HEAD' } = request;
    const asked: Asked = { name, operation, safe };
    const signal = request.signal ?? new AbortController().signal;
    signal.throwIfAborted();
    const target = targetOf(prefix, request, name);
    if (isProblem(target)) return target;
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    const given = { ...headersOf(options.headers ?? {}), ...headersOf(request.headers ?? {}) };
    const discreet = confidences.told(given, request.body, request.secrets);
    const headers = { accept, ...(body !== null && { 'content-type': 'application/json' }), ...given };
    return attempts<T>({
      asked,
      retries,
      baseMs: retryBaseMs,
      timeoutMs: request.timeoutMs ?? timeoutMs,
      clock,
      signal,
      life: life.signal,
      once: (number, timeoutMs, either) =>
        take(asked, either, timeoutMs, async () => {
          const sending = { backend: name, method, path, operation, attempt: number };
          const observed = onSend?.(sending);
          const startedAt = performance.now();
          let status: number | null = null;
          let done = false;
          try {
            const all = observed === undefined ? headers : { ...headers, ...observed.headers };
            const sent = { pool, asked, method, target, headers: all, body, timeoutMs, signal, life: life.signal };
            const outcome = await attempt(sent, (reply) => read(reply, asked, signal, discreet));
            ({ status } = outcome);
            done = outcome.kind === 'done';
            lastFailure = outcome.kind === 'failure' && outcome.counts ? outcome.problem.detail : null;
            return outcome;
          } finally {
            const call = { ...sending, status, ms: performance.now() - startedAt, done };
            observed?.end(call);
            onCall?.(call);
          }
        }),
    });
  }

  const whole =
    (request: HttpRequest): Read<HttpReply> =>
    async (reply, asked, _, discreet) => {
      const text = await readText(reply.body, maxBodyBytes);
      if (text === null) return tooLarge(asked, maxBodyBytes, reply.statusCode);
      // Refusals are passed on to clients: some services quote in them what they were sent.
      const fit = reply.statusCode < 400 ? text : discreet(text);
      return judge(asked, reply.statusCode, headersOf(reply.headers), fit, request);
    };

  return {
    request: (request) => exchange(request, 'application/json', whole(request)),
    stream(request) {
      const { idleTimeoutMs = 0 } = request;
      return exchange<HttpStream | HttpReply>(request, request.accept, async (reply, asked, signal, discreet) => {
        const { statusCode: status, body } = reply;
        if (status >= 300 || !meant(status, request)) return whole(request)(reply, asked, signal, discreet);
        const headers = headersOf(reply.headers);
        if (/html/i.test(headers['content-type'] ?? '')) {
          body.on('error', () => {}).destroy();
          return nonsense(asked, status, 'a page instead of a stream');
        }
        const chunks = streamBody(body, { asked, idleTimeoutMs, signal, life: life.signal });
        return { kind: 'done', status, value: { kind: 'stream', status, headers, body: chunks } };
      });
    },
    confide: (secret) => confidences.heard(secret),
    circuit: () => circuit.phase(),
    lastFailure: () => lastFailure,
    async [Symbol.asyncDispose]() {
      life.abort();
      if (!pool.destroyed) await pool.destroy();
    },
  };
}

const limited = (asked: Asked, waitMs: number): HttpFailure =>
  failure(asked, 'RATE_LIMITED', 'takes no more requests for now', `try again in ${Math.ceil(waitMs / 1_000)} s`, {
    again: 'never',
    retryAfterMs: waitMs,
    counts: false,
  });

const full = (asked: Asked): HttpFailure =>
  failure(asked, 'RATE_LIMITED', 'is asked for too much at once', 'try again in a moment', {
    again: 'never',
    retryAfterSeconds: 1,
    counts: false,
  });
