import { randomBytes, randomUUID } from 'node:crypto';
import type { EmulatorSettings } from './options.ts';

export interface EmulatedUser {
  readonly id: string;
  readonly role: 'Host' | 'Client';
  readonly name: string;
  readonly address: string;
  readonly token: string;
}

export interface EmulatedChat {
  readonly chatId: string;
  readonly message: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly user: Pick<EmulatedUser, 'id' | 'name'>;
}

export interface EmulatedRules {
  readonly userCapacity: number;
  readonly expirySeconds: number;
  readonly password: string | null;
  readonly onlyWhitelisted: boolean;
  readonly whitelist: readonly string[];
}

export interface EmulatedSession {
  readonly id: string;
  readonly creatorId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly rules: EmulatedRules;
  readonly users: Map<string, EmulatedUser>;
  readonly chats: EmulatedChat[];
  over: 'EXPIRED' | 'DESTROYED' | null;
}

export interface Seat {
  readonly session: EmulatedSession;
  readonly user: EmulatedUser;
}

export type SessionEvent = 'UserAdded' | 'UserRemoved' | 'SessionExpired' | 'SessionDestroyed' | 'FileAdded' | 'FileProgress';
/** `gone`: whose connections end with it; null = everybody's. */
export type Announce = (session: EmulatedSession, event: SessionEvent, data: unknown, gone?: string | null) => void;

export interface EmulatorState {
  readonly sessions: Map<string, EmulatedSession>;
  readonly proofs: Map<string, { readonly address: string; readonly expiresAt: number }>;
  /** Nonces that were given and not used. */
  readonly nonces: Map<number, string>;
  create(address: string, name: string | null, rules: Partial<EmulatedRules>): Seat;
  join(session: EmulatedSession, address: string, name?: string | null): Seat;
  remove(seat: Seat): void;
  destroy(session: EmulatedSession): void;
  expire(session: EmulatedSession): void;
  chat(seat: Seat, message: string): EmulatedChat;
  /** Ends what has run out. */
  sweep(): void;
  issueProof(address: string): string;
  /** Whose the token is, or the status that it is refused with. */
  seatOf(token: string): Seat | 401 | 404;
}

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Shaped as a JWT; what it is good for is looked up. */
const tokenOf = (claims: object): string =>
  `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(claims)}.${randomBytes(24).toString('base64url')}`;

export function createState(
  { now, walletProofSeconds, expiredStatus, eventData, ...defaults }: EmulatorSettings,
  announce: Announce,
): EmulatorState {
  const sessions = new Map<string, EmulatedSession>();
  const seats = new Map<string, Seat>();
  const proofs: EmulatorState['proofs'] = new Map();

  const add = (session: EmulatedSession, id: string, role: EmulatedUser['role'], address: string, name: string | null): Seat => {
    const token = tokenOf({ sub: id, sid: session.id, role, exp: Math.floor(session.expiresAt / 1_000) });
    const user: EmulatedUser = { id, role, address, name: name ?? `Pseudonym-${id.slice(0, 4)}`, token };
    session.users.set(id, user);
    seats.set(token, { session, user });
    return { session, user };
  };
  const dataOf = ({ id, role, name, address }: EmulatedUser): unknown =>
    eventData === 'USER' ? { id, role, name, address } : eventData === 'ID' ? { userId: id } : {};
  const sweep = (): void => {
    for (const session of sessions.values()) if (session.expiresAt <= now()) expire(session);
  };
  const expire = (session: EmulatedSession): void => {
    if (session.over !== null) return;
    session.over = 'EXPIRED';
    announce(session, 'SessionExpired', {}, null);
  };

  return {
    sessions,
    proofs,
    nonces: new Map(),
    create(address, name, rules) {
      const creatorId = randomUUID();
      const { userCapacity, expirySeconds } = defaults;
      const all = { userCapacity, expirySeconds, password: null, onlyWhitelisted: false, whitelist: [], ...rules };
      const createdAt = now();
      const expiresAt = createdAt + all.expirySeconds * 1_000;
      const session: EmulatedSession = {
        id: randomUUID(),
        creatorId,
        createdAt,
        expiresAt,
        rules: all,
        users: new Map(),
        chats: [],
        over: null,
      };
      sessions.set(session.id, session);
      return add(session, creatorId, 'Host', address, name);
    },
    join(session, address, name = null) {
      const seat = add(session, randomUUID(), 'Client', address, name);
      announce(session, 'UserAdded', dataOf(seat.user));
      return seat;
    },
    remove({ session, user }) {
      if (!session.users.delete(user.id)) return;
      announce(session, 'UserRemoved', dataOf(user), user.id);
    },
    destroy(session) {
      if (session.over !== null) return;
      session.over = 'DESTROYED';
      announce(session, 'SessionDestroyed', {}, null);
    },
    expire,
    chat({ session, user }, message) {
      const chat: EmulatedChat = { chatId: randomUUID(), message, createdAt: now(), user: { id: user.id, name: user.name } };
      session.chats.push(chat);
      return chat;
    },
    sweep,
    issueProof(address) {
      const expiresAt = now() + walletProofSeconds * 1_000;
      const token = tokenOf({ wallet: address, exp: Math.floor(expiresAt / 1_000) });
      proofs.set(token, { address, expiresAt });
      return token;
    },
    seatOf(token) {
      sweep();
      const seat = seats.get(token);
      if (seat === undefined || !seat.session.users.has(seat.user.id)) return 401;
      if (seat.session.over === null) return seat;
      return seat.session.over === 'EXPIRED' ? expiredStatus : 404;
    },
  };
}
