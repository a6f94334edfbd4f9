import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticator, type AuthRefusal, isRefusal } from '../auth/authenticator.ts';
import { ProblemError } from '../core/problem.ts';
import type { Caller } from '../core/viewer.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Apollo } from './apollo.ts';
import { credentialsOf, statusOfRefusal } from './credentials.ts';
import { sendError, sendErrors } from './graphql-errors.ts';
import { wantsEventStream } from './graphql-sse.ts';
import type { InFlight } from './in-flight.ts';

export interface GraphqlRouteOptions {
  readonly path: string;
  readonly engine: Pick<Engine, 'formatError'>;
  readonly authenticator: Authenticator;
  readonly apollo: Pick<Apollo, 'answer'>;
  readonly answerAsEvents: (request: FastifyRequest, reply: FastifyReply, caller: Caller) => Promise<FastifyReply>;
  readonly inFlight: InFlight;
  readonly clientAddress: (request: IncomingMessage) => string;
}

/** GraphQL over HTTP: who is asking, then Apollo Server, or a stream of events where that is what the client accepts. */
export function registerGraphqlRoute(app: FastifyInstance, options: GraphqlRouteOptions): void {
  const { path, engine, authenticator, apollo, answerAsEvents, inFlight, clientAddress } = options;

  app.route({
    method: ['GET', 'POST'],
    url: path,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const presented = { ...credentialsOf(request.headers), remoteAddress: clientAddress(request.raw) };
      const outcome = await authenticator.authenticate(presented);
      if (isRefusal(outcome)) return refuse(request, reply, outcome);
      if (wantsEventStream(request)) return await answerAsEvents(request, reply, outcome);
      return await inFlight.run(async () => {
        const { status, headers, body } = await apollo.answer(request, outcome);
        for (const [name, value] of headers) void reply.header(name, value);
        return reply.code(status).send(body);
      });
    },
  });

  app.route({
    method: ['DELETE', 'HEAD', 'PATCH', 'PUT'],
    url: path,
    handler: (request, reply) => {
      void reply.header('allow', 'GET, POST');
      return sendError(request, reply, 405, 'BAD_REQUEST', `GraphQL is asked by GET or POST, not by ${request.method}.`);
    },
  });

  function refuse(request: FastifyRequest, reply: FastifyReply, refusal: AuthRefusal): FastifyReply {
    const status = statusOfRefusal(refusal);
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="parley", error="invalid_token"');
    const { retryAfterSeconds } = refusal.problem;
    if (retryAfterSeconds !== null) void reply.header('retry-after', String(retryAfterSeconds));
    return sendErrors(request, reply, status, [engine.formatError(new ProblemError(refusal.problem))]);
  }
}
