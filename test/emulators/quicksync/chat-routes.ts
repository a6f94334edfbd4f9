import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EmulatorSettings } from './options.ts';
import { chatBody, refuse, seated } from './replies.ts';
import type { EmulatorState, Seat } from './state.ts';

interface ChatQuery {
  readonly Skip?: string;
  readonly Take?: string;
  readonly SortBy?: string;
  readonly Ascending?: string;
}

/** The Chats API: offset pages of at most 20. */
export function chatRoutes(app: FastifyInstance, state: EmulatorState, { chats, chatReply }: EmulatorSettings): void {
  const enter = (request: FastifyRequest, reply: FastifyReply): Seat | null => {
    if (chats) return seated(state, request, reply);
    void refuse(reply, 403, 'Forbidden', 'The Chats API is in closed beta.');
    return null;
  };

  app.get<{ Querystring: ChatQuery }>('/v1/chats', (request, reply) => {
    const seat = enter(request, reply);
    if (seat === null) return reply;
    const { Skip = '0', Take = '20', SortBy = 'CreatedAt', Ascending = 'true' } = request.query;
    const [skip, take] = [Number(Skip), Number(Take)];
    if (!Number.isInteger(skip) || skip < 0) return refuse(reply, 422, 'Client Error', 'Skip must be 0 or more.');
    if (!Number.isInteger(take) || take < 1 || take > 20) return refuse(reply, 422, 'Client Error', 'Take must be from 1 to 20.');
    if (SortBy !== 'CreatedAt') return refuse(reply, 422, 'Client Error', `Sorting by ${SortBy} is not emulated.`);
    const all = [...seat.session.chats].sort((one, other) => one.createdAt - other.createdAt);
    const sorted = Ascending === 'true' ? all : all.toReversed();
    return reply.send({ totalCount: all.length, messages: sorted.slice(skip, skip + take).map(chatBody) });
  });

  app.post<{ Body: { message?: unknown } | undefined }>('/v1/chats', (request, reply) => {
    const seat = enter(request, reply);
    if (seat === null) return reply;
    const message = request.body?.message;
    if (typeof message !== 'string' || message === '') return refuse(reply, 422, 'Client Error', 'The message field is required.');
    if (message.length > 280) return refuse(reply, 422, 'Client Error', 'The message must have at most 280 characters.');
    const chat = state.chat(seat, message);
    return chatReply === 'CHAT' ? reply.send(chatBody(chat)) : reply.code(200).send();
  });
}
