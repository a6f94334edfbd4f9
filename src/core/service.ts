import type { MemberId, MessageId } from './ids.ts';
import type { Attachment, MessageRole } from './message.ts';
import type { MemberRole } from './member.ts';
import type { Problem } from './problem.ts';
import type { JsonObject, Rules, Session, SessionStatus, SessionVisibility } from './session.ts';
import type { CreateInput, UpdateInput } from './use-cases.ts';

// ---- what a service says --------------------------------------------------------------------------------------------

/** Somebody in a session, as the service knows them. */
export interface ServiceMember {
  /** What the service tells its members apart by. */
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly role: MemberRole;
}

/**
 * What a service says of one of its sessions. What is left out it has no word on: there the gateway's record holds. Instants are epoch
 * milliseconds.
 */
export interface Facts {
  /** EXPIRED or ENDED where the service has it no longer. @default 'ACTIVE' */
  readonly status?: SessionStatus;
  readonly title?: string | null;
  readonly description?: string | null;
  readonly visibility?: SessionVisibility;
  readonly situation?: string | null;
  readonly agentId?: string | null;
  /** The whole of it, with what only the gateway keeps in it. */
  readonly metadata?: JsonObject;
  /** Likewise, without what must not be shown. */
  readonly defaults?: JsonObject;
  readonly rules?: Partial<Rules>;
  readonly owners?: readonly string[];
  readonly createdAt?: number;
  readonly lastActivityAt?: number;
  readonly renewalCount?: number;
  /** Where the service's clock decides on the end: when that is; null = never. The gateway's own reckoning is then not asked. */
  readonly expiresAt?: number | null;
  /** Where the gateway's rules decide on the end, and the service lets go of the session by itself at the latest. */
  readonly endsAt?: number;
  /** All who are in it. */
  readonly members?: readonly ServiceMember[];
  /** The gateway's alone: until when, by the service's clock, the messages that it has are not to be taken from it again; null = none are kept there. */
  readonly clearedAt?: number | null;
  /** What the connector wants to be given again with the session (`Session.upstream.data`). Replaces what was there. No secrets. */
  readonly data?: JsonObject;
}

/** A message as the service has it. */
export interface ServiceMessage {
  /** The service's own id, the same whenever and however the message is heard of. */
  readonly id: string;
  readonly role: MessageRole;
  readonly content: string;
  /** `id` as in `ServiceMember.id`; null = nobody who is a member, as an agent. */
  readonly author: { readonly id: string | null; readonly name: string | null };
  readonly channel?: string | null;
  readonly attachments?: readonly Attachment[];
  readonly metadata?: JsonObject;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Where the message carries the mark that it was sent with (`Outgoing.mark`). */
  readonly mark?: string | null;
}

/** A suggestion as the service has it. */
export interface ServiceSuggestion {
  readonly id: string;
  readonly target: MessageRole;
  readonly content: string;
  /** Epoch milliseconds. */
  readonly createdAt: number | null;
  /** The service's id of the message that it belongs to. */
  readonly messageId: string | null;
}

// ---- what a service is asked ----------------------------------------------------------------------------------------

/** A member as a service is asked about it. */
export interface MemberAt {
  readonly memberId: MemberId;
  readonly name: string;
  readonly address: string | null;
  /** What `Joined.id` said; null where the service does not know the member. */
  readonly id: string | null;
  /** What `Joined.secret` said. */
  readonly secret: string | null;
}

/** A session as a service is asked about it. */
export interface SessionAt {
  /** The gateway's record: `handle`, `upstream.data`, and what is to be kept besides the service's part. */
  readonly session: Session;
  /** What `Opened.secret` said. */
  readonly secret: string | null;
  /** The member in whose name it is asked: the caller, or where nobody is, one with a secret. Null = there is none. */
  readonly as: MemberAt | null;
}

/** Somebody who joins, or creates. */
export interface Joiner {
  readonly memberId: MemberId;
  readonly name: string;
  readonly address: string | null;
  /** The bearer that the service gave for the caller's wallet (`WalletRelay.verify`); null = it has none, or none that is still good. */
  readonly walletProof: string | null;
  /** A stable name of the caller (see `principalOf`); null = anonymous. */
  readonly principal: string | null;
}

