import type { FastifyInstance } from 'fastify';
import type { EmulatorSettings } from './options.ts';
import { createdBody, currentBody, joinedBody, proven, refuse, seated } from './replies.ts';
import type { EmulatorState } from './state.ts';

interface CreateBody {
  readonly identity?: { readonly name?: string | null; readonly chainAddress?: string | null } | null;
  readonly rules?: {
    readonly userCapacity?: number | null;
    readonly expiryDurationInSeconds?: number | null;
    readonly password?: string | null;
    readonly allowOnlyWhitelistedAddresses?: boolean | null;
    readonly whiteListAddresses?: readonly (string | { readonly address?: string })[] | null;
  } | null;
}

const sameAddress = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** What is wrong with a creation, by the names of the fields. */
function faultsOf({ rules }: CreateBody, shape: EmulatorSettings['allowlistShape']): Record<string, readonly string[]> {
  const faults: Record<string, readonly string[]> = {};
  const { userCapacity, expiryDurationInSeconds, whiteListAddresses } = rules ?? {};
  if (typeof userCapacity === 'number' && userCapacity < 1) faults['Rules.UserCapacity'] = ['UserCapacity must be at least 1.'];
  if (typeof expiryDurationInSeconds === 'number' && expiryDurationInSeconds < 1) {
    faults['Rules.ExpiryDurationInSeconds'] = ['ExpiryDurationInSeconds must be at least 1.'];
  }
  const expected = shape === 'STRING' ? 'string' : 'object';
  if (whiteListAddresses?.some((entry) => typeof entry !== expected)) {
    faults['Rules.WhiteListAddresses'] = ['The JSON value could not be converted.'];
  }
  return faults;
}

export function sessionRoutes(app: FastifyInstance, state: EmulatorState, settings: EmulatorSettings): void {
  const { now, apiKey, kickField, allowlistShape } = settings;

  app.post<{ Body: CreateBody | undefined }>('/v1/session', (request, reply) => {
    if (request.headers['x-api-key'] !== apiKey) return refuse(reply, 401, 'Unauthorized', 'The API key is missing or not valid.');
    const address = proven(state, now(), request, reply);
    if (address === null) return reply;
    const body = request.body ?? {};
    const faults = faultsOf(body, allowlistShape);
    if (Object.keys(faults).length > 0) return refuse(reply, 422, 'Client Error', 'One or more fields are not valid.', faults);
    const { userCapacity, expiryDurationInSeconds, password, allowOnlyWhitelistedAddresses, whiteListAddresses } = body.rules ?? {};
    const seat = state.create(body.identity?.chainAddress ?? address, body.identity?.name ?? null, {
      ...(userCapacity != null && { userCapacity }),
      ...(expiryDurationInSeconds != null && { expirySeconds: expiryDurationInSeconds }),
      password: password ?? null,
      onlyWhitelisted: allowOnlyWhitelistedAddresses ?? false,
      whitelist: (whiteListAddresses ?? []).map((entry) => (typeof entry === 'string' ? entry : (entry.address ?? ''))),
    });
    return reply.send(createdBody(seat, settings));
  });

  app.post<{ Body: { sessionId?: string | null; password?: string | null } | undefined }>('/v1/session/join', (request, reply) => {
    const address = proven(state, now(), request, reply);
    if (address === null) return reply;
    state.sweep();
    const session = state.sessions.get(request.body?.sessionId ?? '');
    if (session === undefined || session.over !== null) return refuse(reply, 404, 'Not Found', 'The session was not found.');
    const { password, onlyWhitelisted, whitelist, userCapacity } = session.rules;
    if (password !== null && request.body?.password !== password) return refuse(reply, 401, 'Unauthorized', 'Wrong password.');
    if (onlyWhitelisted && !whitelist.some((each) => sameAddress(each, address))) {
      return refuse(reply, 422, 'Client Error', 'The address is not whitelisted.');
    }
    if (session.users.size >= userCapacity) return refuse(reply, 422, 'Client Error', 'The session is full.');
    return reply.send(joinedBody(state.join(session, address), settings));
  });

  app.get('/v1/session/current', (request, reply) => {
    const seat = seated(state, request, reply);
    return seat === null ? reply : reply.send(currentBody(seat, settings));
  });

  app.post<{ Body: Record<string, unknown> | undefined }>('/v1/session/current/kick', (request, reply) => {
    const seat = seated(state, request, reply);
    if (seat === null) return reply;
    if (seat.user.role !== 'Host') return refuse(reply, 403, 'Forbidden', 'Only the host may remove users.');
    const id = request.body?.[kickField];
    if (typeof id !== 'string') return refuse(reply, 422, 'Client Error', `The ${kickField} field is required.`);
    const user = seat.session.users.get(id);
    if (user === undefined) return refuse(reply, 404, 'Not Found', 'The user was not found.');
    if (user === seat.user) return refuse(reply, 422, 'Client Error', 'The host cannot be removed.');
    state.remove({ session: seat.session, user });
    return reply.code(200).send();
  });

  app.post('/v1/session/disconnect', (request, reply) => {
    const seat = seated(state, request, reply);
    if (seat === null) return reply;
    state.remove(seat);
    return reply.code(200).send();
  });

  app.delete('/v1/session/current', (request, reply) => {
    const seat = seated(state, request, reply);
    if (seat === null) return reply;
    if (seat.user.role !== 'Host') return refuse(reply, 403, 'Forbidden', 'Only the host may delete the session.');
    state.destroy(seat.session);
    return reply.code(200).send();
  });
}
