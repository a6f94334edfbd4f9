import type { Agent, Feature, FeatureProvider } from '../../core/backend.ts';
import type { Problem } from '../../core/problem.ts';
import type { ListRequest, Outgoing, Sent, ServiceMessage, ServiceOptions, ServiceSuggestion } from '../../core/service.ts';
import type { JsonObject } from '../../core/session.ts';

/** A session as either of the APIs has it. */
export interface JulepSession {
  readonly id: string;
  /** Undefined where the API does not say: v1 leaves it out. */
  readonly agentId: string | undefined;
  /** Null = none. */
  readonly situation: string | null;
  /** Undefined = the service has some that cannot be taken over. */
  readonly metadata: JsonObject | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number | undefined;
}

/** A session to make. What is null is left to the service. */
export interface NewSession {
  /** The UUID that it is to have. */
  readonly id: string | null;
  readonly agentId: string;
  readonly situation: string | null;
  readonly metadata: JsonObject | null;
  /** `JulepOptionsInput`, as given. */
  readonly options: ServiceOptions;
}

/** What a change leaves out stays as it is. */
export interface SessionPatch {
  /** Empty = none. */
  readonly situation?: string;
  /** Merged key by key. */
  readonly metadata?: JsonObject;
}

export interface SessionPage {
  readonly sessions: readonly JulepSession[];
  /** Rows that are no sessions. */
  readonly unreadable: number;
  readonly next: string | null;
}

/**
 * What the connector asks of Julep, by whichever API. Ids of sessions are UUIDs. A session that is not there is the problem NOT_FOUND,
 * which the connector takes for what it means in its place.
 */
export interface Contract {
  readonly features: Readonly<Pick<Record<Feature, FeatureProvider>, 'REPLY_STREAM' | 'SUGGESTIONS'>>;
  /** Whether sessions can be made under a UUID of the client's. */
  readonly takesIds: boolean;
  /** A cheap call that needs the key. */
  probe(signal?: AbortSignal): Promise<Problem | null>;
  create(session: NewSession, signal?: AbortSignal): Promise<JulepSession | Problem>;
  get(id: string, signal?: AbortSignal): Promise<JulepSession | Problem>;
  /** Newest first. */
  list(request: ListRequest, signal?: AbortSignal): Promise<SessionPage | Problem>;
  patch(id: string, patch: SessionPatch, signal?: AbortSignal): Promise<Problem | null>;
  /** Takes the place of situation and metadata; what else the session was made with stays. */
  replace(id: string, whole: Required<SessionPatch>, signal?: AbortSignal): Promise<Problem | null>;
  remove(id: string, signal?: AbortSignal): Promise<Problem | null>;
  /** Deletes the messages. UNSUPPORTED where this service has no such call. */
  clear(id: string, signal?: AbortSignal): Promise<Problem | null>;
  send(id: string, message: Outgoing, signal?: AbortSignal): Promise<Sent | Problem>;
  /** Oldest first, the newest of them; empty also where there is no such session. */
  history(id: string, signal?: AbortSignal): Promise<readonly ServiceMessage[] | Problem>;
  /** Newest first. Left out = the API has none. */
  readonly suggestions?: (id: string, limit: number, signal?: AbortSignal) => Promise<readonly ServiceSuggestion[] | Problem>;
  agents(signal?: AbortSignal): Promise<readonly Agent[] | Problem>;
}

/** Of a session's history. */
export const maxHistory = 1_000;
