import type { z } from 'zod';
import { type Problem, isProblem } from '../../core/problem.ts';
import { type HttpClient, createHttpClient } from '../shared/http-client.ts';
import type { HttpReply, HttpRequest, HttpStream, HttpStreamRequest } from '../shared/http-message.ts';
import { httpOptionsOf } from '../shared/service-options.ts';
import type { JulepOptions } from './options.ts';
import { type ReplyTime, withinReplyTime } from './reply-time.ts';
import { type RefusalOptions, chatFailure, refused } from './refusal.ts';
import { parsed } from './wire.ts';

/** A request that changes something: of its answer only matters that it is one. */
export interface ActRequest extends HttpRequest {
  /** Whether services may lack the call: then it is UNSUPPORTED. @default false */
  readonly optional?: boolean;
}

/** Calls of the service, with its refusals as problems. */
export interface Calls extends Pick<HttpClient, 'circuit'>, AsyncDisposable {
  readonly name: string;
  /** Null = done, as an answer of that shape says: a proxy's page and an error with status 200 do not. */
  act(shape: z.ZodType, request: ActRequest): Promise<Problem | null>;
  read<T>(shape: z.ZodType<T>, request: HttpRequest): Promise<T | Problem>;
  /** A chat whose reply comes whole. */
  chat<T>(shape: z.ZodType<T>, request: HttpRequest): Promise<T | Problem>;
  /** Does what a message and its reply take within the time for that. */
  patiently<T>(signal: AbortSignal | undefined, work: (time: ReplyTime) => Promise<T | Problem>): Promise<T | Problem>;
  /** A chat whose reply may come piece by piece, within that time. */
  stream(request: Omit<HttpStreamRequest, 'accept' | 'signal'>, time: ReplyTime): Promise<HttpStream | Problem>;
  /** How refusals of a chat are judged. */
  readonly chatRefusal: RefusalOptions;
}

const defaultReplyMs = 60_000;

export function createCalls(options: JulepOptions): Calls {
  const { name, apiKey, authHeader, developerId, replyMs = defaultReplyMs } = options;
  const http = createHttpClient({
    ...httpOptionsOf(options),
    headers: {
      [authHeader]: authHeader === 'Authorization' ? `Bearer ${apiKey}` : apiKey,
      ...(developerId !== null && { 'x-developer-id': developerId }),
    },
  });
  const refusal = (operation: string, more: Partial<RefusalOptions> = {}): RefusalOptions => ({ name, operation, secret: apiKey, ...more });

  async function ask(request: HttpRequest, more: Partial<RefusalOptions>): Promise<HttpReply | Problem> {
    const reply = await http.request(request);
    return isProblem(reply) || reply.status < 300 ? reply : refused(reply, refusal(request.operation, more));
  }
  async function read<T>(shape: z.ZodType<T>, request: HttpRequest, more: Partial<RefusalOptions> = {}): Promise<T | Problem> {
    const reply = await ask(request, more);
    return isProblem(reply) ? reply : parsed(shape, reply.json, { name, operation: request.operation });
  }
  const patient = (operation: string, time: ReplyTime): Pick<HttpRequest, 'signal' | 'timeoutMs' | 'mapServerErrors'> => ({
    signal: time.signal,
    timeoutMs: time.leftMs(),
    mapServerErrors: (reply) => chatFailure(reply, refusal(operation)),
  });

  const patiently: Calls['patiently'] = (signal, work) => withinReplyTime({ name, replyMs, signal }, work);

  return {
    name,
    patiently,
    async act(shape, { optional = false, ...request }) {
      const answer = await read(shape, request, { optional });
      return isProblem(answer) ? answer : null;
    },
    read: (shape, request) => read(shape, request),
    chat: (shape, request) =>
      patiently(request.signal, (time) => read(shape, { ...request, ...patient(request.operation, time) }, { chat: true })),
    async stream(request, time) {
      const { operation } = request;
      const accept = 'text/event-stream, application/json';
      const reply = await http.stream({ ...request, ...patient(operation, time), accept });
      return isProblem(reply) || reply.kind === 'stream' ? reply : refused(reply, refusal(operation, { chat: true }));
    },
    chatRefusal: refusal('chat', { chat: true }),
    circuit: () => http.circuit(),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}
