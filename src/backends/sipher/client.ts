import type { z } from 'zod';
import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { JsonObject } from '../../core/session.ts';
import { systemClock } from '../../core/system-clock.ts';
import { type HttpClient, createHttpClient } from '../shared/http-client.ts';
import type { HttpRequest } from '../shared/http-message.ts';
import { httpOptionsOf } from '../shared/service-options.ts';
import type { SipherOptions } from './options.ts';
import { type Asked, quotaOf, refusalOf } from './refusals.ts';
import { type PatchedSession, type WholeSession, deletedSession, patchedSession, root, wholeSession } from './wire.ts';

/** The calls that Parley makes. A session that the service has not is EXPIRED. */
export interface SipherClient extends AsyncDisposable {
  /** Not repeated where its answer is lost: the service keeps no idempotency keys for sessions, and would make another one. */
  create(body: { readonly defaults: JsonObject; readonly ttlSeconds: number }, signal?: AbortSignal): Promise<WholeSession | Problem>;
  get(handle: string, signal?: AbortSignal): Promise<WholeSession | Problem>;
  /** Merges: what is not given stays. */
  patch(handle: string, defaults: JsonObject, signal?: AbortSignal): Promise<PatchedSession | Problem>;
  remove(handle: string, signal?: AbortSignal): Promise<null | Problem>;
  /** Whether a Sipher answers there: null, or what came instead. Neither end's rate limit counts it. */
  probe(): Promise<null | Problem>;
  circuit: HttpClient['circuit'];
  lastFailure: HttpClient['lastFailure'];
  /**
   * How the gateway's key was refused by the last call about a session, or what came instead; null = it was taken. Where there was no such
   * call yet, it is tried on a session that nobody has; one that was refused is tried again once a minute. The service counts these calls.
   */
  keyTrouble(): Promise<Problem | string | null>;
}

/** Of the form of an id, and nobody's. */
const nobodys = `sess_${'0'.repeat(64)}`;
const retryKeyMs = 60_000;

export function createSipherClient(options: SipherOptions): SipherClient {
  const { name, apiKey, requestsPerMinute = 100, queueMs = 2_000, clock = systemClock } = options;
  const common = httpOptionsOf(options);
  const http = createHttpClient({
    ...common,
    headers: { 'x-api-key': apiKey },
    rateLimit: { requests: requestsPerMinute, windowMs: 60_000, queueMs },
  });
  // Apart from the calls about sessions, whose limit and breaker it must not touch. The page is public: no key goes along.
  const prober = createHttpClient({ ...common, retries: 0, breaker: { failures: Number.MAX_SAFE_INTEGER } });
  // Undefined = it was not tried yet.
  let keyRefusal: string | null | undefined;
  let keyTriedAt = -Infinity;

  async function call<T>(request: HttpRequest, schema: z.ZodType<{ readonly data: T }>, sent?: JsonObject): Promise<T | Problem> {
    const asked: Asked = { backend: name, operation: request.operation, ...(sent && { sent }) };
    const reply = await http.request({ ...request, mapServerErrors: (reply) => quotaOf(asked, reply, clock.now()) });
    if (isProblem(reply)) return reply;
    const refused = reply.status === 401 || reply.status === 403;
    if (!refused) keyRefusal = null;
    if (reply.status >= 300) {
      const refusal = refusalOf(asked, reply);
      if (refused) keyRefusal = refusal.detail;
      return refusal;
    }
    const parsed = schema.safeParse(reply.json);
    return parsed.success ? parsed.data.data : misfit(asked, parsed.error);
  }

  const one = (handle: string, signal?: AbortSignal) => ({ path: '/v1/sessions/{id}', params: { id: handle }, signal }) as const;

  /** Whatever is said of a session that is not there, the key was good for asking. */
  async function tryKey(): Promise<Problem | null> {
    const found = await call({ ...one(nobodys), method: 'GET', operation: 'try the key' }, wholeSession);
    if (!isProblem(found) || found.code === 'EXPIRED' || found.code === 'RATE_LIMITED' || keyRefusal) {
      keyTriedAt = clock.now();
      return null;
    }
    return found;
  }

  return {
    create: (body, signal) =>
      call({ method: 'POST', path: '/v1/sessions', body, operation: 'create a session', signal }, wholeSession, body.defaults),
    get: (handle, signal) => call({ ...one(handle, signal), method: 'GET', operation: 'read the session' }, wholeSession),
    patch: (handle, defaults, signal) =>
      call({ ...one(handle, signal), method: 'PATCH', body: { defaults }, operation: 'change the defaults' }, patchedSession, defaults),
    async remove(handle, signal) {
      const done = await call({ ...one(handle, signal), method: 'DELETE', safe: true, operation: 'delete the session' }, deletedSession);
      return isProblem(done) ? done : null;
    },
    async probe() {
      const asked: Asked = { backend: name, operation: 'see whether it is there' };
      const reply = await prober.request({ method: 'GET', path: '/', operation: asked.operation });
      if (isProblem(reply)) return reply;
      if (reply.status >= 300) return refusalOf(asked, reply);
      const parsed = root.safeParse(reply.json);
      return parsed.success ? null : misfit(asked, parsed.error);
    },
    circuit: () => http.circuit(),
    lastFailure: () => http.lastFailure(),
    async keyTrouble() {
      const isDue = keyRefusal !== null && clock.now() >= keyTriedAt + retryKeyMs;
      return (isDue ? await tryKey() : null) ?? keyRefusal ?? null;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([http[Symbol.asyncDispose](), prober[Symbol.asyncDispose]()]);
    },
  };
}

/** An answer of another shape than the service's, by the first field that is at fault. */
function misfit({ backend, operation }: Asked, { issues }: z.ZodError): Problem {
  const field = issues[0]?.path.join('.') ?? '';
  const where = field === '' ? 'a body of another shape' : `\`${field}\` of another shape`;
  return problem('UPSTREAM_FAILED', `Backend ${backend} answered with ${where} than Sipher's (${operation}): check its \`url\`.`, {
    backend,
  });
}
