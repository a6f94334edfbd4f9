import type { Commit, CommitOutcome, IdempotencyRecord } from './commit.ts';
import type { StoredEvent, TransientBody } from './event.ts';
import type { MemberId, MessageId, SessionId } from './ids.ts';
import type { Member } from './member.ts';
import type { Message } from './message.ts';
import type { Page, SessionQuery, MemberQuery, MessageQuery } from './queries.ts';
import type { Session, SessionStatus } from './session.ts';
import type { Tier, Viewer } from './viewer.ts';

/** Reads of sessions. A list that takes ids answers in their order, null where there is none. */
export interface SessionReader {
  byIds(ids: readonly SessionId[]): Promise<readonly (Session | null)[]>;
  /** One of `byIds`, without waiting. A feature of drivers that have it at hand; throws where `byIds` rejects. */
  peek?(id: SessionId): Session | null;
  byHandles(handles: readonly { readonly backend: string; readonly handle: string }[]): Promise<readonly (Session | null)[]>;
  list(query: SessionQuery): Promise<Page<Session>>;
  /** ACTIVE sessions whose `dueAt` is at or before the instant, soonest first. */
  due(before: number, limit: number): Promise<readonly { readonly id: SessionId; readonly dueAt: number }[]>;
  idempotency(scope: string, key: string): Promise<IdempotencyRecord | null>;
}

export interface MemberReader {
  byIds(ids: readonly MemberId[]): Promise<readonly (Member | null)[]>;
  /** One of `byIds`, without waiting. A feature of drivers that have it at hand; throws where `byIds` rejects. */
  peek?(id: MemberId): Member | null;
  /** One page for each query, in one call. */
  list(queries: readonly MemberQuery[]): Promise<readonly Page<Member>[]>;
  /** ACTIVE membership of a principal in each of the sessions. */
  ofPrincipal(principal: string, sessionIds: readonly SessionId[]): Promise<readonly (Member | null)[]>;
  /** The sessions, at most `limit`, in which the principal is an ACTIVE member and which are ACTIVE as stored; newest first. */
  sessionsOf(principal: string, limit: number): Promise<readonly SessionId[]>;
  /** Banned members of the session, at most 10, whose principal, address or name (the last two by `identityKey`) is one of these; null matches nothing. */
  banned(
    sessionId: SessionId,
    identity: { readonly principal: string | null; readonly address: string | null; readonly name: string | null },
  ): Promise<readonly Member[]>;
}

export interface MessageReader {
  byIds(ids: readonly MessageId[]): Promise<readonly (Message | null)[]>;
  list(queries: readonly MessageQuery[]): Promise<readonly Page<Message>[]>;
}

export interface TimelineReader {
  /**
   * Events with `seq` greater than `after`, ascending, at most `limit`, with the members and messages they name.
   * `oldest` is the first number still stored (`head + 1` where none is): a reader at `oldest - 2` or before has lost events.
   */
  read(
    sessionId: SessionId,
    after: number,
    limit: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly oldest: number; readonly head: number }>;
  /** The `Session.seq` of each; -1 where there is no such session. */
  heads(sessionIds: readonly SessionId[]): Promise<readonly number[]>;
}

/** An API key as kept: never the key itself. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  /** SHA-256 of the key, hex. */
  readonly hash: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

export interface ApiKeyStore {
  insert(record: ApiKeyRecord): Promise<void>;
  byHash(hash: string): Promise<ApiKeyRecord | null>;
  byIds(ids: readonly string[]): Promise<readonly (ApiKeyRecord | null)[]>;
  /** Newest first. */
  list(): Promise<readonly ApiKeyRecord[]>;
  /** False where there is no such key or it is revoked already. */
  revoke(id: string, at: number): Promise<boolean>;
}

/** Values with an end: a wallet's challenge, taken once; a proof that a service gave, read until it is over. */
export interface ChallengeStore {
  put(challenge: { readonly id: string; readonly payload: string; readonly expiresAt: number }): Promise<void>;
  /** The payload, as often as it is asked for; null after the end. */
  read(id: string, now: number): Promise<string | null>;
  /** The payload, once: a second take, or one after the end, answers null. */
  take(id: string, now: number): Promise<string | null>;
}

