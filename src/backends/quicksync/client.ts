import type { z } from 'zod';
import { type Problem, isProblem } from '../../core/problem.ts';
import { type HttpClient, createHttpClient } from '../shared/http-client.ts';
import type { HttpReply, HttpRequest } from '../shared/http-message.ts';
import { notDone, saysFailed } from '../shared/says-failed.ts';
import { httpOptionsOf } from '../shared/service-options.ts';
import type { QuicksyncOptions } from './options.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import {
  type WireAdmission,
  type WireChats,
  type WireCurrent,
  admissionShape,
  chatsShape,
  currentShape,
  nonceShape,
  parsed,
  proofShape,
} from './wire.ts';

/** What the service answers: the value, its refusal (for `problems.ts` to judge), or a problem of reaching it. */
type Answer<T> = Promise<T | Refusal | Problem>;

/** `CreateSessionRequest`, without its deprecated fields. */
export interface CreateBody {
  readonly identity: { readonly name: string; readonly chainAddress?: string };
  readonly rules: {
    readonly userCapacity?: number;
    readonly expiryDurationInSeconds?: number;
    readonly password?: string;
    readonly allowOnlyWhitelistedAddresses?: boolean;
    readonly whiteListAddresses?: readonly unknown[];
  };
}

/** Chats in one reply at most. */
export const chatsPerPage = 20;

/** The service's endpoints. `token` is a session's bearer, `proof` a wallet's. */
export interface QuicksyncClient extends Pick<HttpClient, 'circuit' | 'lastFailure'>, AsyncDisposable {
  nonce(signal?: AbortSignal): Answer<{ readonly message: string }>;
  verify(
    answer: { readonly walletAddress: string; readonly message: string; readonly signature: string },
    signal?: AbortSignal,
  ): Answer<{ readonly token: string }>;
  create(proof: string, body: CreateBody, signal?: AbortSignal): Answer<WireAdmission>;
  join(proof: string, body: { readonly sessionId: string; readonly password: string | null }, signal?: AbortSignal): Answer<WireAdmission>;
  current(token: string, signal?: AbortSignal): Answer<WireCurrent>;
  kick(token: string, body: unknown, signal?: AbortSignal): Answer<null>;
  disconnect(token: string, signal?: AbortSignal): Answer<null>;
  end(token: string, signal?: AbortSignal): Answer<null>;
  /** Newest first. */
  chats(token: string, skip: number, signal?: AbortSignal): Answer<WireChats>;
  /** Answers whatever the service does, unless that says that it failed: its shape is not documented. */
  chat(token: string, message: string, signal?: AbortSignal): Answer<{ readonly json: unknown }>;
}

export function createQuicksyncClient(options: QuicksyncOptions): QuicksyncClient {
  const { name, apiKey } = options;
  const http = createHttpClient({ ...httpOptionsOf(options), secrets: [apiKey] });
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const withKey = (proof: string): Record<string, string> => ({ ...bearer(proof), 'x-api-key': apiKey });

  /** The 2xx reply. */
  async function ask(request: HttpRequest): Answer<HttpReply> {
    const reply = await http.request(request);
    return isProblem(reply) || reply.status < 300 ? reply : refusalOf(reply);
  }

  async function read<T>(shape: z.ZodType<T>, request: HttpRequest): Answer<T> {
    const reply = await ask(request);
    return reply.kind === 'reply' ? parsed(shape, reply.json, { name, operation: request.operation }) : reply;
  }

  /** The reply to what is answered without content, or with one that is not documented: whatever does not say that it failed. */
  async function taken(request: HttpRequest): Answer<HttpReply> {
    const reply = await ask({ ...request, json: false });
    return reply.kind === 'reply' && saysFailed(reply.json) ? notDone(name, request.operation) : reply;
  }

  async function done(request: HttpRequest): Answer<null> {
    const reply = await taken(request);
    return reply.kind === 'reply' ? null : reply;
  }

  return {
    nonce: (signal) => read(nonceShape, { method: 'GET', path: '/wallet-proof/nonce', operation: 'get a nonce', signal }),
    verify: (body, signal) =>
      read(proofShape, {
        method: 'POST',
        path: '/wallet-proof/verify',
        query: { chain: 'Ethereum' },
        body,
        operation: 'verify the wallet',
        signal,
      }),
    create: (proof, body, signal) =>
      read(admissionShape, { method: 'POST', path: '/session', headers: withKey(proof), body, operation: 'create the session', signal }),
    join: (proof, { sessionId, password }, signal) =>
      read(admissionShape, {
        method: 'POST',
        path: '/session/join',
        // Documented for creating and joining in one place, for creating alone in another.
        headers: withKey(proof),
        body: { sessionId, ...(password !== null && { password }) },
        operation: 'join the session',
        signal,
      }),
    current: (token, signal) =>
      read(currentShape, { method: 'GET', path: '/session/current', headers: bearer(token), operation: 'read the session', signal }),
    kick: (token, body, signal) =>
      done({
        method: 'POST',
        path: '/session/current/kick',
        headers: bearer(token),
        body,
        // Whoever is gone already is found out about by the reply.
        safe: true,
        operation: 'kick the member',
        signal,
      }),
    disconnect: (token, signal) =>
      done({ method: 'POST', path: '/session/disconnect', headers: bearer(token), operation: 'leave the session', signal }),
    end: (token, signal) =>
      done({ method: 'DELETE', path: '/session/current', headers: bearer(token), safe: true, operation: 'end the session', signal }),
    chats: (token, skip, signal) =>
      read(chatsShape, {
        method: 'GET',
        path: '/chats',
        query: { Skip: skip, Take: chatsPerPage, SortBy: 'CreatedAt', Ascending: false },
        headers: bearer(token),
        operation: 'read the chats',
        signal,
      }),
    async chat(token, message, signal) {
      const headers = bearer(token);
      const reply = await taken({ method: 'POST', path: '/chats', headers, body: { message }, operation: 'send the chat', signal });
      return reply.kind === 'reply' ? { json: reply.json } : reply;
    },
    circuit: () => http.circuit(),
    lastFailure: () => http.lastFailure(),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}
