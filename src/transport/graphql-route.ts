import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticator, type AuthRefusal, type PresentedCredentials, isRefusal } from '../auth/authenticator.ts';
import { type Eventually, andThen } from '../core/eventually.ts';
import { ProblemError } from '../core/problem.ts';
import type { Caller } from '../core/viewer.ts';
import type { Engine } from '../graphql/engine.ts';
import type { HttpAnswer } from './apollo.ts';
import { credentialsOf, statusOfRefusal } from './credentials.ts';
import { sendError, sendErrors } from './graphql-errors.ts';
import { wantsEventStream } from './graphql-sse.ts';
import type { InFlight } from './in-flight.ts';
import { sendAnswer } from './send-answer.ts';
import type { Shortcut } from './shortcut.ts';
import type { Within } from './observer.ts';

export interface GraphqlRouteOptions {
  readonly path: string;
  readonly engine: Pick<Engine, 'formatError'>;
  readonly authenticator: Authenticator;
  readonly shortcut: Shortcut;
  readonly answerAsEvents: (request: FastifyRequest, reply: FastifyReply, caller: Caller) => Promise<void>;
  readonly inFlight: InFlight;
  readonly clientAddress: (request: IncomingMessage) => string;
  /** Whether answers are to be the last on their connections. */
  readonly isDraining: () => boolean;
  readonly within: Within | undefined;
}

/** GraphQL over HTTP: who is asking, then Apollo Server, or a stream of events where that is what the client accepts. */
export function registerGraphqlRoute(app: FastifyInstance, options: GraphqlRouteOptions): void {
  const { path, engine, authenticator, shortcut, answerAsEvents, inFlight, clientAddress, isDraining, within } = options;

  // Answers with nothing: of a reply Fastify would wait for the end.
  const answer = (request: FastifyRequest, reply: FastifyReply): Eventually<void> =>
    andThen(authenticator.authenticate(presentedBy(request)), (outcome) => {
      if (isRefusal(outcome)) return refuse(request, reply, outcome);
      if (wantsEventStream(request)) return answerAsEvents(request, reply, outcome);
      return inFlight.run(() => andThen(shortcut.answer(request, outcome), (made) => send(reply, made)));
    });

  app.route({
    method: ['GET', 'POST'],
    url: path,
    exposeHeadRoute: false,
    handler: within === undefined ? answer : (request, reply) => within(request.headers, () => answer(request, reply)),
  });

  function send(reply: FastifyReply, answer: HttpAnswer): void {
    // Also where it was asked for before the gateway was told to stop.
    if (isDraining()) void reply.header('connection', 'close');
    sendAnswer(reply, answer);
  }

  const presentedBy = ({ headers, raw }: FastifyRequest): PresentedCredentials => ({
    ...credentialsOf(headers),
    remoteAddress: clientAddress(raw),
  });

  app.route({
    method: ['DELETE', 'HEAD', 'PATCH', 'PUT'],
    url: path,
    handler: (request, reply) => {
      void reply.header('allow', 'GET, POST');
      return sendError(request, reply, 405, 'BAD_REQUEST', `GraphQL is asked by GET or POST, not by ${request.method}.`);
    },
  });

  function refuse(request: FastifyRequest, reply: FastifyReply, refusal: AuthRefusal): void {
    const status = statusOfRefusal(refusal);
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="parley", error="invalid_token"');
    const { retryAfterSeconds } = refusal.problem;
    if (retryAfterSeconds !== null) void reply.header('retry-after', String(retryAfterSeconds));
    sendErrors(request, reply, status, [engine.formatError(new ProblemError(refusal.problem))]);
  }
}