/** Which members have a live subscription, as each gateway notes it of its own. */
export interface PresenceStore {
  /**
   * Notes members that are online now at the gateway, and others that are no longer, and that all it has noted holds until `until`. What
   * gateways noted whose time was over by `now` is forgotten. False = nothing was noted of this gateway before, or it is forgotten: it is
   * to note all of its members again.
   */
  note(note: {
    readonly gateway: string;
    readonly entered: readonly MemberId[];
    readonly left: readonly MemberId[];
    readonly now: number;
    readonly until: number;
  }): Promise<boolean>;
  /** Whether any gateway but the one that asks has the member online, in the order of the ids. */
  online(memberIds: readonly MemberId[], now: number, asking: string): Promise<readonly boolean[]>;
  /** Forgets the gateway, which stops, with all that it noted. */
  leave(gateway: string): Promise<void>;
}

/** What a session has that grows: its timeline, or its messages. */
export type History = 'events' | 'messages';

/** What is stored of a session, as far as what is to be removed depends on it. */
export interface Holding {
  readonly sessionId: SessionId;
  readonly status: SessionStatus;
  /** Of a session that is over: when it ended. */
  readonly updatedAt: number;
  /** Whether there is a service behind it. */
  readonly isRemote: boolean;
  readonly events: { readonly total: number; readonly oldestAt: number | null };
  readonly messages: { readonly total: number; readonly oldestAt: number | null };
  readonly hasMembers: boolean;
}

/** The beginning of a history, and how long all of it is, of the same moment. */
export interface Beginning {
  readonly total: number;
  /** By `seq`. `at` is when the event happened, or the message was written. */
  readonly items: readonly { readonly seq: number; readonly at: number }[];
}

/**
 * Removes what is not kept, in steps that hold nobody up: each takes at most as much as it is given for. A step that was broken off has
 * done all of it or nothing. Each leaves alone what comes meanwhile, and two at once do no harm.
 */
export interface RetentionStore {
  /** Deletes idempotency records and challenges from before the instant. Answers how many. */
  prune(before: { readonly idempotency: number; readonly challenges: number }): Promise<number>;
  /** The next sessions after `after`, by id; null = from the first. Empty where there are no more. */
  survey(after: SessionId | null, limit: number): Promise<readonly Holding[]>;
  /** The oldest of the session's events or messages. Nothing of a session that is not there. */
  oldest(history: History, sessionId: SessionId, limit: number): Promise<Beginning>;
  /**
   * Deletes the session's events or messages up to a number that `oldest` gave. The counters of messages and files follow, the numbers on
   * the timeline stay as they are. Answers how many.
   */
  deleteThrough(history: History, sessionId: SessionId, seq: number): Promise<number>;
  /**
   * Deletes what belongs to a session that is over, at most `limit` of each kind, and last the session, unless there is a service behind it.
   * True = there is nothing left to do. Leaves an ACTIVE one as it is.
   */
  removeSession(sessionId: SessionId, limit: number): Promise<boolean>;
}

/**
 * Where the gateway's records are. An acknowledged commit is there to stay, as far as the driver says; reads that start after the
 * acknowledgement see it. What it cannot do now, for its database is gone or has too much to do, it rejects in bounded time with a
 * `ProblemError` UNAVAILABLE. Every driver passes the same conformance suite.
 */
export interface Store extends AsyncDisposable {
  /** Names this body of data: cursors carry it, so that those of another store are recognised. 8 characters of [0-9a-z]. */
  readonly epoch: string;
  commit(commit: Commit): Promise<CommitOutcome>;
  readonly sessions: SessionReader;
  readonly members: MemberReader;
  readonly messages: MessageReader;
  readonly timeline: TimelineReader;
  readonly apiKeys: ApiKeyStore;
  readonly challenges: ChallengeStore;
  readonly presence: PresenceStore;
  readonly retention: RetentionStore;
  /**
   * Takes the lease of that name until the instant, or extends the holder's own. False = another holder has it at `now`. An `until` that is
   * not after `now` gives it back.
   */
  lease(name: string, holder: string, now: number, until: number): Promise<boolean>;
  /** Rejects where the store cannot answer. */
  check(signal?: AbortSignal): Promise<void>;
  /** Rejects, with the reason, where it answers but does not write what it was last given: it is read only, or its disk is full. */
  checkWrites(): Promise<void>;
}

