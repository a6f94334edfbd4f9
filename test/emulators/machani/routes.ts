import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Room, type Rooms, fieldsIn, sessionOf } from './rooms.ts';
import { Refusal, refuse } from './status.ts';
import type { Streams } from './streams.ts';

export interface RouteOptions {
  readonly rooms: Rooms;
  readonly streams: Streams;
  readonly authorization: string | null;
  readonly deletes: 'PRESENT' | 'NOT_FOUND' | 'UNIMPLEMENTED';
  readonly sessionTypes: Readonly<Record<string, number>>;
  readonly maxPageSize: number;
  readonly events: EventNames;
}

/** What the stream calls what happens: the service documents no names. */
export interface EventNames {
  readonly message: string;
  readonly joined: string;
  readonly left: string;
  readonly updated: string;
  readonly deleted: string;
}

const base = '/v1/conversation/sessions';

const param = (request: FastifyRequest, name: string): string => {
  const value = (request.query as Readonly<Record<string, string | string[]>>)[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
};

function numberIn(request: FastifyRequest, name: string): number | null {
  const text = param(request, name);
  if (text === '') return null;
  if (!/^-?\d{1,9}$/.test(text)) throw new Refusal('INVALID_ARGUMENT', `invalid value for ${name}: "${text}"`, name);
  return Number(text);
}

/** Who a request is about, which the service believes. */
function nameIn(request: FastifyRequest): string {
  const { name, session } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') throw new Refusal('INVALID_ARGUMENT', 'name is required', 'name');
  if (typeof session !== 'string' || session === '') throw new Refusal('INVALID_ARGUMENT', 'session is required', 'session');
  return name;
}

/** The service's changes, for requests and for those who act at the service directly. */
export function createActs({ rooms, streams, events }: Pick<RouteOptions, 'rooms' | 'streams' | 'events'>): {
  join(room: Room, name: string): void;
  leave(room: Room, name: string): void;
  publish(room: Room, message: Readonly<Record<string, unknown>>): void;
  remove(room: Room): void;
} {
  return {
    join(room, name) {
      if (room.members.has(name)) throw new Refusal('ALREADY_EXISTS', `user "${name}" has already joined`);
      room.members.add(name);
      streams.tell(room.id, { event: events.joined, message: { name } });
    },
    leave(room, name) {
      if (!room.members.delete(name)) throw new Refusal('NOT_FOUND', `user "${name}" is not in the session`);
      streams.tell(room.id, { event: events.left, message: { name } });
    },
    publish(room, message) {
      const { channel } = message;
      streams.tell(room.id, { event: events.message, message }, typeof channel === 'number' ? channel : undefined);
    },
    remove(room) {
      rooms.all.delete(room.id);
      streams.tell(room.id, { event: events.deleted, message: {} });
      streams.end(room.id, 'END');
    },
  };
}

export function registerRoutes(app: FastifyInstance, options: RouteOptions): void {
  const { rooms, streams, authorization, deletes, sessionTypes, maxPageSize, events } = options;
  const acts = createActs(options);
  const roomOf = (request: FastifyRequest): Room => rooms.get((request.params as { session: string }).session);

  app.setErrorHandler((error, _, reply) => {
    if (error instanceof Refusal) return refuse(reply, error);
    return refuse(reply, new Refusal('INVALID_ARGUMENT', 'proto: syntax error'));
  });
  app.setNotFoundHandler((_, reply) => refuse(reply, new Refusal('NOT_FOUND', 'Not Found')));
  app.addHook('preHandler', async (request) => {
    if (authorization !== null && request.headers.authorization !== authorization) {
      throw new Refusal('UNAUTHENTICATED', 'request is not authenticated');
    }
  });

  app.post(base, (request) => sessionOf(rooms.create(fieldsIn(request.body, sessionTypes), param(request, 'sessionId') || undefined)));
  app.get(base, (request) => {
    const size = numberIn(request, 'pageSize') ?? 0;
    if (size < 0) throw new Refusal('INVALID_ARGUMENT', 'page_size must not be negative', 'page_size');
    const page = rooms.page(Math.min(size === 0 ? 50 : size, maxPageSize), param(request, 'pageToken'));
    return {
      ...(page.rooms.length > 0 && { sessions: page.rooms.map(sessionOf) }),
      ...(page.nextPageToken !== '' && { nextPageToken: page.nextPageToken }),
    };
  });
  app.get(`${base}/:session`, (request) => sessionOf(roomOf(request)));
  app.patch(`${base}/:session`, (request) => {
    const room = roomOf(request);
    const mask = param(request, 'updateMask') || param(request, 'update_mask');
    rooms.update(room, fieldsIn(request.body, sessionTypes), mask === '' ? null : mask.split(','));
    streams.tell(room.id, { event: events.updated, message: sessionOf(room) });
    return sessionOf(room);
  });
  app.delete(`${base}/:session`, (request) => {
    if (deletes === 'NOT_FOUND') throw new Refusal('NOT_FOUND', 'Not Found');
    if (deletes === 'UNIMPLEMENTED') throw new Refusal('UNIMPLEMENTED', 'method DeleteSession not implemented');
    acts.remove(roomOf(request));
    return {};
  });
  app.post(`${base}/:session/join`, (request) => {
    const room = roomOf(request);
    acts.join(room, nameIn(request));
    return { session: sessionOf(room) };
  });
  app.post(`${base}/:session/leave`, (request) => {
    const room = roomOf(request);
    acts.leave(room, nameIn(request));
    return { session: sessionOf(room) };
  });
  app.post(`${base}/:session/messages`, (request) => {
    const room = roomOf(request);
    nameIn(request);
    const { message } = request.body as Readonly<Record<string, unknown>>;
    if (typeof message !== 'object' || message === null) throw new Refusal('INVALID_ARGUMENT', 'message is required', 'message');
    acts.publish(room, message as Readonly<Record<string, unknown>>);
    return { acknowledgment: {}, message };
  });
  app.get(`${base}/:session/events`, (request, reply) => {
    const room = roomOf(request);
    const channel = numberIn(request, 'channel');
    reply.hijack();
    streams.add(room.id, channel, reply.raw);
  });
}
