import type { MessageId, SessionId } from './ids.ts';
import type { Message } from './message.ts';

export type SessionStatus = 'ACTIVE' | 'EXPIRED' | 'ENDED';
export type SessionVisibility = 'PUBLIC' | 'PRIVATE' | 'TEMPORARY';

/** A JSON object as a client sent it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Sliding lifetime. */
export interface TimeoutPolicy {
  readonly timeoutSeconds: number;
  /** Whether activity (a message, a heartbeat) starts the timeout anew. */
  readonly autoRenew: boolean;
  /** No renewal carries the session past `createdAt` plus this. Null = no such bound. */
  readonly maxDurationSeconds: number | null;
  /** How long before the expiry the warning comes. Null = the gateway's default; 0 = no warning. */
  readonly warningSeconds: number | null;
}

export interface Rules {
  readonly maxMembers: number | null;
  readonly lifetimeSeconds: number | null;
  readonly timeout: TimeoutPolicy | null;
  /** argon2id in PHC form. Never leaves the core. */
  readonly passwordHash: string | null;
  readonly allowlistOnly: boolean;
  /** As given; compared by `identityKey`. */
  readonly allowlist: readonly string[];
  readonly maxFiles: number | null;
  readonly maxTotalMegabytes: number | null;
}

/** A message that a gateway is sending to a service, or waits for as an answer: no other gateway records what it may be. */
export interface Underway {
  /** Of the message that is sent, or that is answered. */
  readonly id: MessageId;
  readonly role: Message['role'];
  /** Of the content (see `fingerprintOf`). Null = whatever it says: an answer. */
  readonly fingerprint: string | null;
  /** Epoch milliseconds: from then on its gateway is taken to have died. */
  readonly until: number;
}

/** What the gateway keeps of a session that lives at a service. */
export interface SessionUpstream {
  /** What the connector wants to be given again. */
  readonly data: JsonObject;
  /** The session's secret at the service, encrypted. */
  readonly sealed: string | null;
  /** Whether the service's clock decides on `expiresAt`: then only what the service says moves it. */
  readonly clock: boolean;
  /** Where the gateway's rules decide: when the service lets go of the session at the latest. */
  readonly endsAt: number | null;
  /** The service's messages up to here have been cleared or removed, and do not come back. */
  readonly clearedAt: number | null;
  /** Undefined = none. */
  readonly underway?: readonly Underway[];
}

/** The gateway's record of a session. Instants are epoch milliseconds. */
export interface Session {
  readonly id: SessionId;
  /** The backend's configured name. */
  readonly backend: string;
  /** The id that the backend itself uses; unique within the backend. */
  readonly handle: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly visibility: SessionVisibility;
  /** As last written: a session whose `expiresAt` has passed is EXPIRED even before the event is made (see `statusAt`). */
  readonly status: SessionStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastActivityAt: number;
  /** When the session was last renewed on purpose; the timeout counts from here where activity does not renew. */
  readonly renewedAt: number | null;
  readonly expiresAt: number | null;
  /** When the clock next has something to do here: give the warning, or expire. Null = never. */
  readonly dueAt: number | null;
  /** The `expiresAt` for which the warning has been given. */
  readonly warnedFor: number | null;
  readonly renewalCount: number;
  readonly rules: Rules;
  /** Names or addresses that are HOST when they join, as the creator is. */
  readonly owners: readonly string[];
  /** The principal that made it (see `principalOf`), null for an anonymous one. */
  readonly createdBy: string | null;
  readonly defaults: JsonObject;
  readonly metadata: JsonObject;
  readonly agentId: string | null;
  readonly situation: string | null;
  /** Null where there is no service behind it. */
  readonly upstream: SessionUpstream | null;
  /** Counters that rules are checked against. */
  readonly activeMembers: number;
  readonly files: number;
  readonly fileBytes: number;
  /** Rises with each change that other decisions depend on: a commit decided on an older version is refused. */
  readonly version: number;
  /** The number of the last event on the timeline; 0 = none yet. */
  readonly seq: number;
}

/** The status at an instant: what has run out is EXPIRED, whether or not its event has been made. */
export function statusAt(session: Session, now: number): SessionStatus {
  return session.status === 'ACTIVE' && session.expiresAt !== null && session.expiresAt <= now ? 'EXPIRED' : session.status;
}
