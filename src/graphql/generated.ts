import type { JsonObject } from '../core/session.ts';
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Backend as CoreBackend, Agent as CoreAgent, BackendHealth as CoreBackendHealth } from '../core/backend.ts';
import type { Session as CoreSession } from '../core/session.ts';
import type { RulesSource, SuggestionSource, SessionPage, MemberPage, MessagePage, SuggestionPage } from './sources.ts';
import type { Member as CoreMember } from '../core/member.ts';
import type { Message as CoreMessage } from '../core/message.ts';
import type { Caller } from '../core/viewer.ts';
import type { Problem as CoreProblem } from '../core/problem.ts';
import type { Credentials as CoreCredentials, Admission, Change, Removal, Delivery } from '../core/use-cases.ts';
import type { LiveEvent } from '../core/event.ts';
import type { RequestContext } from './context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An instant: RFC 3339 in UTC with milliseconds, `2026-01-31T12:00:00.000Z`. It only ever comes out; where an input names a time, it does so in seconds. */
  DateTime: { input: never; output: number; }
  /**
   * A JSON object. Anything but an object (a list, a string, null) is refused. As an input it is bounded: 10,240 bytes as JSON in UTF-8 and 20
   * levels of nesting, unless the gateway is configured otherwise.
   */
  JSONObject: { input: JsonObject; output: JsonObject; }
};

/** Somebody who can be talked to at a backend. */
export type Agent = {
  readonly __typename?: 'Agent';
  /** What it says of itself. Null where it says nothing. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** What `CreateSessionInput.agentId` takes. Opaque. */
  readonly id: Scalars['ID']['output'];
  /** What it is called. */
  readonly name: Scalars['String']['output'];
};

/** A file that goes with a message. The gateway keeps the reference, not the file. */
export type Attachment = {
  readonly __typename?: 'Attachment';
  /** Its media type, `image/png`. Null = not said. */
  readonly mediaType?: Maybe<Scalars['String']['output']>;
  /** What it is called. Null = not said. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** How large it is, in bytes. Null = not said. */
  readonly sizeBytes?: Maybe<Scalars['Int']['output']>;
  /** Where it is: http, https or ipfs. */
  readonly url: Scalars['String']['output'];
};

/** A file that goes with a message. */
export type AttachmentInput = {
  /** Its media type, at most 255 characters. */
  readonly mediaType?: InputMaybe<Scalars['String']['input']>;
  /** What it is called, at most 128 characters. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** How large it is, in bytes. Must be given where the session's rules bound the megabytes. */
  readonly sizeBytes?: InputMaybe<Scalars['Int']['input']>;
  /** Where it is: an http, https or ipfs URL of at most 2,048 characters. */
  readonly url: Scalars['String']['input'];
};

/** A configured service that sessions live at. */
export type Backend = Node & {
  readonly __typename?: 'Backend';
  /** Who can be talked to there (ElizaOS, Julep); empty elsewhere. Null, with an error, where the service cannot say. */
  readonly agents?: Maybe<ReadonlyArray<Agent>>;
  /** Every feature, and who does it here. */
  readonly features: ReadonlyArray<BackendFeature>;
  /** How well it is, asked now. */
  readonly health: BackendHealth;
  /** Global and opaque. Inputs that name a backend take this id or its `name`. */
  readonly id: Scalars['ID']['output'];
  /** Which kind of service it is. */
  readonly kind: BackendKind;
  /** The name it has in the gateway's configuration: lower-case letters, digits and dashes. */
  readonly name: Scalars['String']['output'];
};

/** A feature at a backend. */
export type BackendFeature = {
  readonly __typename?: 'BackendFeature';
  /** What can be done. */
  readonly feature: Feature;
  /** Who does it. */
  readonly provider: FeatureProvider;
};

/** How well a backend is. */
export type BackendHealth = {
  readonly __typename?: 'BackendHealth';
  /** When it was last asked. Null = never. */
  readonly checkedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whether requests reach it. */
  readonly circuit: CircuitState;
  /** How long it took to answer, in whole milliseconds. Null where it did not, or was not asked. */
  readonly latencyMs?: Maybe<Scalars['Int']['output']>;
  /** What is wrong. Null where nothing is. */
  readonly message?: Maybe<Scalars['String']['output']>;
  /** In a word. */
  readonly status: BackendStatus;
};

/** The kinds of service that sessions live at. */
export type BackendKind =
  /** ElizaOS: timed talks with an agent. */
  | 'ELIZA'
  /** Julep: chats with an agent, with history and suggestions. */
  | 'JULEP'
  /** The gateway itself: sessions that need no other service. */
  | 'LOCAL'
  /** Machani: named rooms with channels. */
  | 'MACHANI'
  /** QuickSync: groups of wallets, with a host, a password and a capacity. */
  | 'QUICKSYNC'
  /** Sipher: default parameters for the requests of an API key. */
  | 'SIPHER';

/** Options that only one kind of backend knows. Exactly one field is given. */
export type BackendOptionsInput =
  /** For an ELIZA backend. */
  { readonly eliza: ElizaOptionsInput; readonly julep?: never; readonly machani?: never; }
  |  /** For a JULEP backend. */
  { readonly eliza?: never; readonly julep: JulepOptionsInput; readonly machani?: never; }
  |  /** For a MACHANI backend. */
  { readonly eliza?: never; readonly julep?: never; readonly machani: MachaniOptionsInput; };

/** How well a backend is. */
export type BackendStatus =
  /** It answers, but slowly or not always. */
  | 'DEGRADED'
  /** It does not answer. */
  | 'DOWN'
  /** It answers. */
  | 'UP';

/** The circuit breaker between the gateway and a backend. */
export type CircuitState =
  /** Requests go through. */
  | 'CLOSED'
  /** One request is let through to see whether the service is back. */
  | 'HALF_OPEN'
  /** After too many failures requests are refused at once, as UPSTREAM_UNAVAILABLE, without asking the service. */
  | 'OPEN';

