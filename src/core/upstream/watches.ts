import type { Backend } from '../backend.ts';
import { type SessionId, messageIdFrom } from '../ids.ts';
import type { Member } from '../member.ts';
import { isProblem } from '../problem.ts';
import type { Service, Sink } from '../service.ts';
import type { Session } from '../session.ts';
import type { Ingest } from './ingest.ts';
import type { UpstreamParts } from './parts.ts';
import type { Refresh } from './refresh.ts';

/** Follows sessions at their services for as long as somebody here follows them. */
export interface Watches extends AsyncDisposable {
  /** Watching starts with the first who asks for it, and ends some time after the last has disposed of it. */
  watch(sessionId: SessionId): Disposable;
}

export interface WatchesOptions extends UpstreamParts {
  readonly refresh: Refresh;
  readonly ingest: Ingest;
  /** How long a source is kept for those who come back. @default 30_000 // 30 seconds */
  readonly lingerMs?: number;
}

/** One session's source, while it is needed. */
class Watch implements AsyncDisposable {
  readonly #options: WatchesOptions;
  readonly #sessionId: SessionId;
  #source: AsyncDisposable | null = null;
  /** In whose name the source was opened. */
  #spokesman: Member['id'] | null = null;
  #timer: Disposable | null = null;
  #comparing = false;
  #again = false;
  #stopped = false;

  constructor(sessionId: SessionId, options: WatchesOptions) {
    this.#sessionId = sessionId;
    this.#options = options;
  }

  /** Compares the record with the service, and opens the source where it is not open. Failures are for the next time. */
  async compare(): Promise<void> {
    if (this.#comparing) {
      this.#again = true;
      return;
    }
    this.#comparing = true;
    const report = (error: unknown): void => {
      if (!this.#stopped) this.#options.report(error);
    };
    try {
      do {
        this.#again = false;
        await this.#compareOnce();
        // Set meanwhile, by whoever heard of something.
      } while (this.#isAskedAgain());
    } catch (error) {
      report(error);
    } finally {
      this.#comparing = false;
      await this.#planPoll().catch(report);
    }
  }

  #isAskedAgain(): boolean {
    return this.#again && !this.#stopped;
  }

  async #compareOnce(): Promise<void> {
    const { store, backends, refresh, ingest } = this.#options;
    const [session = null] = await store.sessions.byIds([this.#sessionId]);
    const backend = session === null ? undefined : backends.get(session.backend);
    const service = backend?.service ?? null;
    if (this.#stopped || session === null || service === null) return;
    if (session.status === 'ACTIVE') await this.#follow(service, session);
    const now = await refresh.refresh(session);
    if (isProblem(now)) return;
    if (now.status === 'ACTIVE') await ingest.history(now);
    else await this[Symbol.asyncDispose]();
  }

  /** Opens the source; anew where the one in whose name it was opened is no longer there. */
  async #follow(service: Service, session: Session): Promise<void> {
    if (service.watch === undefined) return;
    const { store, access } = this.#options;
    if (this.#source !== null) {
      if (this.#spokesman === null) return;
      const [spokesman = null] = await store.members.byIds([this.#spokesman]);
      if (spokesman?.status === 'ACTIVE') return;
      await this.#close();
    }
    const at = await access.at(service, session, null);
    if (this.#stopped || (service.perMember && at.as?.secret == null)) return;
    this.#spokesman = service.perMember ? (at.as?.memberId ?? null) : null;
    this.#source = service.watch(at, this.#sinkOf(session));
  }

  #sinkOf(session: Session): Sink {
    const { ingest, refresh, emit, report } = this.#options;
    const id = this.#sessionId;
    const isOver = (): boolean => this.#stopped;
    const run = (work: () => Promise<unknown>): void => {
      if (isOver()) return;
      work().catch((error: unknown) => {
        if (!isOver()) report(error);
      });
    };
    const compare = (): void => run(() => this.compare());
    return {
      opened: compare,
      changed: compare,
      message: (message) => run(() => ingest.messages(id, [message])),
      delta: ({ id: serviceId, text }) => {
        if (!isOver()) emit(id, { type: 'REPLY_DELTA', messageId: messageIdFrom(session.id, serviceId), text });
      },
      joined: (member) => run(() => ingest.joined(id, member)),
      left: (serviceId) => run(() => ingest.left(id, serviceId)),
      facts: (facts) => run(() => refresh.record(id, facts)),
      failed: () => {},
    };
  }

  /** Where no source tells, the service is asked again after a while. */
  async #planPoll(): Promise<void> {
    const { backends, store, clock } = this.#options;
    if (this.#stopped || this.#source !== null || this.#timer !== null) return;
    const [session = null] = await store.sessions.byIds([this.#sessionId]);
    const backend: Backend | undefined = session === null ? undefined : backends.get(session.backend);
    if (this.#stopped || this.#timer !== null || session?.status !== 'ACTIVE' || (backend?.service ?? null) === null) return;
    this.#timer = clock.at(clock.now() + (backend?.pollMs ?? 0), () => {
      this.#timer = null;
      void this.compare();
    });
  }

  async #close(): Promise<void> {
    const source = this.#source;
    this.#source = null;
    await source?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    await this.#close();
  }
}

export function createWatches(options: WatchesOptions): Watches {
  const { clock, report, lingerMs = 30_000 } = options;
  const watched = new Map<SessionId, { readonly watch: Watch; count: number; linger: Disposable | null }>();
  const closing = new Set<Promise<void>>();
  let disposed = false;

  function close(sessionId: SessionId): void {
    const entry = watched.get(sessionId);
    if (entry === undefined) return;
    watched.delete(sessionId);
    entry.linger?.[Symbol.dispose]();
    const work = entry.watch[Symbol.asyncDispose]().catch(report);
    const tracked: Promise<void> = work.finally(() => closing.delete(tracked));
    closing.add(tracked);
  }

  return {
    watch(sessionId) {
      const entry = watched.get(sessionId) ?? { watch: new Watch(sessionId, options), count: 0, linger: null };
      entry.linger?.[Symbol.dispose]();
      entry.linger = null;
      entry.count += 1;
      // Also for one who joins others: what they see is what was compared when they came.
      if (!watched.has(sessionId) && !disposed) {
        watched.set(sessionId, entry);
        void entry.watch.compare();
      }
      let left = false;
      return {
        [Symbol.dispose]() {
          if (left) return;
          left = true;
          entry.count -= 1;
          if (entry.count > 0 || disposed || watched.get(sessionId) !== entry) return;
          entry.linger = clock.at(clock.now() + lingerMs, () => close(sessionId));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      for (const sessionId of watched.keys()) close(sessionId);
      await Promise.all(closing);
    },
  };
}
