import type { Member } from '../core/member.ts';
import type { Message } from '../core/message.ts';
import type { Problem } from '../core/problem.ts';
import type { ServiceSuggestion } from '../core/service.ts';
import type { Rules, Session } from '../core/session.ts';

/** A page as its connection type reads it. */
export interface Connection<T> {
  readonly nodes: readonly T[];
  readonly totalCount: number | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** The opaque place of a row, made where it is asked for. */
  readonly cursorOf: (node: T, index: number) => string;
}

/** A page of sessions: rows of backends that failed are null, or not there, and each such backend has its problem. */
export interface SessionPage extends Connection<Session | null> {
  readonly problems: readonly Problem[];
}

/** A suggestion with the session that it was made in. */
export interface SuggestionSource {
  readonly session: Session;
  readonly suggestion: ServiceSuggestion;
}

export type SuggestionPage = Connection<SuggestionSource>;
export type MemberPage = Connection<Member>;
export type MessagePage = Connection<Message>;

/** Rules with the session that they belong to: who may see the allowlist depends on it. */
export interface RulesSource extends Rules {
  readonly session: Session;
}