/** What only one kind of service takes (`BackendOptionsInput`); empty where nothing was given. */
export type ServiceOptions = JsonObject;

export interface OpenRequest {
  /** Every field keeps its rule (`checkCreate`); the secrets in it go no further than the service. */
  readonly input: CreateInput;
  /** The id that the client wants it to have, where it named one. */
  readonly handle: string | null;
  readonly rules: Rules;
  readonly creator: Joiner;
  readonly options: ServiceOptions;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A membership at the service. */
export interface Joined {
  readonly id: string;
  /** What the service asks for when the member acts: kept encrypted, never shown. Null = nothing. */
  readonly secret: string | null;
  readonly facts?: Facts;
}

export interface Opened {
  readonly handle: string;
  readonly facts: Facts;
  /** Of the session: kept encrypted, never shown. */
  readonly secret?: string | null;
  /** The creator's membership, where the service knows members. */
  readonly member?: Joined | null;
}

/** A session that the service has, whoever made it. */
export interface Found {
  readonly handle: string;
  readonly facts: Facts;
  readonly secret?: string | null;
}

export interface ListRequest {
  readonly limit: number;
  /** `ListPage.next` of the page before; null = the first. */
  readonly page: string | null;
  /** What may be left out, by services that can tell; others answer all. */
  readonly filter: { readonly agentId: string | null; readonly metadata: JsonObject | null };
}

/** Newest first where the service can. */
export interface ListPage {
  readonly sessions: readonly Found[];
  /** Rows that are not as the service documents them, and were left out. @default 0 */
  readonly unreadable?: number;
  readonly next: string | null;
}

/** What a change of settings comes to. */
export interface SettingsRequest {
  /** UPDATE: what `input` does not name stays. REPLACE: it is reset. */
  readonly mode: 'UPDATE' | 'REPLACE';
  /** As given; a new password among it. */
  readonly input: Omit<UpdateInput, 'sessionId'>;
  /** As it is to be, as far as the gateway's rules go. */
  readonly after: Pick<Session, 'title' | 'description' | 'visibility' | 'rules' | 'defaults' | 'metadata' | 'situation'>;
}

/** A message on its way out. */
export interface Outgoing {
  readonly content: string;
  readonly role: MessageRole;
  readonly channel: string | null;
  readonly attachments: readonly Attachment[];
  readonly metadata: JsonObject;
  /** The options in force: the session's defaults with the request's over them. */
  readonly options: JsonObject;
  /** Names the message for this gateway: where it can be sent along, it comes back as `ServiceMessage.mark`. */
  readonly mark: string;
  readonly awaitReply: boolean;
  /** Is given the reply as it grows, by services that stream: `id` as in `ServiceMessage.id` of the reply. */
  readonly onDelta: (delta: { readonly id: string; readonly text: string }) => void;
}

/** What came of sending: answered as soon as the service has taken the message. */
export interface Sent {
  /** The service's id of the message; null = it gives none that history would know it by. */
  readonly id: string | null;
  readonly facts: Facts;
  /** The agent's reply, where the service answers in the call, or where it was waited for. Null = it comes by another way, or never. */
  readonly reply: Promise<ServiceMessage | Problem> | null;
}

/** Takes what a service says by itself. No method throws; calls after the end are ignored. */
export interface Sink {
  /** Connected, again perhaps: what happened before may have been missed, and is compared. */
  opened(): void;
  message(message: ServiceMessage): void;
  /** A piece of a reply in the making; `id` as in `ServiceMessage.id` of what comes of it. */
  delta(delta: { readonly id: string; readonly text: string }): void;
  joined(member: ServiceMember): void;
  /** By `ServiceMember.id`. */
  left(id: string): void;
  /** News of the session itself: its end, its settings. */
  facts(facts: Facts): void;
  /** Something happened that is best read anew. */
  changed(): void;
  /** The source is broken; it is tried again by itself. */
  failed(cause: Problem): void;
}

/** Commands that the service carries out itself, before the gateway records them. One that is not here the service has no part in. */
export interface Effects {
  /** In the name of the joiner: `at.as` is null. */
  readonly join?: (at: SessionAt, joiner: Joiner & { readonly password: string | null }, signal?: AbortSignal) => Promise<Joined | Problem>;
  /** Of `at.as`. */
  readonly leave?: (at: SessionAt, signal?: AbortSignal) => Promise<Facts | Problem>;
  readonly kick?: (at: SessionAt, target: MemberAt, signal?: AbortSignal) => Promise<Facts | Problem>;
  /** Also used to let go of a session that has expired at the gateway, where it is configured so. Nothing there = done. */
  readonly end?: (at: SessionAt, signal?: AbortSignal) => Promise<Facts | Problem>;
  readonly settings?: (at: SessionAt, request: SettingsRequest, signal?: AbortSignal) => Promise<Facts | Problem>;
  readonly renew?: (at: SessionAt, signal?: AbortSignal) => Promise<Facts | Problem>;
  readonly heartbeat?: (at: SessionAt, signal?: AbortSignal) => Promise<Facts | Problem>;
  readonly clear?: (at: SessionAt, signal?: AbortSignal) => Promise<Facts | Problem>;
}

/** Proof that a wallet is its caller's, by a service's own challenge. */
export interface WalletRelay {
  /** @param chain - As the client named it: `ethereum`. */
  challenge(
    request: { readonly address: string; readonly chain: string },
    signal?: AbortSignal,
  ): Promise<{ readonly message: string } | Problem>;
  /** `token` is what `Joiner.walletProof` will be; `expiresAt` in epoch milliseconds, null = not told. */
  verify(
    answer: { readonly address: string; readonly chain: string; readonly message: string; readonly signature: string },
    signal?: AbortSignal,
  ): Promise<{ readonly token: string; readonly expiresAt: number | null } | Problem>;
}

/**
 * A service's own part in its sessions. Failures that a caller can act on are problems, each with the backend's name; a session that is
 * gone is EXPIRED or ENDED, never NOT_FOUND. Methods reject only for aborts and faults of our own.
 */
export interface Service extends AsyncDisposable {
  /** Whether each call needs a member's secret (`SessionAt.as`): reads are then made in the name of one that has it. */
  readonly perMember: boolean;
  /** Keys of `defaults` that go to the service and nowhere else. */
  readonly secretDefaults: readonly string[];
  /** Whether history gives messages ids that sending did not tell (`Sent.id` null): they are then matched by what they say. */
  readonly matchesByContent: boolean;
  /**
   * Whether pieces of a reply come with the call that sent the message and by no other way: other gateways have no source to hear them from.
   * @default false
   */
  readonly deltasInCall?: boolean;
  open(request: OpenRequest, signal?: AbortSignal): Promise<Opened | Problem>;
  /** What it says of a session now. */
  read(at: SessionAt, signal?: AbortSignal): Promise<Facts | Problem>;
  readonly effects: Effects;
  /** A session that the gateway has no record of; null = there is none by that handle. Left out = none can be looked up. */
  find?(handle: string, signal?: AbortSignal): Promise<Found | null | Problem>;
  list?(request: ListRequest, signal?: AbortSignal): Promise<ListPage | Problem>;
  /** Left out = messages stay at the gateway. */
  send?(at: SessionAt, message: Outgoing, signal?: AbortSignal): Promise<Sent | Problem>;
  /** Messages from `after` on (epoch milliseconds, itself included; null = from the beginning), oldest first, at most some thousand, the newest of them. */
  history?(at: SessionAt, after: number | null, signal?: AbortSignal): Promise<readonly ServiceMessage[] | Problem>;
  /** Newest first. */
  suggestions?(at: SessionAt, limit: number, signal?: AbortSignal): Promise<readonly ServiceSuggestion[] | Problem>;
  /** Follows the session until disposed, through broken connections. Left out = it is polled by `read` and `history`. */
  watch?(at: SessionAt, sink: Sink): AsyncDisposable;
  readonly wallet?: WalletRelay;
}

/** The mark of a message sent by this gateway's store, and what it says of it. */
export const markOf = (epoch: string, id: MessageId): string => `parley:${epoch}:${id}`;

/** The message's id where the mark is of this store; null where it is another's or none. */
export function markedId(epoch: string, mark: string | null | undefined): MessageId | null {
  const prefix = `parley:${epoch}:`;
  return mark?.startsWith(prefix) ? (mark.slice(prefix.length) as MessageId) : null;
}
