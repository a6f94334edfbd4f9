import type { z } from 'zod';
import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { JsonObject } from '../../core/session.ts';
import { type HttpClient, createHttpClient } from '../shared/http-client.ts';
import type { HttpRequest } from '../shared/http-message.ts';
import type { Rows } from '../shared/rows.ts';
import { httpOptionsOf } from '../shared/service-options.ts';
import type { ElizaOptions } from './options.ts';
import { type Subject, refusalOf, serverErrorOf } from './problems.ts';
import {
  type WireAgent,
  type WireHistory,
  type WireSent,
  type WireSession,
  type WireTie,
  type WireTimeout,
  agentsShape,
  doneShape,
  healthShape,
  historyShape,
  sentShape,
  sessionShape,
  sessionsShape,
  tiesShape,
} from './wire.ts';

type Answer<T> = Promise<T | Problem>;
type Signal = AbortSignal | undefined;

export interface CreateBody {
  readonly agentId: string;
  readonly userId: string;
  readonly metadata?: JsonObject;
  readonly timeoutConfig?: Partial<WireTimeout>;
}

export interface SendBody {
  readonly content: string;
  readonly attachments?: readonly { readonly type: string; readonly url: string; readonly name?: string }[];
  readonly metadata: JsonObject;
  /** `websocket` alone writes the agent's reply into the channel's history. */
  readonly transport: 'websocket';
}

/** The server's calls, one function each. Each answers a problem for what the service refuses or fails at. */
export interface ElizaClient extends AsyncDisposable {
  create(body: CreateBody, signal?: Signal): Answer<WireSession>;
  /** All that have not expired, in the order of their making: there are no pages. */
  list(signal?: Signal): Answer<Rows<WireSession>>;
  health(signal?: Signal): Answer<{ readonly status: string }>;
  get(sessionId: string, signal?: Signal): Answer<WireSession>;
  send(sessionId: string, body: SendBody, signal?: Signal): Answer<WireSent>;
  /** @param before - Epoch milliseconds, itself excluded. */
  history(sessionId: string, page: { readonly limit: number; readonly before?: number }, signal?: Signal): Answer<WireHistory>;
  /** Which messages the newest of a channel answer; null = the server has no such call. Newest first. */
  ties(channelId: string, limit: number, signal?: Signal): Answer<readonly WireTie[] | null>;
  renew(sessionId: string, signal?: Signal): Answer<WireSession>;
  heartbeat(sessionId: string, signal?: Signal): Answer<WireSession>;
  /** What is left out is reset to the agent's defaults, not kept. */
  timeout(sessionId: string, policy: Partial<WireTimeout>, signal?: Signal): Answer<WireSession>;
  remove(sessionId: string, signal?: Signal): Answer<unknown>;
  agents(signal?: Signal): Answer<readonly WireAgent[]>;
  readonly circuit: HttpClient['circuit'];
}

const sessions = '/api/messaging/sessions';
const session = `${sessions}/{id}`;
/** Not of the sessions router, whose history leaves out what a message answers. */
const channelMessages = '/api/messaging/channels/{id}/messages';

export function createElizaClient(options: ElizaOptions): ElizaClient {
  const { name, apiKey, socketApiKey } = options;
  const http = createHttpClient({
    ...httpOptionsOf(options),
    ...(apiKey !== null && { headers: { 'x-api-key': apiKey } }),
    // Sent by the sockets alone.
    ...(socketApiKey !== null && { secrets: [socketApiKey] }),
  });

  async function ask<T>(shape: z.ZodType<T>, subject: Subject, request: HttpRequest): Promise<T | Problem> {
    const { operation, params = {} } = request;
    const reply = await http.request({ ...request, mapServerErrors: (failed) => serverErrorOf(failed, { name, operation }) });
    if (isProblem(reply)) return reply;
    if (reply.status >= 400) return refusalOf(reply, { name, operation, subject, sessionId: params['id'] ?? '' });
    const parsed = shape.safeParse(reply.json);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const field = issue === undefined || issue.path.length === 0 ? 'the body' : `\`${issue.path.join('.')}\``;
    const detail = `Backend ${name} answered with a body that does not fit (${operation}): ${field}. Check its \`url\` and version.`;
    return problem('UPSTREAM_FAILED', detail, { backend: name });
  }
  const of = (id: string, signal: Signal): Pick<HttpRequest, 'params' | 'signal'> => ({ params: { id }, signal });

  return {
    create: (body, signal) =>
      ask(sessionShape, 'CREATION', { method: 'POST', path: sessions, body, operation: 'create a session', signal }),
    list: (signal) => ask(sessionsShape, 'SERVER', { method: 'GET', path: sessions, operation: 'list the sessions', signal }),
    health: (signal) => ask(healthShape, 'SERVER', { method: 'GET', path: `${sessions}/health`, operation: 'say how it is', signal }),
    get: (id, signal) => ask(sessionShape, 'SESSION', { method: 'GET', path: session, operation: 'read the session', ...of(id, signal) }),
    send: (id, body, signal) =>
      ask(sentShape, 'MESSAGE', { method: 'POST', path: `${session}/messages`, body, operation: 'take the message', ...of(id, signal) }),
    history: (id, query, signal) =>
      ask(historyShape, 'SESSION', {
        method: 'GET',
        path: `${session}/messages`,
        query: { ...query },
        operation: 'read the messages',
        ...of(id, signal),
      }),
    async ties(id, limit, signal) {
      const operation = 'say what its replies answer';
      const about = { operation, ...of(id, signal) };
      // Servers without it may answer with a page.
      const request: HttpRequest = { method: 'GET', path: channelMessages, query: { limit }, json: false, pages: true, ...about };
      const reply = await http.request(request);
      if (isProblem(reply)) return reply;
      return reply.status >= 400 ? null : (tiesShape.safeParse(reply.text).data ?? null);
    },
    renew: (id, signal) =>
      ask(sessionShape, 'SESSION', { method: 'POST', path: `${session}/renew`, operation: 'renew the session', ...of(id, signal) }),
    heartbeat: (id, signal) =>
      ask(sessionShape, 'SESSION', {
        method: 'POST',
        path: `${session}/heartbeat`,
        operation: 'keep the session alive',
        ...of(id, signal),
      }),
    timeout: (id, body, signal) =>
      ask(sessionShape, 'TIMEOUT', {
        method: 'PATCH',
        path: `${session}/timeout`,
        body,
        // Absolute values: twice comes to the same.
        safe: true,
        operation: 'change the timeout',
        ...of(id, signal),
      }),
    remove: (id, signal) =>
      ask(doneShape, 'SESSION', { method: 'DELETE', path: session, safe: true, operation: 'delete the session', ...of(id, signal) }),
    agents: (signal) => ask(agentsShape, 'SERVER', { method: 'GET', path: '/api/agents', operation: 'list the agents', signal }),
    circuit: () => http.circuit(),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}
