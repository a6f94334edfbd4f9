import type { FastifyRequest } from 'fastify';

/** A GraphQL request over HTTP. */
export interface RequestParams {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectIn(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The parameters of a request by GET or POST, or what is wrong with them. */
export function readParams(request: FastifyRequest): RequestParams | string {
  let given: Readonly<Record<string, unknown>>;
  if (request.method === 'GET') {
    const search = new URLSearchParams(request.url.split('?')[1]);
    given = { query: search.get('query'), operationName: search.get('operationName'), variables: objectIn(search.get('variables')) };
  } else if (isObject(request.body)) {
    given = request.body;
  } else {
    return 'The body must be a JSON object.';
  }
  const { query, operationName, variables } = given;
  if (typeof query !== 'string' || query === '') return '`query` must be the text of a GraphQL document.';
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    return '`operationName` must be a string.';
  if (variables !== undefined && variables !== null && !isObject(variables)) return '`variables` must be an object.';
  return { query, operationName: operationName ?? undefined, variables: variables ?? {} };
}
