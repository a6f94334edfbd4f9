import type { MemberId, SessionId } from './ids.ts';
import type { MemberStatus } from './member.ts';
import type { JsonObject, SessionStatus, SessionVisibility } from './session.ts';

/** A page of a list in one direction. `after` and `before` are exclusive places in the list's order. */
export interface PageRequest<Place> {
  readonly limit: number;
  readonly after?: Place;
  readonly before?: Place;
  /** True: the last `limit` of what matches, still in the list's order. */
  readonly fromEnd?: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Whether there is more in the direction of reading (after the last item, or with `fromEnd` before the first). */
  readonly hasMore: boolean;
  /** All that match, whatever the page. */
  readonly totalCount: number;
}

/** Newest first: by `createdAt` descending, then id descending. */
export interface SessionQuery {
  readonly page: PageRequest<{ readonly createdAt: number; readonly id: SessionId }>;
  /** What the caller may find: PUBLIC sessions, and those it has a part in. `all` is for the gateway's own use. */
  readonly audience:
    | { readonly all: true }
    | {
        readonly public: boolean;
        readonly principal: string | null;
        readonly sessionId: SessionId | null;
        /** Names in `Session.createdBy` besides the principal. */
        readonly creators?: readonly string[];
      };
  /** Backend names. */
  readonly backends?: readonly string[];
  /** Compared with the status at `now` (see `statusAt`). */
  readonly statuses?: readonly SessionStatus[];
  readonly visibilities?: readonly SessionVisibility[];
  readonly agentId?: string;
  /** Each top-level key must be there with an equal value. */
  readonly metadata?: JsonObject;
  readonly now: number;
}

/** In order of joining: by `joinedAt`, then id. */
export interface MemberQuery {
  readonly sessionId: SessionId;
  readonly page: PageRequest<{ readonly joinedAt: number; readonly id: MemberId }>;
  /** Undefined = any. */
  readonly status?: MemberStatus;
}

/** Oldest first, by `seq`. */
export interface MessageQuery {
  readonly sessionId: SessionId;
  readonly page: PageRequest<number>;
  readonly channel?: string;
}
