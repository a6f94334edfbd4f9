import type { Backend } from '../core/backend.ts';
import type { SessionId } from '../core/ids.ts';
import type { SessionLimits } from '../core/limits.ts';
import { type Eventually, andThen } from '../core/eventually.ts';
import type { Clock, Presence, Store } from '../core/ports.ts';
import { type Problem, orThrow } from '../core/problem.ts';
import type { Session } from '../core/session.ts';
import { standingOf } from '../core/standing.ts';
import { type Credentials, type Standing, type UseCases, maySee } from '../core/use-cases.ts';
import type { Caller } from '../core/viewer.ts';
import type { Upstreams } from '../core/upstream/upstreams.ts';
import { Loaders, type MemberPages } from './loaders.ts';

/** What a wallet is to sign. `expiresAt` in epoch milliseconds. */
export interface Challenge {
  readonly id: string;
  readonly message: string;
  readonly expiresAt: number;
}

/** Proving that a caller holds a wallet. Refusals are problems. */
export interface WalletAuth {
  challenge(request: {
    readonly address: string;
    readonly chain: string;
    /** Whose challenge is wanted; null = the gateway's own. */
    readonly backend: string | null;
    /** The client's IP address: what challenges are counted by. */
    readonly remoteAddress: string;
  }): Promise<Challenge | Problem>;
  verify(answer: { readonly challengeId: string; readonly signature: string }): Promise<Credentials | Problem>;
}

/** What resolvers reach the rest of the gateway by. */
export interface Services {
  readonly store: Store;
  readonly useCases: UseCases;
  /** By name, in the order of the configuration. */
  readonly backends: ReadonlyMap<string, Backend>;
  readonly upstreams: Upstreams;
  readonly defaultBackend: string;
  readonly clock: Clock;
  readonly presence: Presence;
  /** What was read before, and is still so. */
  readonly memberPages: MemberPages;
  readonly walletAuth: WalletAuth;
  /** Whether callers without credentials may use the gateway. */
  readonly anonymous: boolean;
  /** The most rows of a page, and ids of `nodes`. */
  readonly maxListSize: number;
  /** Of the objects that sessions can have, and so of those that they can be found by. */
  readonly sessionLimits: Pick<SessionLimits, 'objectBytes' | 'objectDepth'>;
}

const noRefusals: readonly Problem[] = [];

/** What the resolvers of one operation, or of one event, share. */
export class RequestContext {
  readonly caller: Caller;
  readonly signal: AbortSignal | undefined;
  readonly services: Services;
  readonly loaders: Loaders;
  /** The instant that the operation is answered for, epoch milliseconds. */
  readonly now: number;
  /**
   * The session whose events are being delivered: reading it was allowed when the subscription began, and the event goes to all who follow
   * it alike, whoever's context it is executed in.
   */
  followed: SessionId | null = null;

  /** What its mutations were refused with, so that observers need not look into the answer. */
  refusals: readonly Problem[] = noRefusals;

  readonly #current = new Map<SessionId, Promise<Session>>();
  /** What is as its service has it without having been asked for. */
  #fresh: readonly ReadonlyMap<SessionId, Session>[] = [];
  readonly #found = new Map<string, Promise<Session | null>>();
  readonly #histories = new Map<SessionId, Promise<Problem | null>>();

  constructor(services: Services, caller: Caller, signal: AbortSignal | undefined) {
    this.services = services;
    this.caller = caller;
    this.signal = signal;
    this.loaders = new Loaders(services.store, services.presence, caller.viewer, services.memberPages);
    this.now = services.clock.now();
  }

  /**
   * The session as its service has it now, asked once for the operation. One that the caller may not see is not asked for.
   *
   * @throws ProblemError where the service cannot say.
   */
  current(session: Session | null): Eventually<Session | null> {
    if (session === null || !this.services.upstreams.isRemote(session)) return session;
    for (const sessions of this.#fresh) {
      const fresh = sessions.get(session.id);
      if (fresh !== undefined) return fresh;
    }
    return andThen(this.sees(session), (isSeen) => (isSeen ? this.#refreshed(session) : session));
  }

  /**
   * The session by its handle, asked of its service where there is no record of it, once for the operation.
   *
   * @throws ProblemError where the service cannot say.
   */
  async byHandle(backend: string, handle: string): Promise<Session | null> {
    const recorded = await this.loaders.handles.load({ backend, handle });
    if (recorded !== null) return this.current(recorded);
    const key = `${backend} ${handle}`;
    const found = this.#found.get(key) ?? this.#lookUp(backend, handle);
    this.#found.set(key, found);
    return found;
  }

  async #lookUp(backend: string, handle: string): Promise<Session | null> {
    const found = orThrow(await this.services.upstreams.find(backend, handle));
    if (found !== null) this.isCurrent(new Map([[found.id, found]]));
    return found;
  }

  #refreshed(session: Session): Promise<Session> {
    const before = this.#current.get(session.id);
    if (before !== undefined) return before;
    const fresh = this.services.upstreams.refresh(session).then(orThrow);
    this.#current.set(session.id, fresh);
    return fresh;
  }

  /** These are as their services have them: they need not be asked for. */
  isCurrent(sessions: ReadonlyMap<SessionId, Session>): void {
    this.#fresh = [sessions, ...this.#fresh];
  }

  /** Brings the service's messages of a session into the record, once for the operation. Null = they are there. */
  history(session: Session): Promise<Problem | null> {
    // Whoever follows it has it compared as things happen: not once more for each event.
    if (this.followed === session.id) return Promise.resolve(null);
    const before = this.#histories.get(session.id);
    if (before !== undefined) return before;
    const compared = this.services.upstreams.ingest.history(session);
    this.#histories.set(session.id, compared);
    return compared;
  }

  /** Forgets what was read: a mutation has changed it. */
  reset(): void {
    this.loaders.reset();
    this.#current.clear();
    this.#fresh = [];
    this.#found.clear();
    this.#histories.clear();
  }

  /** Whether the caller may know of a session. Its membership is read only where nothing else lets it. */
  sees(session: Session): Eventually<boolean> {
    const { viewer } = this.caller;
    // Without a membership a member's token would be taken at its word, which may have ended.
    if (viewer.kind !== 'MEMBER' && maySee(session, standingOf(viewer, session, null))) return true;
    return andThen(this.standing(session), (standing) => maySee(session, standing));
  }

  /** Where the caller stands in a session, by its membership as it is now. */
  standing(session: Session): Eventually<Standing> {
    return andThen(this.loaders.membership(session.id), (member) => standingOf(this.caller.viewer, session, member));
  }
}
