import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Settings } from './options.ts';
import { type StoredSession, onlyDeveloper } from './state.ts';

export interface Mistake {
  readonly type: string;
  readonly loc: readonly string[];
  readonly msg: string;
}

/** What a body or query is taken for, or what is wrong with it. */
export function checked<T>(shape: z.ZodType<T>, given: unknown, place: 'body' | 'query'): T | readonly Mistake[] {
  const result = shape.safeParse(given ?? {});
  if (result.success) return result.data;
  return result.error.issues.map(({ code, path, message }) => ({ type: code, loc: [place, ...path.map(String)], msg: message }));
}

export const isMistaken = (value: unknown): value is readonly Mistake[] => Array.isArray(value);

export const uuid: z.ZodType<string> = z.guid();
export const object: z.ZodType<Record<string, unknown>> = z.record(z.string(), z.unknown());
const between = (min: number, max: number): z.ZodType => z.number().min(min).max(max).nullish();

type ChatNumbers = Readonly<Record<'temperature' | 'max_tokens' | 'seed' | 'frequency_penalty' | 'presence_penalty', z.ZodType>>;

/** Settings of a chat that both APIs bound, each in its own way. */
export const chatNumbers: Readonly<Record<'v0.3' | 'v1', ChatNumbers>> = {
  'v0.3': {
    temperature: between(0, 2),
    max_tokens: between(1, 16_384),
    seed: between(-1, 9_999),
    frequency_penalty: between(-1, 1),
    presence_penalty: between(-1, 1),
  },
  v1: {
    temperature: between(0, 5),
    max_tokens: between(1, 4_294_967_295),
    seed: between(-1, 1_000),
    frequency_penalty: between(-2, 2),
    presence_penalty: between(-2, 2),
  },
};

/** Whether the request carries the key: as a bearer or as it is, where the service looks for it. */
export function hasKey({ headers }: FastifyRequest, { apiKey, authHeader }: Settings): boolean {
  const given = headers[authHeader.toLowerCase()];
  return typeof given === 'string' && given.replace(/^Bearer /, '') === apiKey;
}

/** Null = the header is missing where developers are told apart by it. */
export function developerOf({ headers }: FastifyRequest, { developers }: Settings): string | null {
  if (!developers) return onlyDeveloper;
  const given = headers['x-developer-id'];
  return typeof given === 'string' && uuid.safeParse(given).success ? given : null;
}

const developer = Symbol('developer');
export const setDeveloper = (request: FastifyRequest, id: string): void => void Object.assign(request, { [developer]: id });
export const developerIn = (request: FastifyRequest): string => (request as unknown as Record<symbol, string>)[developer] ?? onlyDeveloper;

export const iso = (at: number): string => new Date(at).toISOString();

/** The rows of a page, newest first unless asked otherwise. */
export function pageOf(
  sessions: Iterable<StoredSession>,
  request: FastifyRequest,
  page: { readonly limit: number; readonly offset: number; readonly ascending: boolean; readonly by: 'createdAt' | 'updatedAt' },
): readonly StoredSession[] {
  const own = [...sessions].filter(({ developerId }) => developerId === developerIn(request));
  const sorted = own
    .map((session, index) => ({ session, index }))
    .sort((a, b) => a.session[page.by] - b.session[page.by] || a.index - b.index);
  const rows = (page.ascending ? sorted : sorted.toReversed()).map(({ session }) => session);
  return rows.slice(page.offset, page.offset + page.limit);
}

export const send = (reply: FastifyReply, status: number, body: unknown): FastifyReply => reply.code(status).send(body);
