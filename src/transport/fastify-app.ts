import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import cors from '@fastify/cors';
import {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import type { Logger } from 'pino';
import { sendError, sendErrors } from './graphql-errors.ts';
import type { Engine } from '../graphql/engine.ts';

export interface FastifyAppOptions {
  readonly logger: Logger;
  readonly engine: Pick<Engine, 'formatError'>;
  /** Larger request bodies are answered with 413. */
  readonly bodyLimitBytes: number;
  /** Web origins that browsers may call from. '*' = any. */
  readonly corsOrigins: '*' | readonly string[];
  readonly isDraining: () => boolean;
  readonly clientAddress: (request: IncomingMessage) => string;
  /** Is told of each answer, by the route that gave it. Must not throw. */
  readonly onAnswer: ((route: string | undefined, status: number) => void) | undefined;
}

/** As a proxy in front may have given it; anything else could be made to forge lines of the log. */
const saneRequestId = /^[\w.:-]{1,128}$/;
/** How long a client may take to send a request. */
const requestTimeoutMs = 30_000;

/** The HTTP front without routes: limits, CORS, request ids, request logging, and errors in the shape of GraphQL's. */
export async function createFastifyApp(options: FastifyAppOptions): Promise<FastifyInstance> {
  const { logger, engine, bodyLimitBytes, corsOrigins, isDraining } = options;
  const app: FastifyInstance = fastify<Server, IncomingMessage, ServerResponse>({
    // Where it listens is told by the gateway.
    loggerInstance: logger.level === 'info' ? logger.child({}, { level: 'warn' }) : logger,
    // Requests are logged below, without their variables.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    // A logger for each request is dear, and is worth it only where requests are logged.
    ...(logger.isLevelEnabled('debug') ? {} : { childLoggerFactory: (own: FastifyBaseLogger): FastifyBaseLogger => own }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && saneRequestId.test(given) ? given : randomUUID();
    },
    // What is no URL reaches no route.
    frameworkErrors: ({ statusCode = 400, message }, request, reply) => sendError(request, reply, statusCode, 'BAD_REQUEST', message),
    // Whoever is connected is answered until the last connection is closed.
    return503OnClosing: false,
  });

  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    // The client goes on over another connection, which leads elsewhere. Probes keep theirs: nobody else is to be asked for this gateway.
    if (isDraining() && !request.url.startsWith('/health/')) void reply.header('connection', 'close');
    done();
  });
  if (logger.isLevelEnabled('debug')) {
    app.addHook('onResponse', (request, reply, done) => {
      logRequest(request, reply);
      done();
    });
  }

  const { onAnswer } = options;
  if (onAnswer !== undefined) {
    app.addHook('onResponse', (request, reply, done) => {
      onAnswer(request.routeOptions.url, reply.raw.statusCode);
      done();
    });
  }

  await app.register(cors, {
    origin: corsOrigins === '*' ? '*' : [...corsOrigins],
    methods: ['GET', 'POST'],
    exposedHeaders: ['x-request-id'],
    maxAge: 86_400,
  });

  // Only JSON: other types that Fastify knows are those that browsers send without asking.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, ({ headers }, body, done) => {
    const refuse = (message: string): void => done(Object.assign(new Error(message), { statusCode: 400 }));
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') {
      return done(Object.assign(new Error(`The body is encoded (${encoding.slice(0, 40)}): send it as it is.`), { statusCode: 415 }));
    }
    // Decoding puts U+FFFD in place of what is not UTF-8: a message would be stored as something else than was sent.
    if (!isUtf8(body)) return refuse('The body is not UTF-8.');
    try {
      done(null, JSON.parse(body.toString()));
    } catch {
      refuse('The body is not JSON.');
    }
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode = 500, code } = error;
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      return sendError(request, reply, 413, 'TOO_LARGE', `The body is larger than ${bodyLimitBytes} bytes (\`server.bodyLimitBytes\`).`);
    }
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
      return sendError(request, reply, 415, 'BAD_REQUEST', 'The body must be JSON: send it with `Content-Type: application/json`.');
    }
    if (statusCode < 500) return sendError(request, reply, statusCode, 'BAD_REQUEST', error.message);
    return sendErrors(request, reply, 500, [engine.formatError(error)]);
  });
  app.setNotFoundHandler((request, reply) => sendError(request, reply, 404, 'NOT_FOUND', `There is nothing at ${pathOf(request)}.`));
  return app;

  function logRequest(request: FastifyRequest, reply: FastifyReply): void {
    request.log.debug(
      {
        method: request.method,
        // Without the query, which may hold variables.
        path: pathOf(request),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        address: options.clientAddress(request.raw),
      },
      'request',
    );
  }
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? url;
