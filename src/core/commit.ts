import type { EventBody } from './event.ts';
import type { MemberId, MessageId, SessionId } from './ids.ts';
import type { Member } from './member.ts';
import type { Message } from './message.ts';
import type { Session } from './session.ts';

/** Activity in a session. Applied by maximum, so that two at once need not know of each other. */
export interface Touch {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Where the activity slides the expiry: the new instants. They are written only if `expiresAt` is later than the stored one. */
  readonly expiry: { readonly expiresAt: number; readonly dueAt: number } | null;
  /** Whether `renewalCount` rises by one. */
  readonly renewed: boolean;
}

/** A message as decided: the store numbers it with its event. */
export type NewMessage = Omit<Message, 'seq'>;

/** What to write of one existing session, all of it or nothing. */
export interface SessionChange {
  readonly kind: 'change';
  readonly sessionId: SessionId;
  readonly guard: {
    /** The `Session.version` it was decided on; another one in the store = `conflict`. */
    readonly version: number;
    /** Where given, `Session.expiresAt` must still be this: time-driven changes are decided on it. */
    readonly expiresAt?: number | null;
    /**
     * True: others' decisions depend on this change; the version rises, and what was decided on the old one is refused.
     * False: it commutes with others of its kind (a message, a heartbeat).
     */
    readonly exclusive: boolean;
  };
  /** Absolute values. `touch` and `add` come on top of them. */
  readonly set: Partial<Omit<Session, 'id' | 'backend' | 'handle' | 'createdAt' | 'version' | 'seq' | 'files' | 'fileBytes'>>;
  readonly touch: Touch | null;
  /** Added to the counters. */
  readonly add: { readonly files: number; readonly fileBytes: number };
  /** Inserted, or replaced by id. */
  readonly members: readonly Member[];
  /** Inserted. A MESSAGE_ADDED event that names the message gives it its `seq`. */
  readonly messages: readonly NewMessage[];
  /** Deletes the messages stored so far, before `messages` are inserted, and sets the file counters to zero. */
  readonly clearMessages: boolean;
  /** Appended in this order, numbered from `Session.seq + 1`. */
  readonly events: readonly EventBody[];
  /** When it happens, epoch milliseconds: the `at` of the events. */
  readonly at: number;
  readonly idempotency: IdempotencyRecord | null;
}

/** A session's beginning. `session.seq` is 0 and `version` 1; `events` are numbered from 1. */
export interface SessionCreation {
  readonly kind: 'creation';
  readonly session: Session;
  readonly members: readonly Member[];
  readonly events: readonly EventBody[];
  readonly at: number;
  readonly idempotency: IdempotencyRecord | null;
}

export type Commit = SessionChange | SessionCreation;

export type CommitOutcome =
  /** `seq` and `version` of the session after it; the events got the numbers up to `seq`. */
  | { readonly kind: 'committed'; readonly seq: number; readonly version: number }
  /** Decided on a state that is no longer so: load and decide again. */
  | { readonly kind: 'conflict' }
  /** There is no such session. */
  | { readonly kind: 'missing' }
  /** Another session of the backend has the handle. */
  | { readonly kind: 'handle-taken' }
  /** The idempotency key was used before: nothing was written, this is what was recorded then. */
  | { readonly kind: 'repeated'; readonly record: IdempotencyRecord };

/** What is kept of a request that carried an idempotency key. */
export interface IdempotencyRecord {
  /** The caller: keys of two callers never meet. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of operation and input, hex. */
  readonly inputHash: string;
  /** References from which the first answer is made again. */
  readonly result: { readonly sessionId: SessionId; readonly memberId?: MemberId; readonly messageId?: MessageId };
  readonly createdAt: number;
}
