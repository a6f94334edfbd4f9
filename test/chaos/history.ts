/** What the clients of a run did and saw. Times are milliseconds of one clock, `performance.now()`, unless they are said to be instants. */
export interface History {
  readonly sessions: SessionRecord[];
  readonly writes: Write[];
  readonly streams: Stream[];
  readonly faults: FaultRecord[];
  /** What is there in the end, of each session. */
  readonly truths: Truth[];
  /** All that the API lists in the end. */
  readonly listed: ListedSession[];
}

export const createHistory = (): History => ({ sessions: [], writes: [], streams: [], faults: [], truths: [], listed: [] });

/** A session as its creator was answered. */
export interface SessionRecord {
  readonly id: string;
  /** The place on its timeline from which the truth is read. */
  readonly cursor: string;
  /** Who is in it at that place. */
  readonly members: readonly string[];
  readonly maxMembers: number | null;
  /** An instant. */
  readonly expiresAt: number | null;
  /** Where messages renew it. */
  readonly timeoutMs: number | null;
}

export type Operation = 'create' | 'join' | 'leave' | 'kick' | 'update' | 'send';

/**
 * - `done`: success was answered.
 * - `refused`: a refusal was answered that says that nothing was written.
 * - `unknown`: no answer came, or one that leaves it open.
 */
export type Outcome = 'done' | 'refused' | 'unknown';

/** One sending of a request. */
export interface Attempt {
  readonly gateway: string;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly outcome: Outcome;
  /** The id of what was made, or the reason. */
  readonly answer: string;
}

/** One thing that a client wanted, with all attempts at it; those of a message and a creation carry one idempotency key. */
export interface Write {
  readonly client: string;
  /** Null for a creation. */
  readonly session: string | null;
  readonly operation: Operation;
  /** The message's content, the title, the joiner's name, the description, or the id of the member that leaves or is removed. */
  readonly subject: string;
  readonly attempts: readonly Attempt[];
}

/** An event as the API gives it. */
export interface Seen {
  readonly __typename: string;
  readonly cursor: string;
  readonly occurredAt: string;
  readonly message?: { readonly id: string; readonly content: string };
  readonly member?: { readonly id: string; readonly name: string };
  readonly expiresAt?: string | null;
}

/** One connection of a subscriber, from the cursor that it gave to its end. */
export interface Stretch {
  readonly gateway: string;
  readonly after: string;
  /** Null where it ended before it was open. */
  readonly opened: { readonly cursor: string; readonly recovered: boolean } | null;
  readonly events: readonly Seen[];
  /** `complete`, `stopped` by the client, or what broke it. */
  readonly end: string;
}

/** One subscriber of one session, over all its connections. */
export interface Stream {
  readonly client: string;
  readonly session: string;
  /** The member whose end is the stream's. Null = it has to reach the end of the timeline. */
  readonly member: string | null;
  readonly stretches: readonly Stretch[];
}

export interface FaultRecord {
  readonly kind: string;
  readonly target: string;
  readonly from: number;
  readonly to: number;
}

export interface Truth {
  readonly session: string;
  /** The timeline after `SessionRecord.cursor`, as a fresh subscriber is given it. */
  readonly events: readonly Seen[];
  /** All messages, page by page. */
  readonly messages: readonly { readonly id: string; readonly content: string }[];
  /** The ids of the members that are in it. */
  readonly members: readonly string[];
  readonly status: string;
  /** The rows in the database: all events, and what the session's own row says. */
  readonly stored: {
    readonly events: readonly { readonly seq: number; readonly type: string }[];
    readonly seq: number;
    readonly activeMembers: number;
  };
}

export interface ListedSession {
  readonly id: string;
  readonly title: string | null;
}

/** What came of all attempts together: once done is done, and a refusal does not tell of an attempt before it that was not answered. */
export function outcomeOf({ attempts }: Write): Outcome {
  if (attempts.some(({ outcome }) => outcome === 'done')) return 'done';
  return attempts.some(({ outcome }) => outcome === 'unknown') ? 'unknown' : 'refused';
}

/** The subscriber's events over all its connections. */
export const eventsOf = ({ stretches }: Stream): readonly Seen[] => stretches.flatMap(({ events }) => events);
