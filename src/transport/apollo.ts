import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { FastifyRequest } from 'fastify';
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import type { Caller } from '../core/viewer.ts';
import type { Engine } from '../graphql/engine.ts';
import { csrfHeaders } from './csrf.ts';
import { jsonType } from './graphql-errors.ts';

export interface ApolloOptions {
  readonly engine: Engine;
  /** Whether clients may ask for the schema; where not, messages name nothing of it that they did not. */
  readonly introspection: boolean;
  readonly logger: Logger;
}

/** What is read of a request. */
export type AskedRequest = Pick<FastifyRequest, 'method' | 'headers' | 'url' | 'body'>;

/** An answer, complete. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Iterable<readonly [string, string]>;
  readonly body: string;
}

/** Apollo Server behind whatever host: what it makes of the request, it answers. */
export interface Apollo extends AsyncDisposable {
  /** @param executed - What came of the operation, where it has been executed: its result, or what it throws. */
  answer(request: AskedRequest, caller: Caller, executed?: () => ExecutionResult): Promise<HttpAnswer>;
}

/** What is wrong with the operation, not with the request that carries it. */
const operationCodes = new Set<unknown>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'OPERATION_TOO_COMPLEX',
  'BAD_USER_INPUT',
]);

interface ApolloContext {
  readonly caller: Caller;
  readonly executed: (() => ExecutionResult) | undefined;
}

/**
 * Apollo Server with its parser, validation and HTTP rules, and the engine as its executor: handed over as a `gateway`, which is how Apollo
 * Server lets another one execute.
 */
export async function createApollo({ engine, introspection, logger }: ApolloOptions): Promise<Apollo> {
  const server = new ApolloServer<ApolloContext>({
    gateway: {
      load: async () => ({
        executor: async ({ document, request, context }) => {
          const { caller, executed } = context as ApolloContext;
          if (executed !== undefined) return executed();
          if (request.query !== undefined) engine.remember(request.query, document);
          const operation = engine.operationOf(document, request.operationName ?? undefined);
          if (!('kind' in operation)) return { errors: operation };
          if (operation.kind === 'subscription') throw notHere();
          return await engine.execute(operation, request.variables ?? {}, engine.createFreshContext(caller));
        },
      }),
      onSchemaLoadOrUpdate(callback) {
        callback({ apiSchema: engine.schema, coreSupergraphSdl: '' });
        return () => {};
      },
      stop: async () => {},
    },
    validationRules: [...engine.validationRules],
    parseOptions: engine.parseOptions,
    formatError: engine.formatError,
    // The engine's rules forbid it where it is off; these names would give the schema away, too.
    introspection: true,
    validationOptions: { hideSuggestions: !introspection },
    csrfPrevention: { requestHeaders: [...csrfHeaders] },
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    // The modes of development only add to answers what is switched off here.
    nodeEnv: 'production',
    logger,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await server.start();

  return {
    async answer(request, caller, executed) {
      const { method, headers, url, body } = request;
      const query = url.indexOf('?');
      const {
        status,
        headers: answered,
        body: answer,
      } = await server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method, headers: headerMap(headers), search: query < 0 ? '' : url.slice(query), body },
        context: async () => ({ caller, executed }),
      });
      if (answer.kind !== 'complete') throw new Error('Incremental delivery is not enabled, and yet there is an answer in pieces.');
      return { status: legacyStatus(status ?? 200, answered, answer.string), headers: answered, body: answer.string };
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

const notHere = (): GraphQLError =>
  new GraphQLError(
    'A subscription is answered as a stream: send it with `Accept: text/event-stream`, or over WebSocket by graphql-transport-ws.',
    {
      extensions: { code: 'BAD_REQUEST', http: { status: 406 } },
    },
  );

function headerMap(headers: FastifyRequest['headers']): HeaderMap {
  const map = new HeaderMap();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}

/**
 * For clients that accept `application/json` only, GraphQL over HTTP keeps 4xx for requests that are no GraphQL request: intermediaries may
 * have made them. Whatever is wrong with the operation is told with 200.
 */
function legacyStatus(status: number, headers: HeaderMap, body: string): number {
  if (status !== 400 || headers.get('content-type') !== jsonType) return status;
  const { errors } = JSON.parse(body) as { readonly errors: readonly { readonly extensions?: { readonly code?: unknown } }[] };
  return errors.every(({ extensions }) => operationCodes.has(extensions?.code)) ? 200 : status;
}
