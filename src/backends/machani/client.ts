import type { z } from 'zod';
import { BoundedMap } from '../../core/bounded-map.ts';
import { type Problem, isProblem, problem } from '../../core/problem.ts';
import { type HttpClient, createHttpClient } from '../shared/http-client.ts';
import type { HttpReply, HttpRequest, HttpStream } from '../shared/http-message.ts';
import { notDone } from '../shared/says-failed.ts';
import { httpOptionsOf } from '../shared/service-options.ts';
import type { MachaniOptions } from './options.ts';
import { type Asked, goneFrom, isFailure, isGone, isMissing, isThere, isUnrouted, refusalOf } from './refusal.ts';
import { type ListWire, type SessionWire, listWire, membershipWire, publishedWire, sessionWire } from './wire.ts';

type Answer<T> = Promise<T | Problem>;

/** The methods of the service, in the order of its documentation. A session that is gone is ENDED, but where null is an answer. */
export interface MachaniClient extends AsyncDisposable {
  /** Takes the key of a session, which is then not quoted from what the service says. */
  confide(handle: string, secret: string): void;
  /** @param sessionId - Null = the service chooses. */
  create(sessionId: string | null, body: object, signal?: AbortSignal): Answer<SessionWire>;
  /** Null = there is none. */
  get(handle: string, signal?: AbortSignal): Answer<SessionWire | null>;
  list(page: { readonly pageSize: number; readonly pageToken: string | null }, signal?: AbortSignal): Answer<ListWire>;
  update(handle: string, mask: readonly string[], body: object, signal?: AbortSignal): Answer<SessionWire>;
  /** Also done where there is nothing to delete, and where the service cannot: its documentation does not have the method. */
  remove(handle: string, signal?: AbortSignal): Answer<'done'>;
  /** Null = done, as the name is in it already: nothing is told of the session. */
  join(handle: string, name: string, signal?: AbortSignal): Answer<SessionWire | null>;
  /** `absent` = the session or the name in it: the service does not tell which. */
  leave(handle: string, name: string, signal?: AbortSignal): Answer<SessionWire | 'absent'>;
  publish(handle: string, name: string, message: object, signal?: AbortSignal): Answer<'done'>;
  /** @param idleMs - For the longest silence, before the head of the answer and after. */
  events(handle: string, idleMs: number, signal: AbortSignal): Answer<HttpStream>;
  readonly circuit: HttpClient['circuit'];
}

/** So many keys are kept in mind: each is told again whenever its session is asked about. */
const sessionsWithKey = 10_000;
const sessions = '/v1/conversation/sessions';
const session = `${sessions}/{session}`;

