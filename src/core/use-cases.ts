import type { MemberId, SessionId } from './ids.ts';
import type { Member } from './member.ts';
import type { Message, MessageRole } from './message.ts';
import type { Problem } from './problem.ts';
import type { JsonObject, Session, SessionVisibility } from './session.ts';
import type { Caller } from './viewer.ts';

/** Left out or null = not given, but in a change, where null takes the value away and undefined leaves it. */
type Maybe<T> = T | null | undefined;

export interface IdentityInput {
  readonly name?: Maybe<string>;
  readonly address?: Maybe<string>;
}
export interface TimeoutPolicyInput {
  readonly timeoutSeconds?: Maybe<number>;
  readonly autoRenew?: Maybe<boolean>;
  readonly maxDurationSeconds?: Maybe<number>;
  readonly warningSeconds?: Maybe<number>;
}
export interface RulesInput {
  readonly maxMembers?: Maybe<number>;
  readonly lifetimeSeconds?: Maybe<number>;
  readonly timeout?: Maybe<TimeoutPolicyInput>;
  readonly password?: Maybe<string>;
  readonly allowlistOnly?: Maybe<boolean>;
  readonly allowlist?: Maybe<readonly string[]>;
  readonly maxFiles?: Maybe<number>;
  readonly maxTotalMegabytes?: Maybe<number>;
}
export interface CreateInput {
  /** A backend's id or name; not given = the configured default. */
  readonly backend?: Maybe<string>;
  readonly handle?: Maybe<string>;
  readonly title?: Maybe<string>;
  readonly description?: Maybe<string>;
  readonly visibility?: Maybe<SessionVisibility>;
  readonly identity?: Maybe<IdentityInput>;
  readonly rules?: Maybe<RulesInput>;
  readonly owners?: Maybe<readonly string[]>;
  readonly defaults?: Maybe<JsonObject>;
  readonly metadata?: Maybe<JsonObject>;
  readonly agentId?: Maybe<string>;
  readonly situation?: Maybe<string>;
  /** What only the backend's kind of service takes. */
  readonly options?: Maybe<JsonObject>;
  readonly idempotencyKey?: Maybe<string>;
}
export interface JoinInput {
  readonly sessionId: string;
  readonly password?: Maybe<string>;
  readonly identity?: Maybe<IdentityInput>;
}
/** Where `sessionId` is not given, the current session is meant. */
export interface InSession {
  readonly sessionId?: Maybe<string>;
}
export interface KickInput extends InSession {
  readonly memberId: string;
  readonly reason?: Maybe<string>;
  /** Not given = true. */
  readonly ban?: Maybe<boolean>;
}
export interface EndInput extends InSession {
  readonly reason?: Maybe<string>;
}
export interface UpdateInput extends InSession {
  readonly title?: Maybe<string>;
  readonly description?: Maybe<string>;
  readonly visibility?: Maybe<SessionVisibility>;
  readonly rules?: Maybe<RulesInput>;
  readonly defaults?: Maybe<JsonObject>;
  readonly metadata?: Maybe<JsonObject>;
  readonly situation?: Maybe<string>;
}
export interface TimeoutInput extends InSession {
  readonly policy: TimeoutPolicyInput;
}
export interface AttachmentInput {
  readonly url: string;
  readonly mediaType?: Maybe<string>;
  readonly name?: Maybe<string>;
  readonly sizeBytes?: Maybe<number>;
}
export interface SendInput extends InSession {
  readonly content: string;
  readonly role?: Maybe<MessageRole>;
  readonly channel?: Maybe<string>;
  readonly attachments?: Maybe<readonly AttachmentInput[]>;
  readonly metadata?: Maybe<JsonObject>;
  readonly inReplyTo?: Maybe<string>;
  readonly options?: Maybe<JsonObject>;
  readonly awaitReply?: Maybe<boolean>;
  readonly idempotencyKey?: Maybe<string>;
}

export interface Credentials {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number | null;
}
/** Sessions are answered by id: the edge reads the state that it shows through its loaders. */
export interface Admission {
  readonly sessionId: SessionId;
  readonly memberId: MemberId;
  readonly credentials: Credentials;
}
export interface Change {
  readonly sessionId: SessionId;
}
export interface Removal {
  readonly sessionId: SessionId;
  readonly memberId: MemberId;
}
export interface Delivery {
  readonly message: Message;
  readonly reply: Message | null;
}

/** The commands: each loads what it needs, decides, commits, tells the bus, and answers with the result or a problem. None throws for a refusal. */
export interface UseCases {
  create(caller: Caller, input: CreateInput): Promise<Admission | Problem>;
  join(caller: Caller, input: JoinInput): Promise<Admission | Problem>;
  leave(caller: Caller, input: InSession): Promise<Change | Problem>;
  kick(caller: Caller, input: KickInput): Promise<Removal | Problem>;
  end(caller: Caller, input: EndInput): Promise<Change | Problem>;
  /** PATCH: what is not given stays; `defaults` and `metadata` are merged key by key, null removing a key. */
  update(caller: Caller, input: UpdateInput): Promise<Change | Problem>;
  /** PUT: what is not given is reset to what a new session would have. */
  replace(caller: Caller, input: UpdateInput): Promise<Change | Problem>;
  renew(caller: Caller, input: InSession): Promise<Change | Problem>;
  heartbeat(caller: Caller, input: InSession): Promise<Change | Problem>;
  setTimeoutPolicy(caller: Caller, input: TimeoutInput): Promise<Change | Problem>;
  send(caller: Caller, input: SendInput): Promise<Delivery | Problem>;
  clear(caller: Caller, input: InSession): Promise<Change | Problem>;
}

/** Where the caller stands in one session. */
export interface Standing {
  /** Its ACTIVE membership. */
  readonly member: Member | null;
  /** An API key that created the session, or any where it was made at the service itself: acts as HOST there, member or not. */
  readonly owner: boolean;
  /** Proven to be on the allowlist, among the owners or the creator: may see a session that is not PUBLIC, to join it. */
  readonly invited: boolean;
}

/** May see that the session exists, its settings and its members. Whoever may not gets NOT_FOUND. */
export const maySee = (session: Session, standing: Standing): boolean =>
  session.visibility === 'PUBLIC' || standing.member !== null || standing.owner || standing.invited;

/** May read messages and follow the timeline: members and owners; anybody where a PUBLIC session asks for neither password nor allowlist. */
export const mayRead = (session: Session, standing: Standing): boolean =>
  standing.member !== null ||
  standing.owner ||
  (session.visibility === 'PUBLIC' && session.rules.passwordHash === null && !session.rules.allowlistOnly);

/** May kick, end, change and see the allowlist. */
export const isHost = (standing: Standing): boolean => standing.owner || standing.member?.role === 'HOST';