/** Which session's messages to clear. */
export type ClearMessagesInput = {
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `clearMessages` answers: the session without its messages, or the problem that kept it from being done. */
export type ClearMessagesResult = Problem | SessionChange;

/** A session to create. */
export type CreateSessionInput = {
  /** The agent to talk to, by `Agent.id`, where the backend has agents. */
  readonly agentId?: InputMaybe<Scalars['ID']['input']>;
  /** Where: a backend's id or name. Left out = the configured default. */
  readonly backend?: InputMaybe<Scalars['ID']['input']>;
  /** Merged into the options of every request made in the session; the request wins. */
  readonly defaults?: InputMaybe<Scalars['JSONObject']['input']>;
  /** What it is about, at most 4,000 characters. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** The id it is to have at the backend, where the backend takes one: 1 to 128 letters, digits, dots, dashes, tildes or underscores. Taken already = CONFLICT. Left out = one is made. */
  readonly handle?: InputMaybe<Scalars['String']['input']>;
  /**
   * Makes a repetition safe: the same caller, key and input give the first answer again; another input is IDEMPOTENCY_MISMATCH. Anonymous
   * callers cannot be told apart: a key that one of them has used is CONFLICT. At most 255 characters, kept for 24 hours unless configured
   * otherwise.
   */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Who the creator is in the session. */
  readonly identity?: InputMaybe<IdentityInput>;
  /** The clients' own notes. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** What only one backend knows. Options for a backend of another kind are BAD_INPUT. */
  readonly options?: InputMaybe<BackendOptionsInput>;
  /** Names or addresses that are HOST when they join, at most 1,000. */
  readonly owners?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** What it holds its members to. Left out = nothing. */
  readonly rules?: InputMaybe<RulesInput>;
  /** The agent's instructions for this session, at most 16,384 characters. */
  readonly situation?: InputMaybe<Scalars['String']['input']>;
  /** What it is called, at most 200 characters. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
  /** Who may know of it. Default PRIVATE. */
  readonly visibility?: InputMaybe<SessionVisibility>;
};

/** What `createSession` answers: the session that was opened, or the problem that kept it from being done. */
export type CreateSessionResult = Problem | SessionAdmission;

/** A bearer token. */
export type Credentials = {
  readonly __typename?: 'Credentials';
  /** When it runs out. Null = not by itself: it dies with the membership. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** To be sent as `Authorization: Bearer …`, over HTTP, in the WebSocket's `connection_init`, and for server-sent events. A secret: keep it so. */
  readonly token: Scalars['String']['output'];
};

/** What an ElizaOS session takes besides the common fields. */
export type ElizaOptionsInput = {
  /** The user, a UUID, that the service keeps the session for. Left out = one derived from the caller. */
  readonly userId?: InputMaybe<Scalars['ID']['input']>;
};

/** Which session to end. */
export type EndSessionInput = {
  /** What the members are told, at most 500 characters. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `endSession` answers: the session that was ended, or the problem that kept it from being done. */
export type EndSessionResult = Problem | SessionChange;

/** What can be done with sessions. Every backend answers each of these itself, through the gateway, or not at all: see `BackendFeature`. */
export type Feature =
  /** An agent that answers: `sendMessage(awaitReply: true)`. */
  | 'AGENT_REPLY'
  /** A list of those who may join. */
  | 'ALLOWLIST'
  /** A maximum of members. */
  | 'CAPACITY'
  /** Defaults that are merged into each request. */
  | 'DEFAULTS'
  /** Sessions that end at a time. */
  | 'EXPIRY'
  /** `heartbeatSession`. */
  | 'HEARTBEAT'
  /** `Session.messages` and `clearMessages`. */
  | 'HISTORY'
  /** `joinSession` and `leaveSession`. */
  | 'JOIN'
  /** `kickMember`, for now or for good. */
  | 'KICK'
  /** Sessions can be listed. */
  | 'LIST'
  /** Subscriptions. */
  | 'LIVE_EVENTS'
  /** `sendMessage`. */
  | 'MESSAGES'
  /** A password at the door. */
  | 'PASSWORD'
  /** `renewSession`, and renewal by activity. */
  | 'RENEWAL'
  /** `replaceSession` sets a session's settings as a whole. */
  | 'REPLACE'
  /** The agent's answer arrives piece by piece, as `ReplyDelta`. */
  | 'REPLY_STREAM'
  /** `Session.suggestions`. */
  | 'SUGGESTIONS'
  /** `updateSession` changes a session in part. */
  | 'UPDATE';

/** Who does it. */
export type FeatureProvider =
  /** The gateway, on top of what the service does. */
  | 'GATEWAY'
  /** Nobody: asking for it is the problem UNSUPPORTED. */
  | 'UNAVAILABLE'
  /** The service itself. */
  | 'UPSTREAM';

/** Where somebody is still there. */
export type HeartbeatSessionInput = {
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `heartbeatSession` answers: the session with its expiry, or the problem that kept it from being done. */
export type HeartbeatSessionResult = Problem | SessionChange;

/** Who somebody is in a session. */
export type IdentityInput = {
  /** A wallet's address. A WALLET viewer can only give its own. Left out = the one that the credentials prove, or none. */
  readonly address?: InputMaybe<Scalars['String']['input']>;
  /** At most 128 characters. Left out = the name that the credentials prove, or one that is made up. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
};

/** A session to join. */
export type JoinSessionInput = {
  /** Who the caller is in the session. */
  readonly identity?: InputMaybe<IdentityInput>;
  /** The password, where the session asks for one. */
  readonly password?: InputMaybe<Scalars['String']['input']>;
  /** Which session. */
  readonly sessionId: Scalars['ID']['input'];
};

/** What `joinSession` answers: the session that was joined, or the problem that kept it from being done. */
export type JoinSessionResult = Problem | SessionAdmission;

/** What Julep does when a chat outgrows its token budget. */
export type JulepContextOverflow =
  /** Older messages are summarized. */
  | 'ADAPTIVE'
  /** The oldest messages are left out. */
  | 'TRUNCATE';

/** What a Julep session takes besides the common fields. */
export type JulepOptionsInput = {
  /** What happens when the chat outgrows the budget. Left out = the service refuses. */
  readonly contextOverflow?: InputMaybe<JulepContextOverflow>;
  /** Whether `situation` and messages are templates to fill in. Default: the service's own. */
  readonly renderTemplates?: InputMaybe<Scalars['Boolean']['input']>;
  /** How many tokens the chat may have. Left out = no bound but the model's. */
  readonly tokenBudget?: InputMaybe<Scalars['Int']['input']>;
  /** The user, a UUID, that the service keeps the session for. Left out = none. */
  readonly userId?: InputMaybe<Scalars['ID']['input']>;
};

/** A member to remove. */
export type KickMemberInput = {
  /** Whether it is for good: the same caller, address or (where it has neither) name does not join again. */
  readonly ban?: InputMaybe<Scalars['Boolean']['input']>;
  /** The member to remove. */
  readonly memberId: Scalars['ID']['input'];
  /** What the members are told, at most 500 characters. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `kickMember` answers: the member that was removed, or the problem that kept it from being done. */
export type KickMemberResult = MemberRemoval | Problem;

/** A session to leave. */
export type LeaveSessionInput = {
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `leaveSession` answers: the session that was left, or the problem that kept it from being done. */
export type LeaveSessionResult = Problem | SessionChange;

/** What a Machani room takes besides the common fields. */
export type MachaniOptionsInput = {
  /** The numbers of the channels that the room opens with. */
  readonly channels?: InputMaybe<ReadonlyArray<Scalars['Int']['input']>>;
  /** Passed on to the service as they are. */
  readonly options?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The profile that the room belongs to. */
  readonly profile?: InputMaybe<Scalars['String']['input']>;
};

/** One stay of somebody in a session. Who leaves and joins again is a new member, with a new id. */
export type Member = Node & {
  readonly __typename?: 'Member';
  /** Its wallet's address, with the EIP-55 checksum where it is an Ethereum address. Null where it has none. */
  readonly address?: Maybe<Scalars['String']['output']>;
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** When it joined. */
  readonly joinedAt: Scalars['DateTime']['output'];
  /** When it left or was removed. Null while it is there. */
  readonly leftAt?: Maybe<Scalars['DateTime']['output']>;
  /** What it is called in the session. */
  readonly name: Scalars['String']['output'];
  /**
   * Whether it has a live subscription at this instant, at whichever gateway. Where several share a store, the others know within a
   * fraction of a second, and of a gateway that died with its members after ten seconds.
   */
  readonly online: Scalars['Boolean']['output'];
  /** What it is in the session. */
  readonly role: MemberRole;
  /** Whether it is still there. */
  readonly status: MemberStatus;
};

/** A page of members, in the order of joining. */
export type MemberConnection = {
  readonly __typename?: 'MemberConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<MemberEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<Member>;
  /** Where this page lies. */
  readonly pageInfo: PageInfo;
  /** How many members match, whatever the page. Null where the backend does not say. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A member in a page. */
export type MemberEdge = {
  readonly __typename?: 'MemberEdge';
  /** Its place, for `after` and `before`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** The member. */
  readonly node: Member;
};

/** Somebody joined. */
export type MemberJoined = SessionEvent & {
  readonly __typename?: 'MemberJoined';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** Who, as it is now. */
  readonly member: Member;
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** A host removed somebody. For the member itself it is the last event. */
export type MemberKicked = SessionEvent & {
  readonly __typename?: 'MemberKicked';
  /** Which host. Null where an API key did it that is no member. */
  readonly by?: Maybe<Member>;
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** Who, as it is now. */
  readonly member: Member;
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** What the host said. Null = nothing. */
  readonly reason?: Maybe<Scalars['String']['output']>;
  /** The session, as it is now. */
  readonly session: Session;
};

/** Somebody left. */
export type MemberLeft = SessionEvent & {
  readonly __typename?: 'MemberLeft';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** Who, as it is now. */
  readonly member: Member;
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** A member that was removed, and the session without it. */
export type MemberRemoval = {
  readonly __typename?: 'MemberRemoval';
  /** The member, KICKED. */
  readonly member: Member;
  /** The session, without the member. */
  readonly session: Session;
};

/** What a member is in its session. */
export type MemberRole =
  /** An agent that answers. */
  | 'AGENT'
  /** May kick, end, change and clear. Whoever creates a session is its HOST, and so are its owners when they join. */
  | 'HOST'
  /** May read and send. */
  | 'MEMBER'
  /** May read only. */
  | 'OBSERVER';

/** Whether a member is still in its session. */
export type MemberStatus =
  /** It is. */
  | 'ACTIVE'
  /** A host removed it. */
  | 'KICKED'
  /** It left. */
  | 'LEFT';

/** A message in a session. */
export type Message = Node & {
  readonly __typename?: 'Message';
  /** Files that go with it, at most 32. */
  readonly attachments: ReadonlyArray<Attachment>;
  /** Who sent it. Null where nobody in the session did: the backend's own agent or system. */
  readonly author?: Maybe<Member>;
  /** The channel it was sent to. Null = none. */
  readonly channel?: Maybe<Scalars['String']['output']>;
  /** What was said, 1 byte to 64 KiB of UTF-8 unless configured otherwise. */
  readonly content: Scalars['String']['output'];
  /** When it was sent. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** The message that it answers. Null where it answers none, or that one was cleared. */
  readonly inReplyTo?: Maybe<Message>;
  /** The sender's own notes. */
  readonly metadata: Scalars['JSONObject']['output'];
  /** The options in force when it was sent: the session's `defaults` with the request's merged over them, key by key; the request wins. */
  readonly options: Scalars['JSONObject']['output'];
  /** Who speaks. */
  readonly role: MessageRole;
  /** Where it was sent. */
  readonly session: Session;
};

/** Somebody said something. A replay leaves out what was cleared since. */
export type MessageAdded = SessionEvent & {
  readonly __typename?: 'MessageAdded';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** What was said. */
  readonly message: Message;
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** A page of messages, oldest first. */
export type MessageConnection = {
  readonly __typename?: 'MessageConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<MessageEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<Message>;
  /** Where this page lies. */
  readonly pageInfo: PageInfo;
  /** How many messages match, whatever the page. Null where the backend does not say. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A message that was sent. */
export type MessageDelivery = {
  readonly __typename?: 'MessageDelivery';
  /** The message. */
  readonly message: Message;
  /** The agent's answer. Null unless `awaitReply` was true. */
  readonly reply?: Maybe<Message>;
};

/** A message in a page. */
export type MessageEdge = {
  readonly __typename?: 'MessageEdge';
  /** Its place, for `after` and `before`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** The message. */
  readonly node: Message;
};

/** Who speaks. */
export type MessageRole =
  /** An agent. Agents and hosts send as it. */
  | 'ASSISTANT'
  /** The session's instructions. Only a HOST sends as it. */
  | 'SYSTEM'
  /** What a tool answered. Only a HOST sends as it. */
  | 'TOOL'
  /** A person, or a client on a person's behalf. */
  | 'USER';

/** A host cleared the messages: those before this are gone. */
export type MessagesCleared = SessionEvent & {
  readonly __typename?: 'MessagesCleared';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /**
   * Deletes the session's messages. Members keep their place, and the timeline its numbers. Takes a HOST.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, FORBIDDEN, CONFLICT, EXPIRED, ENDED.
   */
  readonly clearMessages: ClearMessagesResult;
  /**
   * Opens a session, with the caller as its HOST, and gives the token to act by.
   * Problems: BAD_INPUT, TOO_LARGE, UNAUTHENTICATED, TIER_REQUIRED (the backend asks for a higher tier), FORBIDDEN (a member's token where
   * anonymous callers may not create, or an address that is not proven), CONFLICT (the handle is taken, or an anonymous caller's idempotency
   * key), IDEMPOTENCY_MISMATCH, UNSUPPORTED (the backend does not take what was given), UPSTREAM_REFUSED, UPSTREAM_FAILED,
   * UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT.
   */
  readonly createSession: CreateSessionResult;
  /**
   * Ends a session for everybody. Takes a HOST. It can still be read.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, FORBIDDEN, EXPIRED, ENDED, CONFLICT.
   */
  readonly endSession: EndSessionResult;
  /**
   * Says that somebody is still there: activity without a message. Renews the session where activity does. Takes a member.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, CONFLICT, EXPIRED, ENDED.
   */
  readonly heartbeatSession: HeartbeatSessionResult;
  /**
   * Joins a session and gives the token to act by. A WALLET or USER that is a member already gets its membership again.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND, EXPIRED, ENDED, KICKED (removed for good), FORBIDDEN (an address that is not proven),
   * NOT_ALLOWLISTED, WRONG_PASSWORD, RATE_LIMITED (too many passwords tried), SESSION_FULL, CONFLICT.
   */
  readonly joinSession: JoinSessionResult;
  /**
   * Removes a member, by default for good. Takes a HOST. The member's token is refused from then on.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND (no such session or member), NOT_A_MEMBER, FORBIDDEN (the caller or the target is of the
   * wrong role), CONFLICT (oneself, or somebody who is gone already), EXPIRED, ENDED.
   */
  readonly kickMember: KickMemberResult;
  /**
   * Ends the caller's own membership. The member's token is refused from then on.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, EXPIRED, ENDED, CONFLICT.
   */
  readonly leaveSession: LeaveSessionResult;
  /**
   * Starts the session's timeout anew, whether or not activity renews it. Takes a member.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, CONFLICT (the session has no timeout), EXPIRED, ENDED.
   */
  readonly renewSession: RenewSessionResult;
  /**
   * Sets a session's settings as a whole (PUT): what is left out is reset. Takes a HOST.
   * Problems: BAD_INPUT, TOO_LARGE, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, FORBIDDEN, CONFLICT (fewer places than members, or an expiry in
   * the past), UNSUPPORTED, EXPIRED, ENDED.
   */
  readonly replaceSession: ReplaceSessionResult;
  /**
   * Asks for a text that a wallet is to sign. Open to everybody.
   * Problems: BAD_INPUT (the address, chain or backend), RATE_LIMITED.
   */
  readonly requestWalletChallenge: RequestWalletChallengeResult;
  /**
   * Sends a message to the session. Takes a member.
   * Problems: BAD_INPUT, TOO_LARGE, UNAUTHENTICATED, NOT_FOUND (no such session, or message to answer), NOT_A_MEMBER, FORBIDDEN (the role),
   * IDEMPOTENCY_MISMATCH, UNSUPPORTED (`awaitReply` without an agent), CONFLICT, EXPIRED, ENDED, UPSTREAM_REFUSED, UPSTREAM_FAILED,
   * UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT.
   */
  readonly sendMessage: SendMessageResult;
  /**
   * Changes the session's timeout alone: the fields that are left out stay. Takes a HOST.
   * Problems: BAD_INPUT, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, FORBIDDEN, CONFLICT (it would have expired already), EXPIRED, ENDED.
   */
  readonly setTimeoutPolicy: SetTimeoutPolicyResult;
  /**
   * Changes a session in part (PATCH): what is left out stays. Takes a HOST.
   * Problems: BAD_INPUT, TOO_LARGE, UNAUTHENTICATED, NOT_FOUND, NOT_A_MEMBER, FORBIDDEN, CONFLICT (fewer places than members, or an expiry in
   * the past), UNSUPPORTED, EXPIRED, ENDED.
   */
  readonly updateSession: UpdateSessionResult;
  /**
   * Gives a token for a signed challenge: the caller is then a WALLET viewer. Open to everybody.
   * Problems: BAD_INPUT (not a signature), UNAUTHENTICATED (another wallet's signature, or a challenge that is unknown, was used or has run out).
   */
  readonly verifyWallet: VerifyWalletResult;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationClearMessagesArgs = {
  input: ClearMessagesInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationCreateSessionArgs = {
  input: CreateSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationEndSessionArgs = {
  input: EndSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationHeartbeatSessionArgs = {
  input: HeartbeatSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationJoinSessionArgs = {
  input: JoinSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationKickMemberArgs = {
  input: KickMemberInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationLeaveSessionArgs = {
  input: LeaveSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationRenewSessionArgs = {
  input: RenewSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationReplaceSessionArgs = {
  input: ReplaceSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationRequestWalletChallengeArgs = {
  input: RequestWalletChallengeInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationSendMessageArgs = {
  input: SendMessageInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationSetTimeoutPolicyArgs = {
  input: SetTimeoutPolicyInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationUpdateSessionArgs = {
  input: UpdateSessionInput;
};


/**
 * What can be changed. Each answers with a union: what came of it, or the `Problem` that kept it from being done. In one operation they run one
 * after the other, as written. Any of them may answer with the problem UNAVAILABLE, where the gateway's own store does not answer.
 */
export type MutationVerifyWalletArgs = {
  input: VerifyWalletInput;
};

/** Whatever has an id of its own and can be read again by it with `node`. */
export type Node = {
  /** Global and opaque: unique over all types and backends of this gateway. */
  readonly id: Scalars['ID']['output'];
};

/**
 * Where a page lies in its list. Lists are paged as Relay's connections are: `first` and `after` read forward, `last` and `before` backward.
 * Neither `first` nor `last` means `first: 20`; both together, a negative number or more than the gateway's `maxListSize` (100 unless
 * configured otherwise) is BAD_INPUT.
 */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** The cursor of the last row, for `after`. Null on an empty page. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
  /** Reading forward: whether there is more after this page. Reading backward: whether `before` was given. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Reading backward: whether there is more before this page. Reading forward: whether `after` was given. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first row, for `before`. Null on an empty page. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
};

/** A refusal that a caller can act on. */
export type Problem = {
  readonly __typename?: 'Problem';
  /** The backend it came from. Null where it came from the gateway itself. */
  readonly backend?: Maybe<Backend>;
  /** What kind of refusal. Programs decide by it. */
  readonly code: ProblemCode;
  /** This case in words: the thing, the rule, the value and, where there is one, the next step. Null = the title says it all. */
  readonly detail?: Maybe<Scalars['String']['output']>;
  /** The input's field at fault, outermost first: `["rules", "maxMembers"]`. Null where no field is. */
  readonly path?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** How long to wait before trying again. Null = waiting does not help, or for how long is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** The HTTP status that stands for it. */
  readonly status: Scalars['Int']['output'];
  /** The code in words: the same for every problem of the code. */
  readonly title: Scalars['String']['output'];
};

/** Every refusal that a caller can act on. Mutations answer with a `Problem`; queries and subscriptions with an error that carries the same in `extensions`. */
export type ProblemCode =
  /** An input breaks a rule: `path` names the field, `detail` the rule and the value. */
  | 'BAD_INPUT'
  /** The state does not allow this: read it again. */
  | 'CONFLICT'
  /** The session has ended. */
  | 'ENDED'
  /** The session's time has run out. */
  | 'EXPIRED'
  /** The caller is known but may not do this: it takes a HOST, or another kind of caller. */
  | 'FORBIDDEN'
  /** The idempotency key was used before with another input: use a new key. */
  | 'IDEMPOTENCY_MISMATCH'
  /** A host removed the caller from the session. */
  | 'KICKED'
  /** The session admits only those on its allowlist. */
  | 'NOT_ALLOWLISTED'
  /** Only members of the session may do this: join it. */
  | 'NOT_A_MEMBER'
  /** There is nothing by that id, or nothing that the caller may see. */
  | 'NOT_FOUND'
  /** Too many attempts: wait `retryAfterSeconds`. */
  | 'RATE_LIMITED'
  /** The session has as many members as it takes. */
  | 'SESSION_FULL'
  /** The backend asks for an API key of a higher tier. */
  | 'TIER_REQUIRED'
  /** The input is larger than allowed. */
  | 'TOO_LARGE'
  /** Credentials are missing, unknown or have run out: sign in. */
  | 'UNAUTHENTICATED'
  /** The gateway cannot do this now: its store does not answer, or has too much to do. Wait `retryAfterSeconds`. */
  | 'UNAVAILABLE'
  /** The backend does not do this: see `Backend.features`. */
  | 'UNSUPPORTED'
  /** The service behind the backend failed. */
  | 'UPSTREAM_FAILED'
  /** The service behind the backend refused the request. */
  | 'UPSTREAM_REFUSED'
  /** The service behind the backend did not answer in time. A write may or may not have happened. */
  | 'UPSTREAM_TIMEOUT'
  /** The service behind the backend cannot be reached: try again later. */
  | 'UPSTREAM_UNAVAILABLE'
  /** The session asks for another password. */
  | 'WRONG_PASSWORD';

/** What can be read. Refusals are errors whose `extensions.code` is a `ProblemCode`. */
export type Query = {
  readonly __typename?: 'Query';
  /** The configured backends, in the order of the configuration. */
  readonly backends: ReadonlyArray<Backend>;
  /** The session of the member token, else the one that the header `X-Session-Id` names. Null where there is none, or the caller may not see it. */
  readonly currentSession?: Maybe<Session>;
  /**
   * Anything by its id. Null where there is nothing by that id, or nothing that the caller may see. What is not the id of a Node (Backend,
   * Session, Member, Message) is BAD_INPUT.
   */
  readonly node?: Maybe<Node>;
  /** Several nodes by their ids, in that order, with null where `node` would answer null. At most `maxListSize` ids: 100 unless configured otherwise. */
  readonly nodes: ReadonlyArray<Maybe<Node>>;
  /** A session by its id. Null where there is none, or the caller may not see it. What is not a session's id is BAD_INPUT. */
  readonly session?: Maybe<Session>;
  /** A session by the id that its backend uses. Null where there is none, or the caller may not see it. */
  readonly sessionByHandle?: Maybe<Session>;
  /** Sessions that are PUBLIC or that the caller has a part in, newest first. */
  readonly sessions: SessionConnection;
  /** Who is asking. */
  readonly viewer: Viewer;
};


/** What can be read. Refusals are errors whose `extensions.code` is a `ProblemCode`. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** What can be read. Refusals are errors whose `extensions.code` is a `ProblemCode`. */
export type QueryNodesArgs = {
  ids: ReadonlyArray<Scalars['ID']['input']>;
};


/** What can be read. Refusals are errors whose `extensions.code` is a `ProblemCode`. */
export type QuerySessionArgs = {
  id: Scalars['ID']['input'];
};


/** What can be read. Refusals are errors whose `extensions.code` is a `ProblemCode`. */
export type QuerySessionByHandleArgs = {
  backend: Scalars['ID']['input'];
  handle: Scalars['String']['input'];
};


/** What can be read. Refusals are errors whose `extensions.code` is a `ProblemCode`. */
export type QuerySessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<SessionFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Which session to renew. */
export type RenewSessionInput = {
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `renewSession` answers: the session with its new expiry, or the problem that kept it from being done. */
export type RenewSessionResult = Problem | SessionChange;

/** A session's settings as a whole. What is left out is reset to what a new session has. */
export type ReplaceSessionInput = {
  /** All of its defaults. Left out = none. */
  readonly defaults?: InputMaybe<Scalars['JSONObject']['input']>;
  /** At most 4,000 characters. Left out = no description. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** All of its metadata. Left out = none. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** All of its rules. Left out = none: also the password is gone. */
  readonly rules?: InputMaybe<RulesInput>;
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
  /** At most 16,384 characters. Left out = none. */
  readonly situation?: InputMaybe<Scalars['String']['input']>;
  /** At most 200 characters. Left out = no title. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
  /** Who may know of it. Left out = PRIVATE. */
  readonly visibility?: InputMaybe<SessionVisibility>;
};

/** What `replaceSession` answers: the session as it is now, or the problem that kept it from being done. */
export type ReplaceSessionResult = Problem | SessionChange;

/** A piece of an agent's answer in the making. Not on the timeline: `cursor` repeats the last one, and no replay brings it again. */
export type ReplyDelta = SessionEvent & {
  readonly __typename?: 'ReplyDelta';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** The message that the pieces make up: `MessageAdded` brings it whole. */
  readonly messageId: Scalars['ID']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
  /** What comes next. */
  readonly text: Scalars['String']['output'];
};

/** A wallet to sign in with. */
export type RequestWalletChallengeInput = {
  /** The wallet's address: 0x and 40 hexadecimal digits; where they are of mixed case, the EIP-55 checksum must be right. */
  readonly address: Scalars['String']['input'];
  /** The backend that the wallet is for, by id or name, where a service has challenges of its own. Elsewhere, and left out, the gateway checks. */
  readonly backend?: InputMaybe<Scalars['ID']['input']>;
  /** The wallet's chain: `ethereum`, or `eip155:` and the number of a chain that the gateway is configured for. */
  readonly chain?: InputMaybe<Scalars['String']['input']>;
};

/** What `requestWalletChallenge` answers: what to sign, or the problem that kept it from being done. */
export type RequestWalletChallengeResult = Problem | WalletChallenge;

/** What a session holds its members to. */
export type Rules = {
  readonly __typename?: 'Rules';
  /** The addresses and user names that may join. Only a HOST sees it: null for everybody else. */
  readonly allowlist?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** Whether only those on the allowlist, and the owners, may join. */
  readonly allowlistOnly: Scalars['Boolean']['output'];
  /** Its fixed lifetime, counted from `createdAt`. Null = no fixed end. */
  readonly lifetimeSeconds?: Maybe<Scalars['Int']['output']>;
  /** How many files its messages may carry in all. Null = any number. */
  readonly maxFiles?: Maybe<Scalars['Int']['output']>;
  /** How many members may be in it at once, at least 1. Null = the gateway's bound (10,000 unless configured otherwise). */
  readonly maxMembers?: Maybe<Scalars['Int']['output']>;
  /** How many megabytes (of 1,000,000 bytes) the files may have in all. Null = any number. */
  readonly maxTotalMegabytes?: Maybe<Scalars['Int']['output']>;
  /** Whether joining asks for a password. The password itself is never shown. */
  readonly passwordProtected: Scalars['Boolean']['output'];
  /** Its sliding lifetime. Null = none. Where there is a fixed lifetime as well, the earlier end holds. */
  readonly timeout?: Maybe<TimeoutPolicy>;
};

/** Rules to set. In `updateSession` a field that is left out stays as it is, and null takes the rule away. */
export type RulesInput = {
  /** Addresses and user names, at most 1,000 of at most 256 characters. They compare without regard to case. It replaces the list there is. */
  readonly allowlist?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Whether only those on the allowlist, and the owners, may join. Left out = true where the same input gives an allowlist. */
  readonly allowlistOnly?: InputMaybe<Scalars['Boolean']['input']>;
  /** A fixed lifetime from creation, 1 second to a year unless configured otherwise. */
  readonly lifetimeSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** How many files the messages may carry in all, 0 to 1,000,000. */
  readonly maxFiles?: InputMaybe<Scalars['Int']['input']>;
  /** At least 1, at most the gateway's bound (10,000 unless configured otherwise). Not below the number of members there are: CONFLICT. */
  readonly maxMembers?: InputMaybe<Scalars['Int']['input']>;
  /** How many megabytes the files may have in all, 0 to 1,000,000. Where given, attachments must name their size. */
  readonly maxTotalMegabytes?: InputMaybe<Scalars['Int']['input']>;
  /** What joining asks for, 1 to 1,024 bytes. Kept as an argon2id hash. Null = none. */
  readonly password?: InputMaybe<Scalars['String']['input']>;
  /** A sliding lifetime. Null = none. */
  readonly timeout?: InputMaybe<TimeoutPolicyInput>;
};

/** A message to send. */
export type SendMessageInput = {
  /** Files that go with it, at most 32. */
  readonly attachments?: InputMaybe<ReadonlyArray<AttachmentInput>>;
  /** Whether to wait for the agent's answer. UNSUPPORTED where the backend has no agent. */
  readonly awaitReply?: InputMaybe<Scalars['Boolean']['input']>;
  /** A channel of the session, at most 128 characters. */
  readonly channel?: InputMaybe<Scalars['String']['input']>;
  /** What to say: 1 byte to 64 KiB of UTF-8 unless configured otherwise. More is TOO_LARGE. */
  readonly content: Scalars['String']['input'];
  /** Makes a repetition safe: the same caller, key and input give the first answer again; another input is IDEMPOTENCY_MISMATCH. At most 255 characters, kept for 24 hours unless configured otherwise. */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The message that it answers; one of the same session. */
  readonly inReplyTo?: InputMaybe<Scalars['ID']['input']>;
  /** The sender's own notes. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** For this request alone: merged over the session's `defaults`. See `Message.options`. */
  readonly options?: InputMaybe<Scalars['JSONObject']['input']>;
  /** Who speaks. Any but USER takes a HOST, or for ASSISTANT an AGENT. */
  readonly role?: InputMaybe<MessageRole>;
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `sendMessage` answers: the message that was sent, or the problem that kept it from being done. */
export type SendMessageResult = MessageDelivery | Problem;

/** A session at a backend: members, rules, messages and a timeline of all that happens. */
export type Session = Node & {
  readonly __typename?: 'Session';
  /** The agent on the other side, where the backend has agents (ElizaOS, Julep). Null elsewhere. */
  readonly agentId?: Maybe<Scalars['ID']['output']>;
  /** Where it lives. */
  readonly backend: Backend;
  /** When it was made. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** This instant on the session's timeline. Read the session, pass this to `sessionEvents(after:)`, and miss nothing in between. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** Merged into the options of every request made in this session, key by key; the request wins. See `Message.options`. */
  readonly defaults: Scalars['JSONObject']['output'];
  /** What it is about. Null = nothing is said. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** When it expires, as things stand. Null = never. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The id that the backend itself uses; unique within the backend. See `Query.sessionByHandle`. */
  readonly handle: Scalars['String']['output'];
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** When somebody last did something in it: a message, a heartbeat, a renewal. */
  readonly lastActivityAt: Scalars['DateTime']['output'];
  /** The caller's own membership. Null where the caller is not an ACTIVE member. */
  readonly me?: Maybe<Member>;
  /** Its members, in the order of joining. */
  readonly members: MemberConnection;
  /**
   * Its messages, oldest first. Members and owners read them, and everybody where a PUBLIC session asks for neither password nor allowlist.
   * For anybody else it is the error NOT_A_MEMBER.
   */
  readonly messages: MessageConnection;
  /** The clients' own notes. The gateway keeps them and lets `sessions` filter by them. */
  readonly metadata: Scalars['JSONObject']['output'];
  /** How often it was renewed, by activity or on purpose. */
  readonly renewalCount: Scalars['Int']['output'];
  /** What it holds its members to. */
  readonly rules: Rules;
  /** The agent's instructions for this session (Julep). Null = none. */
  readonly situation?: Maybe<Scalars['String']['output']>;
  /** Where it is in its life, at this instant. */
  readonly status: SessionStatus;
  /** What could be said next, as the backend's agent sees it, newest first. The error UNSUPPORTED where the backend has no suggestions. */
  readonly suggestions: SuggestionConnection;
  /** What it is called. Null = it has no title. */
  readonly title?: Maybe<Scalars['String']['output']>;
  /** When its settings or members last changed. */
  readonly updatedAt: Scalars['DateTime']['output'];
  /** Who may know of it. */
  readonly visibility: SessionVisibility;
};


/** A session at a backend: members, rules, messages and a timeline of all that happens. */
export type SessionMembersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  status?: InputMaybe<MemberStatus>;
};


/** A session at a backend: members, rules, messages and a timeline of all that happens. */
export type SessionMessagesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  channel?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** A session at a backend: members, rules, messages and a timeline of all that happens. */
export type SessionSuggestionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A session with the membership that was given, and the token to act by. */
export type SessionAdmission = {
  readonly __typename?: 'SessionAdmission';
  /** What to send from now on as `Authorization: Bearer …` to act as this member. Keep it: it is not shown again. */
  readonly credentials: Credentials;
  /** The caller's membership. */
  readonly member: Member;
  /** The session. */
  readonly session: Session;
};

/** A session as it is after a change. */
export type SessionChange = {
  readonly __typename?: 'SessionChange';
  /** The session, changed. */
  readonly session: Session;
};

/** A page of sessions, newest first. */
export type SessionConnection = {
  readonly __typename?: 'SessionConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<SessionEdge>;
  /** The rows alone. A row that cannot be shown whole is null, and `errors` says why: it costs its place, not the page. */
  readonly nodes: ReadonlyArray<Maybe<Session>>;
  /** Where this page lies. */
  readonly pageInfo: PageInfo;
  /** One for each backend that failed to answer: its rows are missing here, the others' are not. */
  readonly problems: ReadonlyArray<Problem>;
  /** How many sessions match, whatever the page. Null where a backend does not say. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A session in a page. */
export type SessionEdge = {
  readonly __typename?: 'SessionEdge';
  /** Its place, for `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** The session. Null where it cannot be shown whole; `errors` says why. */
  readonly node?: Maybe<Session>;
};

/** The session has ended. The last event: the subscription completes. */
export type SessionEnded = SessionEvent & {
  readonly __typename?: 'SessionEnded';
  /** Which host ended it. Null where an API key did that is no member, or the last member of a TEMPORARY session left. */
  readonly by?: Maybe<Member>;
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** What was said. Null = nothing. */
  readonly reason?: Maybe<Scalars['String']['output']>;
  /** The session, as it is now. */
  readonly session: Session;
};

/** Something that happened in a session. */
export type SessionEvent = {
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** The types of event, for `sessionEvents(types:)`. */
export type SessionEventType =
  /** `MemberJoined`. */
  | 'MEMBER_JOINED'
  /** `MemberKicked`. */
  | 'MEMBER_KICKED'
  /** `MemberLeft`. */
  | 'MEMBER_LEFT'
  /** `MessagesCleared`. */
  | 'MESSAGES_CLEARED'
  /** `MessageAdded`. */
  | 'MESSAGE_ADDED'
  /** `ReplyDelta`. */
  | 'REPLY_DELTA'
  /** `SessionEnded`. */
  | 'SESSION_ENDED'
  /** `SessionExpired`. */
  | 'SESSION_EXPIRED'
  /** `SessionExpiring`. */
  | 'SESSION_EXPIRING'
  /** `SessionRenewed`. */
  | 'SESSION_RENEWED'
  /** `SessionUpdated`. */
  | 'SESSION_UPDATED'
  /** `StreamOpened`. */
  | 'STREAM_OPENED';

/** The session's time has run out. The last event: the subscription completes. */
export type SessionExpired = SessionEvent & {
  readonly __typename?: 'SessionExpired';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** The warning: the session expires soon, unless it is renewed. */
export type SessionExpiring = SessionEvent & {
  readonly __typename?: 'SessionExpiring';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** In how many seconds, counted from `occurredAt`. */
  readonly secondsLeft: Scalars['Int']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** Which sessions to list. Every field that is given narrows the list; a list matches any of its entries. */
export type SessionFilter = {
  /** Only sessions with this agent. */
  readonly agentId?: InputMaybe<Scalars['ID']['input']>;
  /** Only sessions at these backends, by id or name. A name that is not configured is BAD_INPUT. */
  readonly backends?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Only sessions whose `metadata` has each of these keys with an equal value. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** True: only sessions that the caller has a part in, as a member or as the API key that created them. Default false. */
  readonly mine?: InputMaybe<Scalars['Boolean']['input']>;
  /** Only sessions of these statuses, as they are at this instant. */
  readonly status?: InputMaybe<ReadonlyArray<SessionStatus>>;
  /** Only sessions of these visibilities. */
  readonly visibility?: InputMaybe<ReadonlyArray<SessionVisibility>>;
};

/** The session was renewed, by activity or on purpose. */
export type SessionRenewed = SessionEvent & {
  readonly __typename?: 'SessionRenewed';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it expires now. Null = never. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** Where a session is in its life. */
export type SessionStatus =
  /** It can be read and changed. */
  | 'ACTIVE'
  /** A host ended it, or the last member of a TEMPORARY one left: it can be read, and every change is refused as ENDED. */
  | 'ENDED'
  /** Its time has run out: it can be read, and every change is refused as EXPIRED. */
  | 'EXPIRED';

/** The session's settings changed. */
export type SessionUpdated = SessionEvent & {
  readonly __typename?: 'SessionUpdated';
  /** Which: names of `Session` fields, and of rules as `rules.maxMembers`. */
  readonly changed: ReadonlyArray<Scalars['String']['output']>;
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** Who may know of a session. */
export type SessionVisibility =
  /** Its members and those that its allowlist or owners name. Nobody else finds or reads it; whoever was given its id may still join, as far as its rules let. */
  | 'PRIVATE'
  /** Anybody: it is listed, and without password and allowlist also its messages are open to all. */
  | 'PUBLIC'
  /** As PRIVATE, and it ends when its last member leaves. */
  | 'TEMPORARY';

/** A timeout for a session. */
export type SetTimeoutPolicyInput = {
  /** The fields of the timeout to set; those left out stay. */
  readonly policy: TimeoutPolicyInput;
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What `setTimeoutPolicy` answers: the session with its new timeout, or the problem that kept it from being done. */
export type SetTimeoutPolicyResult = Problem | SessionChange;

/** The stream is open: always first, whatever `types` names. Not on the timeline. */
export type StreamOpened = SessionEvent & {
  readonly __typename?: 'StreamOpened';
  /** Its place on the timeline: resume after it with `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** False: what came after the cursor is no longer all there, or the cursor is of another store. Read the session again; from here on nothing is missing. */
  readonly recovered: Scalars['Boolean']['output'];
  /** The session, as it is now. */
  readonly session: Session;
};

/** What can be followed live: over graphql-ws (WebSocket) and graphql-sse (server-sent events, distinct connections), both at `/graphql`. */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /** Members being removed. */
  readonly memberKicked: MemberKicked;
  /**
   * The messages of a session alone. Takes whoever may read them. There is no StreamOpened here: a cursor that is too old is an error, so that
   * nothing is missed in silence.
   */
  readonly messageAdded: MessageAdded;
  /**
   * All that happens in a session: first `StreamOpened`, then, where `after` is given, what came since, then what comes: in order, nothing lost,
   * nothing twice. Takes whoever may read the session's messages. Completes after the session's end and after the end of the caller's
   * membership. A subscriber that does not keep up is completed with the error SLOW_CONSUMER, whose extensions carry the cursor to go on from.
   */
  readonly sessionEvents: SessionEvent;
  /** Sessions running out of time. */
  readonly sessionExpired: SessionExpired;
};


/** What can be followed live: over graphql-ws (WebSocket) and graphql-sse (server-sent events, distinct connections), both at `/graphql`. */
export type SubscriptionMemberKickedArgs = {
  sessionId?: InputMaybe<Scalars['ID']['input']>;
};


/** What can be followed live: over graphql-ws (WebSocket) and graphql-sse (server-sent events, distinct connections), both at `/graphql`. */
export type SubscriptionMessageAddedArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  channel?: InputMaybe<Scalars['String']['input']>;
  sessionId?: InputMaybe<Scalars['ID']['input']>;
};


/** What can be followed live: over graphql-ws (WebSocket) and graphql-sse (server-sent events, distinct connections), both at `/graphql`. */
export type SubscriptionSessionEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  sessionId?: InputMaybe<Scalars['ID']['input']>;
  types?: InputMaybe<ReadonlyArray<SessionEventType>>;
};


/** What can be followed live: over graphql-ws (WebSocket) and graphql-sse (server-sent events, distinct connections), both at `/graphql`. */
export type SubscriptionSessionExpiredArgs = {
  sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** Something that could be said next, as a backend's agent sees it. */
export type Suggestion = {
  readonly __typename?: 'Suggestion';
  /** What could be said. */
  readonly content: Scalars['String']['output'];
  /** When it was made. Null where the backend does not say. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** Global and opaque. */
  readonly id: Scalars['ID']['output'];
  /** The message that gave rise to it. Null where the backend does not say, or it was cleared. */
  readonly message?: Maybe<Message>;
  /** Who could say it. */
  readonly target: MessageRole;
};

/** A page of suggestions, newest first. */
export type SuggestionConnection = {
  readonly __typename?: 'SuggestionConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<SuggestionEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<Suggestion>;
  /** Where this page lies. */
  readonly pageInfo: PageInfo;
  /** How many suggestions there are, whatever the page. Null where the backend does not say. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A suggestion in a page. */
export type SuggestionEdge = {
  readonly __typename?: 'SuggestionEdge';
  /** Its place, for `after`. Opaque. */
  readonly cursor: Scalars['String']['output'];
  /** The suggestion. */
  readonly node: Suggestion;
};

/** What an API key is good for. */
export type Tier =
  /** The most. */
  | 'ENTERPRISE'
  /** The least. */
  | 'FREE'
  /** More: backends may ask for it. */
  | 'PRO';

/** A lifetime that slides: the session expires when nothing has renewed it for `timeoutSeconds`. */
export type TimeoutPolicy = {
  readonly __typename?: 'TimeoutPolicy';
  /** Whether activity (a message, a heartbeat) renews it. Where false, only `renewSession` does. */
  readonly autoRenew: Scalars['Boolean']['output'];
  /** No renewal carries it past `createdAt` plus this. Null = no such bound. */
  readonly maxDurationSeconds?: Maybe<Scalars['Int']['output']>;
  /** How long it lives without renewal. */
  readonly timeoutSeconds: Scalars['Int']['output'];
  /** How long before the expiry `SessionExpiring` comes. Null = a minute, or half of the lifetime where that is shorter; 0 = no warning. */
  readonly warningSeconds?: Maybe<Scalars['Int']['output']>;
};

/** A timeout to set. A field that is left out stays as it is, or takes the default named here where there was no timeout. */
export type TimeoutPolicyInput = {
  /** Whether activity renews. Default true. */
  readonly autoRenew?: InputMaybe<Scalars['Boolean']['input']>;
  /** At least `timeoutSeconds`. Null = no bound, which is the default. */
  readonly maxDurationSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** 1 second to a year unless configured otherwise. Default 1,800. */
  readonly timeoutSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Less than `timeoutSeconds`. 0 = no warning. Null = a minute, or half of the lifetime where that is shorter, which is the default. */
  readonly warningSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** Changes to a session. What is left out stays as it is; null takes a value away. */
export type UpdateSessionInput = {
  /** Merged into the defaults there are, key by key; a key with null is taken away. Null = all are. */
  readonly defaults?: InputMaybe<Scalars['JSONObject']['input']>;
  /** At most 4,000 characters. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** Merged into the metadata there is, key by key; a key with null is taken away. Null = all is. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The rules to change; those left out stay. */
  readonly rules?: InputMaybe<RulesInput>;
  /** Which session. Left out = the current session. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
  /** At most 16,384 characters. */
  readonly situation?: InputMaybe<Scalars['String']['input']>;
  /** At most 200 characters. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
  /** Who may know of it. */
  readonly visibility?: InputMaybe<SessionVisibility>;
};

/** What `updateSession` answers: the session as it is now, or the problem that kept it from being done. */
export type UpdateSessionResult = Problem | SessionChange;

/** A signed challenge. */
export type VerifyWalletInput = {
  /** `WalletChallenge.id`. */
  readonly challengeId: Scalars['ID']['input'];
  /** The signature of `WalletChallenge.message`: 0x and hexadecimal digits. */
  readonly signature: Scalars['String']['input'];
};

/** What `verifyWallet` answers: the wallet's token, or the problem that kept it from being done. */
export type VerifyWalletResult = Credentials | Problem;

/** Who is asking, as proven by the credentials that came with the request. */
export type Viewer = {
  readonly __typename?: 'Viewer';
  /** The wallet's or member's address. Null for others. */
  readonly address?: Maybe<Scalars['String']['output']>;
  /** How the caller is known. */
  readonly kind: ViewerKind;
  /** The caller's membership of the current session. Null where there is none. */
  readonly member?: Maybe<Member>;
  /** The key's, user's or member's name. Null for others. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The current session: of the member token, else of `X-Session-Id`. Null where there is none that the caller may see. */
  readonly session?: Maybe<Session>;
  /** The API key's tier. Null for others. */
  readonly tier?: Maybe<Tier>;
};

/** How a caller is known. */
export type ViewerKind =
  /** No credentials came. */
  | 'ANONYMOUS'
  /** `X-API-Key`: a program, with a tier. It acts as HOST in the sessions it creates. */
  | 'API_KEY'
  /** A bearer token from `createSession` or `joinSession`: one member of one session, which is then the current session. */
  | 'MEMBER'
  /** A bearer token of the identity provider that the gateway trusts. */
  | 'USER'
  /** A bearer token from `verifyWallet`: whoever holds the key of an address. */
  | 'WALLET';

/** What a wallet is to sign: an EIP-4361 message. Good for one use and five minutes, unless the gateway is configured otherwise. */
export type WalletChallenge = {
  readonly __typename?: 'WalletChallenge';
  /** When it is no longer good. */
  readonly expiresAt: Scalars['DateTime']['output'];
  /** Names the challenge in `verifyWallet`. */
  readonly id: Scalars['ID']['output'];
  /** The text to sign, exactly as it is (`personal_sign`). */
  readonly message: Scalars['String']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  ClearMessagesResult:
    | ( CoreProblem )
    | ( Change )
  ;
  CreateSessionResult:
    | ( CoreProblem )
    | ( Admission )
  ;
  EndSessionResult:
    | ( CoreProblem )
    | ( Change )
  ;
  HeartbeatSessionResult:
    | ( CoreProblem )
    | ( Change )
  ;
  JoinSessionResult:
    | ( CoreProblem )
    | ( Admission )
  ;
  KickMemberResult:
    | ( Removal )
    | ( CoreProblem )
  ;
  LeaveSessionResult:
    | ( CoreProblem )
    | ( Change )
  ;
  RenewSessionResult:
    | ( CoreProblem )
    | ( Change )
  ;
  ReplaceSessionResult:
    | ( CoreProblem )
    | ( Change )
  ;
  RequestWalletChallengeResult:
    | ( CoreProblem )
    | ( WalletChallenge )
  ;
  SendMessageResult:
    | ( Delivery )
    | ( CoreProblem )
  ;
  SetTimeoutPolicyResult:
    | ( CoreProblem )
    | ( Change )
  ;
  UpdateSessionResult:
    | ( CoreProblem )
    | ( Change )
  ;
  VerifyWalletResult:
    | ( CoreCredentials )
    | ( CoreProblem )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( CoreBackend )
    | ( CoreMember )
    | ( CoreMessage )
    | ( CoreSession )
  ;
  SessionEvent:
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
    | ( LiveEvent )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Agent: ResolverTypeWrapper<CoreAgent>;
  Attachment: ResolverTypeWrapper<Attachment>;
  AttachmentInput: AttachmentInput;
  Backend: ResolverTypeWrapper<CoreBackend>;
  BackendFeature: ResolverTypeWrapper<BackendFeature>;
  BackendHealth: ResolverTypeWrapper<CoreBackendHealth>;
  BackendKind: BackendKind;
  BackendOptionsInput: BackendOptionsInput;
  BackendStatus: BackendStatus;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CircuitState: CircuitState;
  ClearMessagesInput: ClearMessagesInput;
  ClearMessagesResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ClearMessagesResult']>;
  CreateSessionInput: CreateSessionInput;
  CreateSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateSessionResult']>;
  Credentials: ResolverTypeWrapper<CoreCredentials>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  ElizaOptionsInput: ElizaOptionsInput;
  EndSessionInput: EndSessionInput;
  EndSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['EndSessionResult']>;
  Feature: Feature;
  FeatureProvider: FeatureProvider;
  HeartbeatSessionInput: HeartbeatSessionInput;
  HeartbeatSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['HeartbeatSessionResult']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  IdentityInput: IdentityInput;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  JSONObject: ResolverTypeWrapper<Scalars['JSONObject']['output']>;
  JoinSessionInput: JoinSessionInput;
  JoinSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['JoinSessionResult']>;
  JulepContextOverflow: JulepContextOverflow;
  JulepOptionsInput: JulepOptionsInput;
  KickMemberInput: KickMemberInput;
  KickMemberResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['KickMemberResult']>;
  LeaveSessionInput: LeaveSessionInput;
  LeaveSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LeaveSessionResult']>;
  MachaniOptionsInput: MachaniOptionsInput;
  Member: ResolverTypeWrapper<CoreMember>;
  MemberConnection: ResolverTypeWrapper<MemberPage>;
  MemberEdge: ResolverTypeWrapper<Omit<MemberEdge, 'node'> & { node: ResolversTypes['Member'] }>;
  MemberJoined: ResolverTypeWrapper<LiveEvent>;
  MemberKicked: ResolverTypeWrapper<LiveEvent>;
  MemberLeft: ResolverTypeWrapper<LiveEvent>;
  MemberRemoval: ResolverTypeWrapper<Removal>;
  MemberRole: MemberRole;
  MemberStatus: MemberStatus;
  Message: ResolverTypeWrapper<CoreMessage>;
  MessageAdded: ResolverTypeWrapper<LiveEvent>;
  MessageConnection: ResolverTypeWrapper<MessagePage>;
  MessageDelivery: ResolverTypeWrapper<Delivery>;
  MessageEdge: ResolverTypeWrapper<Omit<MessageEdge, 'node'> & { node: ResolversTypes['Message'] }>;
  MessageRole: MessageRole;
  MessagesCleared: ResolverTypeWrapper<LiveEvent>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Problem: ResolverTypeWrapper<CoreProblem>;
  ProblemCode: ProblemCode;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RenewSessionInput: RenewSessionInput;
  RenewSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RenewSessionResult']>;
  ReplaceSessionInput: ReplaceSessionInput;
  ReplaceSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ReplaceSessionResult']>;
  ReplyDelta: ResolverTypeWrapper<LiveEvent>;
  RequestWalletChallengeInput: RequestWalletChallengeInput;
  RequestWalletChallengeResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RequestWalletChallengeResult']>;
  Rules: ResolverTypeWrapper<RulesSource>;
  RulesInput: RulesInput;
  SendMessageInput: SendMessageInput;
  SendMessageResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['SendMessageResult']>;
  Session: ResolverTypeWrapper<CoreSession>;
  SessionAdmission: ResolverTypeWrapper<Admission>;
  SessionChange: ResolverTypeWrapper<Change>;
  SessionConnection: ResolverTypeWrapper<SessionPage>;
  SessionEdge: ResolverTypeWrapper<Omit<SessionEdge, 'node'> & { node?: Maybe<ResolversTypes['Session']> }>;
  SessionEnded: ResolverTypeWrapper<LiveEvent>;
  SessionEvent: ResolverTypeWrapper<LiveEvent>;
  SessionEventType: SessionEventType;
  SessionExpired: ResolverTypeWrapper<LiveEvent>;
  SessionExpiring: ResolverTypeWrapper<LiveEvent>;
  SessionFilter: SessionFilter;
  SessionRenewed: ResolverTypeWrapper<LiveEvent>;
  SessionStatus: SessionStatus;
  SessionUpdated: ResolverTypeWrapper<LiveEvent>;
  SessionVisibility: SessionVisibility;
  SetTimeoutPolicyInput: SetTimeoutPolicyInput;
  SetTimeoutPolicyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['SetTimeoutPolicyResult']>;
  StreamOpened: ResolverTypeWrapper<LiveEvent>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Suggestion: ResolverTypeWrapper<SuggestionSource>;
  SuggestionConnection: ResolverTypeWrapper<SuggestionPage>;
  SuggestionEdge: ResolverTypeWrapper<Omit<SuggestionEdge, 'node'> & { node: ResolversTypes['Suggestion'] }>;
  Tier: Tier;
  TimeoutPolicy: ResolverTypeWrapper<TimeoutPolicy>;
  TimeoutPolicyInput: TimeoutPolicyInput;
  UpdateSessionInput: UpdateSessionInput;
  UpdateSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['UpdateSessionResult']>;
  VerifyWalletInput: VerifyWalletInput;
  VerifyWalletResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['VerifyWalletResult']>;
  Viewer: ResolverTypeWrapper<Caller>;
  ViewerKind: ViewerKind;
  WalletChallenge: ResolverTypeWrapper<WalletChallenge>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Agent: CoreAgent;
  Attachment: Attachment;
  AttachmentInput: AttachmentInput;
  Backend: CoreBackend;
  BackendFeature: BackendFeature;
  BackendHealth: CoreBackendHealth;
  BackendOptionsInput: BackendOptionsInput;
  Boolean: Scalars['Boolean']['output'];
  ClearMessagesInput: ClearMessagesInput;
  ClearMessagesResult: ResolversUnionTypes<ResolversParentTypes>['ClearMessagesResult'];
  CreateSessionInput: CreateSessionInput;
  CreateSessionResult: ResolversUnionTypes<ResolversParentTypes>['CreateSessionResult'];
  Credentials: CoreCredentials;
  DateTime: Scalars['DateTime']['output'];
  ElizaOptionsInput: ElizaOptionsInput;
  EndSessionInput: EndSessionInput;
  EndSessionResult: ResolversUnionTypes<ResolversParentTypes>['EndSessionResult'];
  HeartbeatSessionInput: HeartbeatSessionInput;
  HeartbeatSessionResult: ResolversUnionTypes<ResolversParentTypes>['HeartbeatSessionResult'];
  ID: Scalars['ID']['output'];
  IdentityInput: IdentityInput;
  Int: Scalars['Int']['output'];
  JSONObject: Scalars['JSONObject']['output'];
  JoinSessionInput: JoinSessionInput;
  JoinSessionResult: ResolversUnionTypes<ResolversParentTypes>['JoinSessionResult'];
  JulepOptionsInput: JulepOptionsInput;
  KickMemberInput: KickMemberInput;
  KickMemberResult: ResolversUnionTypes<ResolversParentTypes>['KickMemberResult'];
  LeaveSessionInput: LeaveSessionInput;
  LeaveSessionResult: ResolversUnionTypes<ResolversParentTypes>['LeaveSessionResult'];
  MachaniOptionsInput: MachaniOptionsInput;
  Member: CoreMember;
  MemberConnection: MemberPage;
  MemberEdge: Omit<MemberEdge, 'node'> & { node: ResolversParentTypes['Member'] };
  MemberJoined: LiveEvent;
  MemberKicked: LiveEvent;
  MemberLeft: LiveEvent;
  MemberRemoval: Removal;
  Message: CoreMessage;
  MessageAdded: LiveEvent;
  MessageConnection: MessagePage;
  MessageDelivery: Delivery;
  MessageEdge: Omit<MessageEdge, 'node'> & { node: ResolversParentTypes['Message'] };
  MessagesCleared: LiveEvent;
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  PageInfo: PageInfo;
  Problem: CoreProblem;
  Query: Record<PropertyKey, never>;
  RenewSessionInput: RenewSessionInput;
  RenewSessionResult: ResolversUnionTypes<ResolversParentTypes>['RenewSessionResult'];
  ReplaceSessionInput: ReplaceSessionInput;
  ReplaceSessionResult: ResolversUnionTypes<ResolversParentTypes>['ReplaceSessionResult'];
  ReplyDelta: LiveEvent;
  RequestWalletChallengeInput: RequestWalletChallengeInput;
  RequestWalletChallengeResult: ResolversUnionTypes<ResolversParentTypes>['RequestWalletChallengeResult'];
  Rules: RulesSource;
  RulesInput: RulesInput;
  SendMessageInput: SendMessageInput;
  SendMessageResult: ResolversUnionTypes<ResolversParentTypes>['SendMessageResult'];
  Session: CoreSession;
  SessionAdmission: Admission;
  SessionChange: Change;
  SessionConnection: SessionPage;
  SessionEdge: Omit<SessionEdge, 'node'> & { node?: Maybe<ResolversParentTypes['Session']> };
  SessionEnded: LiveEvent;
  SessionEvent: LiveEvent;
  SessionExpired: LiveEvent;
  SessionExpiring: LiveEvent;
  SessionFilter: SessionFilter;
  SessionRenewed: LiveEvent;
  SessionUpdated: LiveEvent;
  SetTimeoutPolicyInput: SetTimeoutPolicyInput;
  SetTimeoutPolicyResult: ResolversUnionTypes<ResolversParentTypes>['SetTimeoutPolicyResult'];
  StreamOpened: LiveEvent;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  Suggestion: SuggestionSource;
  SuggestionConnection: SuggestionPage;
  SuggestionEdge: Omit<SuggestionEdge, 'node'> & { node: ResolversParentTypes['Suggestion'] };
  TimeoutPolicy: TimeoutPolicy;
  TimeoutPolicyInput: TimeoutPolicyInput;
  UpdateSessionInput: UpdateSessionInput;
  UpdateSessionResult: ResolversUnionTypes<ResolversParentTypes>['UpdateSessionResult'];
  VerifyWalletInput: VerifyWalletInput;
  VerifyWalletResult: ResolversUnionTypes<ResolversParentTypes>['VerifyWalletResult'];
  Viewer: Caller;
  WalletChallenge: WalletChallenge;
};

export type AgentResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Agent'] = ResolversParentTypes['Agent']> = {
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type AttachmentResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Attachment'] = ResolversParentTypes['Attachment']> = {
  mediaType?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  sizeBytes?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type BackendResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Backend'] = ResolversParentTypes['Backend']> = {
  agents?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Agent']>>, ParentType, ContextType>;
  features?: Resolver<ReadonlyArray<ResolversTypes['BackendFeature']>, ParentType, ContextType>;
  health?: Resolver<ResolversTypes['BackendHealth'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['BackendKind'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type BackendFeatureResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['BackendFeature'] = ResolversParentTypes['BackendFeature']> = {
  feature?: Resolver<ResolversTypes['Feature'], ParentType, ContextType>;
  provider?: Resolver<ResolversTypes['FeatureProvider'], ParentType, ContextType>;
};

export type BackendHealthResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['BackendHealth'] = ResolversParentTypes['BackendHealth']> = {
  checkedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  circuit?: Resolver<ResolversTypes['CircuitState'], ParentType, ContextType>;
  latencyMs?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['BackendStatus'], ParentType, ContextType>;
};

export type ClearMessagesResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ClearMessagesResult'] = ResolversParentTypes['ClearMessagesResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export type CreateSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['CreateSessionResult'] = ResolversParentTypes['CreateSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionAdmission', ParentType, ContextType>;
};

export type CredentialsResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Credentials'] = ResolversParentTypes['Credentials']> = {
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  token?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type EndSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['EndSessionResult'] = ResolversParentTypes['EndSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export type HeartbeatSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['HeartbeatSessionResult'] = ResolversParentTypes['HeartbeatSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export interface JsonObjectScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSONObject'], any> {
  name: 'JSONObject';
}

export type JoinSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['JoinSessionResult'] = ResolversParentTypes['JoinSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionAdmission', ParentType, ContextType>;
};

export type KickMemberResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['KickMemberResult'] = ResolversParentTypes['KickMemberResult']> = {
  __resolveType: TypeResolveFn<'MemberRemoval' | 'Problem', ParentType, ContextType>;
};

export type LeaveSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['LeaveSessionResult'] = ResolversParentTypes['LeaveSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export type MemberResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Member'] = ResolversParentTypes['Member']> = {
  address?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  joinedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  leftAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  online?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  role?: Resolver<ResolversTypes['MemberRole'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['MemberStatus'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MemberConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MemberConnection'] = ResolversParentTypes['MemberConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['MemberEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Member']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type MemberEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MemberEdge'] = ResolversParentTypes['MemberEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
};

export type MemberJoinedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MemberJoined'] = ResolversParentTypes['MemberJoined']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  member?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MemberKickedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MemberKicked'] = ResolversParentTypes['MemberKicked']> = {
  by?: Resolver<Maybe<ResolversTypes['Member']>, ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  member?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MemberLeftResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MemberLeft'] = ResolversParentTypes['MemberLeft']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  member?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MemberRemovalResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MemberRemoval'] = ResolversParentTypes['MemberRemoval']> = {
  member?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Message'] = ResolversParentTypes['Message']> = {
  attachments?: Resolver<ReadonlyArray<ResolversTypes['Attachment']>, ParentType, ContextType>;
  author?: Resolver<Maybe<ResolversTypes['Member']>, ParentType, ContextType>;
  channel?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  content?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  inReplyTo?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  metadata?: Resolver<ResolversTypes['JSONObject'], ParentType, ContextType>;
  options?: Resolver<ResolversTypes['JSONObject'], ParentType, ContextType>;
  role?: Resolver<ResolversTypes['MessageRole'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageAddedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MessageAdded'] = ResolversParentTypes['MessageAdded']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MessageConnection'] = ResolversParentTypes['MessageConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['MessageEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Message']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type MessageDeliveryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MessageDelivery'] = ResolversParentTypes['MessageDelivery']> = {
  message?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
  reply?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MessageEdge'] = ResolversParentTypes['MessageEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
};

export type MessagesClearedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MessagesCleared'] = ResolversParentTypes['MessagesCleared']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MutationResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  clearMessages?: Resolver<ResolversTypes['ClearMessagesResult'], ParentType, ContextType, RequireFields<MutationClearMessagesArgs, 'input'>>;
  createSession?: Resolver<ResolversTypes['CreateSessionResult'], ParentType, ContextType, RequireFields<MutationCreateSessionArgs, 'input'>>;
  endSession?: Resolver<ResolversTypes['EndSessionResult'], ParentType, ContextType, RequireFields<MutationEndSessionArgs, 'input'>>;
  heartbeatSession?: Resolver<ResolversTypes['HeartbeatSessionResult'], ParentType, ContextType, RequireFields<MutationHeartbeatSessionArgs, 'input'>>;
  joinSession?: Resolver<ResolversTypes['JoinSessionResult'], ParentType, ContextType, RequireFields<MutationJoinSessionArgs, 'input'>>;
  kickMember?: Resolver<ResolversTypes['KickMemberResult'], ParentType, ContextType, RequireFields<MutationKickMemberArgs, 'input'>>;
  leaveSession?: Resolver<ResolversTypes['LeaveSessionResult'], ParentType, ContextType, RequireFields<MutationLeaveSessionArgs, 'input'>>;
  renewSession?: Resolver<ResolversTypes['RenewSessionResult'], ParentType, ContextType, RequireFields<MutationRenewSessionArgs, 'input'>>;
  replaceSession?: Resolver<ResolversTypes['ReplaceSessionResult'], ParentType, ContextType, RequireFields<MutationReplaceSessionArgs, 'input'>>;
  requestWalletChallenge?: Resolver<ResolversTypes['RequestWalletChallengeResult'], ParentType, ContextType, RequireFields<MutationRequestWalletChallengeArgs, 'input'>>;
  sendMessage?: Resolver<ResolversTypes['SendMessageResult'], ParentType, ContextType, RequireFields<MutationSendMessageArgs, 'input'>>;
  setTimeoutPolicy?: Resolver<ResolversTypes['SetTimeoutPolicyResult'], ParentType, ContextType, RequireFields<MutationSetTimeoutPolicyArgs, 'input'>>;
  updateSession?: Resolver<ResolversTypes['UpdateSessionResult'], ParentType, ContextType, RequireFields<MutationUpdateSessionArgs, 'input'>>;
  verifyWallet?: Resolver<ResolversTypes['VerifyWalletResult'], ParentType, ContextType, RequireFields<MutationVerifyWalletArgs, 'input'>>;
};

export type NodeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Backend' | 'Member' | 'Message' | 'Session', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProblemResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Problem'] = ResolversParentTypes['Problem']> = {
  backend?: Resolver<Maybe<ResolversTypes['Backend']>, ParentType, ContextType>;
  code?: Resolver<ResolversTypes['ProblemCode'], ParentType, ContextType>;
  detail?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  retryAfterSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type QueryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  backends?: Resolver<ReadonlyArray<ResolversTypes['Backend']>, ParentType, ContextType>;
  currentSession?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  session?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<QuerySessionArgs, 'id'>>;
  sessionByHandle?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<QuerySessionByHandleArgs, 'backend' | 'handle'>>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, Partial<QuerySessionsArgs>>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
};

export type RenewSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['RenewSessionResult'] = ResolversParentTypes['RenewSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export type ReplaceSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ReplaceSessionResult'] = ResolversParentTypes['ReplaceSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export type ReplyDeltaResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ReplyDelta'] = ResolversParentTypes['ReplyDelta']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  messageId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  text?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RequestWalletChallengeResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['RequestWalletChallengeResult'] = ResolversParentTypes['RequestWalletChallengeResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'WalletChallenge', ParentType, ContextType>;
};

export type RulesResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Rules'] = ResolversParentTypes['Rules']> = {
  allowlist?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  allowlistOnly?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  lifetimeSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  maxFiles?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  maxMembers?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  maxTotalMegabytes?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  passwordProtected?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  timeout?: Resolver<Maybe<ResolversTypes['TimeoutPolicy']>, ParentType, ContextType>;
};

export type SendMessageResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SendMessageResult'] = ResolversParentTypes['SendMessageResult']> = {
  __resolveType: TypeResolveFn<'MessageDelivery' | 'Problem', ParentType, ContextType>;
};

export type SessionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Session'] = ResolversParentTypes['Session']> = {
  agentId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  backend?: Resolver<ResolversTypes['Backend'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  defaults?: Resolver<ResolversTypes['JSONObject'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  handle?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastActivityAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  me?: Resolver<Maybe<ResolversTypes['Member']>, ParentType, ContextType>;
  members?: Resolver<ResolversTypes['MemberConnection'], ParentType, ContextType, RequireFields<SessionMembersArgs, 'status'>>;
  messages?: Resolver<ResolversTypes['MessageConnection'], ParentType, ContextType, Partial<SessionMessagesArgs>>;
  metadata?: Resolver<ResolversTypes['JSONObject'], ParentType, ContextType>;
  renewalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  rules?: Resolver<ResolversTypes['Rules'], ParentType, ContextType>;
  situation?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['SessionStatus'], ParentType, ContextType>;
  suggestions?: Resolver<ResolversTypes['SuggestionConnection'], ParentType, ContextType, Partial<SessionSuggestionsArgs>>;
  title?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  visibility?: Resolver<ResolversTypes['SessionVisibility'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionAdmissionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionAdmission'] = ResolversParentTypes['SessionAdmission']> = {
  credentials?: Resolver<ResolversTypes['Credentials'], ParentType, ContextType>;
  member?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionChangeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionChange'] = ResolversParentTypes['SessionChange']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionConnection'] = ResolversParentTypes['SessionConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['SessionEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Session']>>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  problems?: Resolver<ReadonlyArray<ResolversTypes['Problem']>, ParentType, ContextType>;
  totalCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type SessionEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionEdge'] = ResolversParentTypes['SessionEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType>;
};

export type SessionEndedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionEnded'] = ResolversParentTypes['SessionEnded']> = {
  by?: Resolver<Maybe<ResolversTypes['Member']>, ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionEventResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionEvent'] = ResolversParentTypes['SessionEvent']> = {
  __resolveType: TypeResolveFn<'MemberJoined' | 'MemberKicked' | 'MemberLeft' | 'MessageAdded' | 'MessagesCleared' | 'ReplyDelta' | 'SessionEnded' | 'SessionExpired' | 'SessionExpiring' | 'SessionRenewed' | 'SessionUpdated' | 'StreamOpened', ParentType, ContextType>;
};

export type SessionExpiredResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionExpired'] = ResolversParentTypes['SessionExpired']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionExpiringResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionExpiring'] = ResolversParentTypes['SessionExpiring']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  secondsLeft?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionRenewedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionRenewed'] = ResolversParentTypes['SessionRenewed']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionUpdatedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SessionUpdated'] = ResolversParentTypes['SessionUpdated']> = {
  changed?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SetTimeoutPolicyResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SetTimeoutPolicyResult'] = ResolversParentTypes['SetTimeoutPolicyResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export type StreamOpenedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['StreamOpened'] = ResolversParentTypes['StreamOpened']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  recovered?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  memberKicked?: SubscriptionResolver<ResolversTypes['MemberKicked'], "memberKicked", ParentType, ContextType, Partial<SubscriptionMemberKickedArgs>>;
  messageAdded?: SubscriptionResolver<ResolversTypes['MessageAdded'], "messageAdded", ParentType, ContextType, Partial<SubscriptionMessageAddedArgs>>;
  sessionEvents?: SubscriptionResolver<ResolversTypes['SessionEvent'], "sessionEvents", ParentType, ContextType, Partial<SubscriptionSessionEventsArgs>>;
  sessionExpired?: SubscriptionResolver<ResolversTypes['SessionExpired'], "sessionExpired", ParentType, ContextType, Partial<SubscriptionSessionExpiredArgs>>;
};

export type SuggestionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Suggestion'] = ResolversParentTypes['Suggestion']> = {
  content?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  createdAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  target?: Resolver<ResolversTypes['MessageRole'], ParentType, ContextType>;
};

export type SuggestionConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SuggestionConnection'] = ResolversParentTypes['SuggestionConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['SuggestionEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Suggestion']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type SuggestionEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['SuggestionEdge'] = ResolversParentTypes['SuggestionEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Suggestion'], ParentType, ContextType>;
};

export type TimeoutPolicyResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['TimeoutPolicy'] = ResolversParentTypes['TimeoutPolicy']> = {
  autoRenew?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  maxDurationSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  timeoutSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  warningSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type UpdateSessionResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['UpdateSessionResult'] = ResolversParentTypes['UpdateSessionResult']> = {
  __resolveType: TypeResolveFn<'Problem' | 'SessionChange', ParentType, ContextType>;
};

export type VerifyWalletResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['VerifyWalletResult'] = ResolversParentTypes['VerifyWalletResult']> = {
  __resolveType: TypeResolveFn<'Credentials' | 'Problem', ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  address?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ViewerKind'], ParentType, ContextType>;
  member?: Resolver<Maybe<ResolversTypes['Member']>, ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  session?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType>;
  tier?: Resolver<Maybe<ResolversTypes['Tier']>, ParentType, ContextType>;
};

export type WalletChallengeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['WalletChallenge'] = ResolversParentTypes['WalletChallenge']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type Resolvers<ContextType = RequestContext> = {
  Agent?: AgentResolvers<ContextType>;
  Attachment?: AttachmentResolvers<ContextType>;
  Backend?: BackendResolvers<ContextType>;
  BackendFeature?: BackendFeatureResolvers<ContextType>;
  BackendHealth?: BackendHealthResolvers<ContextType>;
  ClearMessagesResult?: ClearMessagesResultResolvers<ContextType>;
  CreateSessionResult?: CreateSessionResultResolvers<ContextType>;
  Credentials?: CredentialsResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  EndSessionResult?: EndSessionResultResolvers<ContextType>;
  HeartbeatSessionResult?: HeartbeatSessionResultResolvers<ContextType>;
  JSONObject?: GraphQLScalarType;
  JoinSessionResult?: JoinSessionResultResolvers<ContextType>;
  KickMemberResult?: KickMemberResultResolvers<ContextType>;
  LeaveSessionResult?: LeaveSessionResultResolvers<ContextType>;
  Member?: MemberResolvers<ContextType>;
  MemberConnection?: MemberConnectionResolvers<ContextType>;
  MemberEdge?: MemberEdgeResolvers<ContextType>;
  MemberJoined?: MemberJoinedResolvers<ContextType>;
  MemberKicked?: MemberKickedResolvers<ContextType>;
  MemberLeft?: MemberLeftResolvers<ContextType>;
  MemberRemoval?: MemberRemovalResolvers<ContextType>;
  Message?: MessageResolvers<ContextType>;
  MessageAdded?: MessageAddedResolvers<ContextType>;
  MessageConnection?: MessageConnectionResolvers<ContextType>;
  MessageDelivery?: MessageDeliveryResolvers<ContextType>;
  MessageEdge?: MessageEdgeResolvers<ContextType>;
  MessagesCleared?: MessagesClearedResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Problem?: ProblemResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RenewSessionResult?: RenewSessionResultResolvers<ContextType>;
  ReplaceSessionResult?: ReplaceSessionResultResolvers<ContextType>;
  ReplyDelta?: ReplyDeltaResolvers<ContextType>;
  RequestWalletChallengeResult?: RequestWalletChallengeResultResolvers<ContextType>;
  Rules?: RulesResolvers<ContextType>;
  SendMessageResult?: SendMessageResultResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  SessionAdmission?: SessionAdmissionResolvers<ContextType>;
  SessionChange?: SessionChangeResolvers<ContextType>;
  SessionConnection?: SessionConnectionResolvers<ContextType>;
  SessionEdge?: SessionEdgeResolvers<ContextType>;
  SessionEnded?: SessionEndedResolvers<ContextType>;
  SessionEvent?: SessionEventResolvers<ContextType>;
  SessionExpired?: SessionExpiredResolvers<ContextType>;
  SessionExpiring?: SessionExpiringResolvers<ContextType>;
  SessionRenewed?: SessionRenewedResolvers<ContextType>;
  SessionUpdated?: SessionUpdatedResolvers<ContextType>;
  SetTimeoutPolicyResult?: SetTimeoutPolicyResultResolvers<ContextType>;
  StreamOpened?: StreamOpenedResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  Suggestion?: SuggestionResolvers<ContextType>;
  SuggestionConnection?: SuggestionConnectionResolvers<ContextType>;
  SuggestionEdge?: SuggestionEdgeResolvers<ContextType>;
  TimeoutPolicy?: TimeoutPolicyResolvers<ContextType>;
  UpdateSessionResult?: UpdateSessionResultResolvers<ContextType>;
  VerifyWalletResult?: VerifyWalletResultResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
  WalletChallenge?: WalletChallengeResolvers<ContextType>;
};

