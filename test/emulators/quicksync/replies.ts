import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EmulatorSettings } from './options.ts';
import type { EmulatedChat, EmulatedSession, EmulatedUser, EmulatorState, Seat } from './state.ts';

/** RFC 7807, as ASP.NET answers it. */
export const refuse = (
  reply: FastifyReply,
  status: number,
  title: string,
  detail: string,
  errors?: Record<string, readonly string[]>,
): FastifyReply => reply.code(status).send({ type: `https://httpstatuses.io/${status}`, title, status, detail, ...(errors && { errors }) });

/** What the bearer check answers, before the endpoint is reached: no body. */
export const challenge = (reply: FastifyReply): FastifyReply =>
  reply.code(401).header('www-authenticate', 'Bearer error="invalid_token"').send();

export const bearerOf = (request: FastifyRequest): string => /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';

/** The seat of the request's token; null = it has been refused. */
export function seated(state: EmulatorState, request: FastifyRequest, reply: FastifyReply): Seat | null {
  const seat = state.seatOf(bearerOf(request));
  if (typeof seat === 'object') return seat;
  if (seat === 401) void challenge(reply);
  else void refuse(reply, 404, 'Not Found', 'The session was not found.');
  return null;
}

/** The wallet of the request's proof; null = it has been refused. */
export function proven(state: EmulatorState, now: number, request: FastifyRequest, reply: FastifyReply): string | null {
  const proof = state.proofs.get(bearerOf(request));
  if (proof !== undefined && proof.expiresAt > now) return proof.address;
  void challenge(reply);
  return null;
}

const userBody = ({ id, role, name, address }: EmulatedUser): object => ({ id, role, name, address });

/** .NET writes seven digits behind the second. */
const iso = (at: number): string => new Date(at).toISOString().replace('Z', '0000Z');
export const chatBody = ({ chatId, message, createdAt, user }: EmulatedChat): object => ({
  chatId,
  message,
  createdAt: iso(createdAt),
  user,
  pinned: null,
  reactions: [],
});

const expiryIn = ({ expiresAt, rules }: EmulatedSession, unit: EmulatorSettings['expiryUnit']): number => {
  switch (unit) {
    case 'SECONDS':
      return rules.expirySeconds;
    case 'EPOCH_SECONDS':
      return Math.floor(expiresAt / 1_000);
    case 'EPOCH_MILLISECONDS':
      return expiresAt;
  }
};

const limitsOf = ({ rules }: EmulatedSession): object => ({
  maxFiles: 20,
  maxUsers: rules.userCapacity,
  maxTotalMegaBytes: 100,
  passwordProtected: rules.password !== null,
});

const credentialsOf = ({ session, user }: Seat, now: number): object => ({
  sessionId: session.id,
  expiresIn: Math.ceil((session.expiresAt - now) / 1_000),
  credentials: { token: user.token, id: user.id, pseudonym: user.name, role: user.role },
});

/** `SessionCredentialsDto`. */
export function createdBody(seat: Seat, { expiryUnit, allowlistShape, now }: EmulatorSettings): object {
  const { session } = seat;
  const whiteListAddresses = session.rules.whitelist.map((address) => (allowlistShape === 'OBJECT' ? { address } : address));
  return { ...credentialsOf(seat, now()), rules: { expiry: expiryIn(session, expiryUnit), ...limitsOf(session), whiteListAddresses } };
}

/** The same with users, and rules as an older version of the service has them: no expiry, plain addresses. */
export const joinedBody = (seat: Seat, { now }: EmulatorSettings): object => ({
  ...credentialsOf(seat, now()),
  rules: { ...limitsOf(seat.session), whiteListAddresses: seat.session.rules.whitelist },
  users: [...seat.session.users.values()].map(userBody),
});

/** Flat, and `id` for what is `sessionId` elsewhere. */
export const currentBody = ({ session }: Seat, { expiryUnit }: EmulatorSettings): object => ({
  id: session.id,
  creatorId: session.creatorId,
  expiry: expiryIn(session, expiryUnit),
  users: [...session.users.values()].map(userBody),
  ...limitsOf(session),
  whiteListAddresses: session.rules.whitelist,
});