export function createMachaniClient(options: MachaniOptions): MachaniClient {
  const { name: backend, authorization = null } = options;
  const shared = { ...httpOptionsOf(options), ...(authorization !== null && { headers: { authorization } }) };
  const http = createHttpClient(shared);
  // A gateway of gRPC sends the head of a stream with its first event: until then the opening lasts, which in a quiet room is no failure
  // of the service, and must not keep requests waiting.
  const streams = createHttpClient({
    ...shared,
    retries: 0,
    concurrency: Number.MAX_SAFE_INTEGER,
    queue: 0,
    breaker: { failures: Number.MAX_SAFE_INTEGER },
  });

  const keys = new BoundedMap<string, readonly string[]>(sessionsWithKey);
  /** The request's part that is the same for all about one session. */
  const one = (handle: string): Pick<HttpRequest, 'params' | 'secrets'> => ({
    params: { session: handle },
    secrets: keys.get(handle) ?? [],
  });

  /** The reply to a request of which anything but success is a refusal. */
  async function ask(request: Omit<HttpRequest, 'operation'>, asked: Asked): Answer<HttpReply> {
    const reply = await http.request({ ...request, operation: asked.operation });
    return isProblem(reply) || reply.status < 300 ? reply : refusalOf(reply, asked);
  }

  const about = (operation: string, handle: string | null): Asked => ({ backend, operation, handle });

  function fitting<T>(reply: HttpReply | Problem, schema: z.ZodType<T>, { operation }: Asked): T | Problem {
    if (isProblem(reply)) return reply;
    // Of many an answer all fields may be left out: a refusal would do for one.
    if (isFailure(reply.json)) return notDone(backend, operation);
    const read = schema.safeParse(reply.json);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    const field = issue === undefined || issue.path.length === 0 ? 'the body' : `\`${issue.path.join('.')}\``;
    return problem(
      'UPSTREAM_FAILED',
      `Backend ${backend} answered with ${field} in another form than expected (${operation}): check its \`url\`.`,
      {
        backend,
      },
    );
  }

  const client: MachaniClient = {
    async create(sessionId, body, signal) {
      const asked = about('create the session', null);
      const query = { sessionId: sessionId ?? undefined };
      return fitting(await ask({ method: 'POST', path: sessions, query, body, signal }, asked), sessionWire, asked);
    },
    async get(handle, signal) {
      const asked = about('read the session', handle);
      const reply = await http.request({ ...one(handle), method: 'GET', path: session, signal, operation: asked.operation });
      if (isProblem(reply)) return reply.code === 'NOT_FOUND' ? null : reply;
      if (isGone(reply)) {
        // By a wrong `url` no session is to end: there is a service where it lists sessions.
        const listed = isUnrouted(reply) ? await client.list({ pageSize: 1, pageToken: null }, signal) : null;
        return isProblem(listed) ? listed : null;
      }
      return reply.status < 300 ? fitting(reply, sessionWire, asked) : refusalOf(reply, asked);
    },
    async list({ pageSize, pageToken }, signal) {
      const asked = about('list the sessions', null);
      const query = { pageSize, pageToken: pageToken ?? undefined };
      return fitting(await ask({ method: 'GET', path: sessions, query, signal }, asked), listWire, asked);
    },
    async update(handle, mask, body, signal) {
      const asked = about('update the session', handle);
      const query = { updateMask: mask.join(',') };
      const request = { ...one(handle), method: 'PATCH', path: session, query, body, safe: true, signal } as const;
      return fitting(await ask(request, asked), sessionWire, asked);
    },
    async remove(handle, signal) {
      const operation = 'delete the session';
      const request = { ...one(handle), method: 'DELETE', path: session, safe: true, signal, operation } as const;
      const reply = await http.request({ ...request, acceptStatuses: [501] });
      if (isProblem(reply)) return reply;
      if (reply.status < 300) return isFailure(reply.json) ? notDone(backend, operation) : 'done';
      const isOver = reply.status === 404 || isGone(reply) || isMissing(reply);
      return isOver ? 'done' : refusalOf(reply, about(operation, handle));
    },
    async join(handle, name, signal) {
      const asked: Asked = { ...about('join the session', handle), joining: true };
      // Names are no two members' (`memberName`): whom the service has by this one is the member itself.
      const request = { ...one(handle), method: 'POST', path: `${session}/join`, safe: true, signal } as const;
      const reply = await http.request({ ...request, body: { name, session: handle }, operation: asked.operation });
      if (isProblem(reply)) return reply;
      if (isThere(reply)) return null;
      if (reply.status >= 300) return refusalOf(reply, asked);
      const joined = fitting(reply, membershipWire, asked);
      return isProblem(joined) ? joined : joined.session;
    },
    async leave(handle, name, signal) {
      const asked = about('leave the session', handle);
      const request = { ...one(handle), method: 'POST', path: `${session}/leave`, safe: true, signal } as const;
      const reply = await http.request({ ...request, body: { name, session: handle }, operation: asked.operation });
      if (isProblem(reply)) return reply;
      if (isGone(reply)) return 'absent';
      if (reply.status >= 300) return refusalOf(reply, asked);
      const left = fitting(reply, membershipWire, asked);
      return isProblem(left) ? left : left.session;
    },
    async publish(handle, name, message, signal) {
      const request = { ...one(handle), method: 'POST', path: `${session}/messages`, signal } as const;
      const asked = about('publish the message', handle);
      const reply = await ask({ ...request, body: { name, session: handle, message } }, asked);
      const published = fitting(reply, publishedWire, asked);
      return isProblem(published) ? published : 'done';
    },
    async events(handle, idleMs, signal) {
      const asked = about('follow the session', handle);
      const request = {
        ...one(handle),
        method: 'GET',
        path: `${session}/events`,
        signal,
        operation: asked.operation,
      } as const;
      const accept = 'application/x-ndjson, application/json';
      const stream = await streams.stream({ ...request, accept, timeoutMs: idleMs, idleTimeoutMs: idleMs });
      if (isProblem(stream) || stream.kind === 'stream') return stream;
      return isGone(stream) ? goneFrom(asked) : refusalOf(stream, asked);
    },
    confide(handle, secret) {
      // The one on record, and the one that has taken its place.
      keys.set(handle, [...new Set([secret, ...(keys.get(handle) ?? [])])].slice(0, 2));
      http.confide(secret);
      streams.confide(secret);
    },
    circuit: () => http.circuit(),
    async [Symbol.asyncDispose]() {
      await Promise.all([http[Symbol.asyncDispose](), streams[Symbol.asyncDispose]()]);
    },
  };
  return client;
}
