import type { Member } from '../core/member.ts';
import type { Message } from '../core/message.ts';
import type { Rules, Session } from '../core/session.ts';

/** A page as its connection type reads it. */
export interface Connection<T> {
  readonly nodes: readonly T[];
  readonly totalCount: number | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** The opaque place of a row, made where it is asked for. */
  readonly cursorOf: (node: T) => string;
}

export type SessionPage = Connection<Session>;
export type MemberPage = Connection<Member>;
export type MessagePage = Connection<Message>;

/** Rules with the session that they belong to: who may see the allowlist depends on it. */
export interface RulesSource extends Rules {
  readonly session: Session;
}
