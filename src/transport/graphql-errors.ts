import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';

const graphqlResponseType = 'application/graphql-response+json; charset=utf-8';
export const jsonType = 'application/json; charset=utf-8';

/** Answers with errors only: a request that did not get as far as being executed. */
export function sendErrors(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  errors: readonly GraphQLFormattedError[],
): FastifyReply {
  const type = request.headers.accept?.includes('application/graphql-response+json') === true ? graphqlResponseType : jsonType;
  return reply.code(status).type(type).send(JSON.stringify({ errors }));
}

/** One error with a message and `extensions.code`. */
export const sendError = (request: FastifyRequest, reply: FastifyReply, status: number, code: string, message: string): FastifyReply =>
  sendErrors(request, reply, status, [{ message, extensions: { code } }]);
