import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { Eventually } from '../core/eventually.ts';
import type { MemberId, MessageId, SessionId } from '../core/ids.ts';
import type { Member } from '../core/member.ts';
import type { Message } from '../core/message.ts';
import type { Presence, Store } from '../core/ports.ts';
import type { MemberQuery, MessageQuery, Page } from '../core/queries.ts';
import type { Session } from '../core/session.ts';
import { type Viewer, principalOf } from '../core/viewer.ts';
import { Lookup } from './lookup.ts';

/** Pages of members by the session's version and the query. */
export type MemberPages = LRUCache<string, Page<Member>>;

/** Bounded by the members in it: some megabytes. */
export const createMemberPages = (): MemberPages => new LRUCache({ maxSize: 20_000, sizeCalculation: ({ items }) => items.length + 1 });

interface Handle {
  readonly backend: string;
  readonly handle: string;
}

/**
 * The reads of one operation: what is asked for together is read together, and once. Each is made when it is first used, so that an
 * operation pays for what it reads.
 */
export class Loaders {
  readonly #store: Store;
  readonly #presence: Presence;
  readonly #viewer: Viewer;
  readonly #pagesOfMembers: MemberPages;
  /** Memberships that this operation gave: the caller's credentials do not know of them yet. */
  readonly #admitted = new Map<SessionId, MemberId>();

  #sessions: Lookup<SessionId, Session> | undefined;
  #handles: DataLoader<Handle, Session | null, string> | undefined;
  #members: Lookup<MemberId, Member> | undefined;
  #messages: Lookup<MessageId, Message> | undefined;
  #memberships: DataLoader<SessionId, Member | null> | undefined;
  #memberPages: DataLoader<MemberQuery, Page<Member>, string> | undefined;
  #messagePages: DataLoader<MessageQuery, Page<Message>, string> | undefined;
  #presences: DataLoader<MemberId, boolean> | undefined;

  constructor(store: Store, presence: Presence, viewer: Viewer, pagesOfMembers: MemberPages) {
    this.#pagesOfMembers = pagesOfMembers;
    this.#store = store;
    this.#presence = presence;
    this.#viewer = viewer;
  }

  get sessions(): Lookup<SessionId, Session> {
    return (this.#sessions ??= new Lookup(this.#store.sessions));
  }

  get handles(): DataLoader<Handle, Session | null, string> {
    return (this.#handles ??= new DataLoader<Handle, Session | null, string>((keys) => this.#store.sessions.byHandles(keys), {
      cacheKeyFn: ({ backend, handle }) => `${backend}/${handle}`,
    }));
  }

  get members(): Lookup<MemberId, Member> {
    return (this.#members ??= new Lookup(this.#store.members));
  }

  get messages(): Lookup<MessageId, Message> {
    return (this.#messages ??= new Lookup(this.#store.messages));
  }

  /**
   * A page of members of a session as it was read. Whoever joins or leaves raises the session's version, so that a page of one version stays
   * what it is, and is kept for later operations too.
   */
  memberPage(session: Session, query: MemberQuery): Eventually<Page<Member>> {
    const key = `${session.version} ${JSON.stringify(query)}`;
    return this.#pagesOfMembers.get(key) ?? this.#readMemberPage(key, query);
  }

  async #readMemberPage(key: string, query: MemberQuery): Promise<Page<Member>> {
    const page = await this.#queriedMembers.load(query);
    this.#pagesOfMembers.set(key, page);
    return page;
  }

  get #queriedMembers(): DataLoader<MemberQuery, Page<Member>, string> {
    return (this.#memberPages ??= new DataLoader<MemberQuery, Page<Member>, string>((queries) => this.#store.members.list(queries), {
      cacheKeyFn: (query) => JSON.stringify(query),
    }));
  }

  get messagePages(): DataLoader<MessageQuery, Page<Message>, string> {
    return (this.#messagePages ??= new DataLoader<MessageQuery, Page<Message>, string>((queries) => this.#store.messages.list(queries), {
      cacheKeyFn: (query) => JSON.stringify(query),
    }));
  }

  get presences(): DataLoader<MemberId, boolean> {
    return (this.#presences ??= new DataLoader((ids) => this.#presence.online(ids)));
  }

  /** The caller's membership of a session as the store has it now, whatever its status; null where there is none or nobody could have one. */
  membership(sessionId: SessionId): Eventually<Member | null> {
    const admitted = this.#admitted.get(sessionId);
    if (admitted !== undefined) return this.members.find(admitted);
    const viewer = this.#viewer;
    if (viewer.kind === 'ANONYMOUS') return null;
    // Read anew even though the token named it: on a long connection the membership may have ended since.
    if (viewer.kind === 'MEMBER') return viewer.member.sessionId === sessionId ? this.members.find(viewer.member.id) : null;
    return this.#ofPrincipal.load(sessionId);
  }

  get #ofPrincipal(): DataLoader<SessionId, Member | null> {
    const principal = principalOf(this.#viewer) ?? '';
    return (this.#memberships ??= new DataLoader((ids) => this.#store.members.ofPrincipal(principal, ids)));
  }

  /** From here on the caller counts as this member of the session. */
  admit(sessionId: SessionId, memberId: MemberId): void {
    this.#admitted.set(sessionId, memberId);
  }

  /** Forgets what was read: a mutation has changed it. */
  reset(): void {
    this.#sessions = undefined;
    this.#handles = undefined;
    this.#members = undefined;
    this.#messages = undefined;
    this.#memberships = undefined;
    this.#memberPages = undefined;
    this.#messagePages = undefined;
    this.#presences = undefined;
  }
}
