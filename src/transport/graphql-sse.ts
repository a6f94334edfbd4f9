import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import type { Caller } from '../core/viewer.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Hub } from '../live/hub.ts';
import type { Connections } from './connections.ts';
import { csrfHeaders, isPreflighted } from './csrf.ts';
import { sendError } from './graphql-errors.ts';
import type { InFlight } from './in-flight.ts';
import { type RequestParams, readParams } from './request-params.ts';
import { SseConnection, SseFramer } from './sse-connection.ts';

export interface GraphqlSseOptions {
  readonly engine: Engine;
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly connections: Connections;
  readonly inFlight: InFlight;
}

type SseHandler = (request: FastifyRequest, reply: FastifyReply, caller: Caller) => Promise<void>;

/** Whether a request asks for a stream of events. */
export const wantsEventStream = ({ headers }: FastifyRequest): boolean => headers.accept?.includes('text/event-stream') === true;

/**
 * Answers any operation as server-sent events, by the distinct connections mode of the graphql-sse protocol. What is wrong with the request
 * as such is answered with a status; what is wrong with the operation is a result in the stream, as the protocol asks.
 */
export function createGraphqlSse({ engine, hub, connections, inFlight }: GraphqlSseOptions): SseHandler {
  const framer = new SseFramer();

  return async (request, reply, caller) => {
    if (!isPreflighted(request.headers)) {
      const message = `Blocked as a possible cross-site request forgery: send one of the headers ${csrfHeaders.join(', ')}.`;
      sendError(request, reply, 400, 'BAD_REQUEST', message);
      return;
    }
    const params = readParams(request);
    if (typeof params === 'string') {
      sendError(request, reply, 400, 'BAD_REQUEST', params);
      return;
    }
    const operation = engine.prepare(params.query, params.operationName);
    if ('kind' in operation && operation.kind === 'mutation' && request.method === 'GET') {
      void reply.header('allow', 'POST');
      sendError(request, reply, 405, 'BAD_REQUEST', 'Mutations are sent by POST.');
      return;
    }
    const connection = open(reply, caller);
    if (!('kind' in operation)) {
      connection.errors(operation.map((error) => engine.formatError(error)));
      return;
    }
    try {
      if (operation.kind === 'subscription') await follow(connection, reply, operation, params);
      else answer(connection, await inFlight.run(() => engine.execute(operation, params.variables, engine.createContext(caller))));
    } catch (error) {
      connection.error(engine.formatError(error));
    }
  };

  function open(reply: FastifyReply, caller: Caller): SseConnection {
    const { raw } = reply.hijack();
    raw.writeHead(200, {
      connection: 'keep-alive',
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // Else proxies such as nginx keep events back until there are many.
      'x-accel-buffering': 'no',
    });
    // Some browsers are told of the opening by the first bytes of the body only.
    raw.write(':\n\n');
    const connection = new SseConnection(raw, caller, framer);
    raw.on('close', () => {
      connections.delete(connection);
      connection.subscription?.[Symbol.dispose]();
      connection.subscription = null;
    });
    connections.add(connection);
    connections.identified(connection);
    return connection;
  }

  async function follow(
    connection: SseConnection,
    reply: FastifyReply,
    operation: Exclude<ReturnType<Engine['prepare']>, readonly unknown[]>,
    { variables }: RequestParams,
  ): Promise<void> {
    const { caller } = connection;
    const plan = await engine.planSubscription(operation, variables, engine.createContext(caller));
    if (!('groupKey' in plan)) connection.errors(plan.map((error) => engine.formatError(error)));
    // The client may have gone in the meantime.
    else if (!reply.raw.destroyed) connection.subscription = hub.subscribe({ operation, variables, plan, caller, sink: connection });
  }

  function answer(connection: SseConnection, { errors, ...rest }: ExecutionResult): void {
    const result = errors === undefined ? rest : { errors: errors.map((error) => engine.formatError(error)), ...rest };
    connection.send(Buffer.from(JSON.stringify(result)));
    connection.complete();
  }
}