// ---- the rest -------------------------------------------------------------------------------------------------------

/** "The session's timeline has reached `seq`." Losing one costs latency, never an event. */
export interface Hint {
  readonly sessionId: SessionId;
  readonly seq: number;
}

/** A piece of a reply in the making. */
export interface Piece {
  readonly sessionId: SessionId;
  /** Of the reply. */
  readonly messageId: MessageId;
  readonly text: string;
}

/** Carries hints between gateways, and within one. */
export interface Bus extends AsyncDisposable {
  /** True where a published hint reaches every subscriber unless the process ends: then nobody needs to poll. */
  readonly lossless: boolean;
  /** Never throws, and waits for nobody. Of several hints for one session the last may come alone. */
  publish(hint: Hint): void;
  /**
   * Own hints are heard at once, as others' are when they come. One handler that throws does not keep the others from hearing. `onGap` is
   * called where hints may have been lost: whoever needs them looks by itself. The answer unsubscribes; calling it again does nothing.
   */
  subscribe(handler: (hint: Hint) => void, onGap?: () => void): () => void;
  /**
   * To the other gateways, at most once: the reply itself comes by the timeline. Those of one reply come in their order, several together
   * perhaps. Never throws, and waits for nobody.
   */
  tell(piece: Piece): void;
  /** Hears of others' pieces. The answer ends it. */
  hear(handler: (piece: Piece) => void): () => void;
  /** Rejects where hints do not get through. */
  check(signal?: AbortSignal): Promise<void>;
}

/** Time, so that tests can turn it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once at the instant or right after it. Disposing cancels. Does not keep the process alive. */
  at(instant: number, callback: () => void): Disposable;
}

/** Who has a live subscription. */
export interface Presence {
  /** Counts one more live subscription of the member until disposed. */
  enter(memberId: MemberId): Disposable;
  online(memberIds: readonly MemberId[]): Promise<readonly boolean[]>;
}

/** Rejects with a `ProblemError` RATE_LIMITED where it has too much to do. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
}

/** Knows how addresses are written. */
export interface Addresses {
  /**
   * The EIP-55 form of an Ethereum address (`0x` and 40 hexadecimal digits). Null where its mixed case is not the checksum that EIP-55
   * demands. Any other text comes back as it is: it is a name, or an address of another chain.
   */
  canonical(address: string): Promise<string | null>;
}

/** Bearer tokens of members. The same member and instant give the same token, so that an answer can be given again. */
export interface MemberTokens {
  /** `expiresAt` in epoch milliseconds; null = does not run out by itself. */
  issue(member: {
    readonly id: MemberId;
    readonly joinedAt: number;
  }): Promise<{ readonly token: string; readonly expiresAt: number | null }>;
}

/** Encrypts what services ask for, so that no store holds it in clear. The context names what it belongs to: elsewhere it does not open. */
export interface SecretBox {
  seal(plain: string, context: string): string;
  /** Throws where it was sealed under another secret or for another context. */
  open(sealed: string, context: string): string;
}

/** Bearers that services gave for wallets that were verified there. */
export interface WalletProofs {
  /** Null where the viewer is no wallet, or has none at that backend that is still good. */
  find(viewer: Viewer, backend: string): Promise<string | null>;
}

/** Tells the session's live subscribers, and nobody later. */
export type Emit = (sessionId: SessionId, body: TransientBody) => void;

/** Counts attempts that must stay few: passwords of one session by one caller. */
export interface AttemptLimiter {
  /** Counts one attempt. Null = go on; otherwise the seconds to wait. */
  consume(key: string): Promise<number | null>;
  /** Forgets them after a success. */
  reset(key: string): Promise<void>;
}
