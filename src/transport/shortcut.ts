import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../core/viewer.ts';
import type { Engine, Operation, RawVariables } from '../graphql/engine.ts';
import type { Apollo, AskedRequest, HttpAnswer } from './apollo.ts';

export interface ShortcutOptions {
  readonly engine: Pick<Engine, 'recall' | 'execute' | 'createFreshContext'>;
  readonly apollo: Pick<Apollo, 'answer'>;
}

/** Answers as Apollo Server would, and mostly without it. */
export interface Shortcut {
  answer(request: AskedRequest, caller: Caller): Promise<HttpAnswer> | HttpAnswer;
}

// Accepts that are kept with the type that they were answered with: at most so many, of at most so many characters.
const maxAccepts = 100;
const maxAcceptLength = 256;

const plainType = /^application\/json(?:; ?charset=utf-8)?$/i;
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What of a request is to be executed. */
interface Asked {
  readonly operation: Operation;
  readonly variables: RawVariables;
}

/**
 * Apollo Server takes as long to find that there is nothing to say about a request as the operation takes to be executed. Only what it has
 * answered before goes past it: a known document, sent as plain JSON, with an `Accept` whose type it has chosen before. Whatever comes out
 * of that with errors is given to Apollo Server, which makes the answer of the result that there is.
 */
export function createShortcut({ engine, apollo }: ShortcutOptions): Shortcut {
  const types = new LRUCache<string, string>({ max: maxAccepts });

  function askedIn({ method, headers, body }: AskedRequest): Asked | null {
    // Such a content type is one that browsers ask about first, so that there is no forgery to prevent.
    if (method !== 'POST' || !plainType.test(headers['content-type'] ?? '') || !isRecord(body)) return null;
    const { query, operationName = null, variables = null, extensions = null } = body;
    if (typeof query !== 'string') return null;
    // An empty name is one that no operation has.
    if (operationName !== null && (typeof operationName !== 'string' || operationName === '')) return null;
    if (variables !== null && !isRecord(variables)) return null;
    if (extensions !== null && (!isRecord(extensions) || extensions['persistedQuery'] !== undefined)) return null;
    const operation = engine.recall(query, operationName);
    return operation === null || operation.kind === 'subscription' ? null : { operation, variables };
  }

  async function throughApollo(request: AskedRequest, caller: Caller): Promise<HttpAnswer> {
    const answer = await apollo.answer(request, caller);
    const accept = acceptOf(request.headers);
    const [header, ...others] = answer.headers;
    const isPlain = answer.status === 200 && request.method === 'POST' && header?.[0] === 'content-type' && others.length === 0;
    if (isPlain && accept.length <= maxAcceptLength) types.set(accept, header[1]);
    return answer;
  }

  return {
    answer(request, caller) {
      const type = types.get(acceptOf(request.headers));
      const asked = type === undefined ? null : askedIn(request);
      if (type === undefined || asked === null) return throughApollo(request, caller);

      const finish = (result: ExecutionResult): Promise<HttpAnswer> | HttpAnswer =>
        result.errors === undefined && result.extensions === undefined && result.data !== undefined
          ? { status: 200, headers: [['content-type', type]], body: `${JSON.stringify({ data: result.data })}\n` }
          : apollo.answer(request, caller, () => result);
      const fail = (error: unknown): Promise<HttpAnswer> =>
        apollo.answer(request, caller, () => {
          throw error;
        });
      try {
        const result = engine.execute(asked.operation, asked.variables, engine.createFreshContext(caller));
        return result instanceof Promise ? result.then(finish, fail) : finish(result);
      } catch (error) {
        return fail(error);
      }
    },
  };
}

const acceptOf = ({ accept }: IncomingHttpHeaders): string => accept ?? '';
