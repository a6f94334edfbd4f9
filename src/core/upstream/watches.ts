import type { Backend } from '../backend.ts';
import { type MemberId, type SessionId, messageIdFrom } from '../ids.ts';
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

/** An open source. */
interface Source {
  readonly handle: AsyncDisposable;
  /** In whose name it was opened; null = in nobody's. */
  readonly spokesman: MemberId | null;
  /** Takes nothing from it any more. */
  readonly close: () => void;
}

/** Of how many times to look, one is enough where a source tells what happens. */
const roundsWithSource = 6;

/** One session's source, while it is needed. */
class Watch implements AsyncDisposable {
  readonly #options: WatchesOptions;
  readonly #sessionId: SessionId;
  #source: Source | null = null;
  #timer: Disposable | null = null;
  /** The comparing under way. Never rejects. */
  #comparing: Promise<void> | null = null;
  #again = false;
  /** The last comparing came to nothing, and has to be made up for. */
  #failed = false;
  #stopped = false;

  constructor(sessionId: SessionId, options: WatchesOptions) {
    this.#sessionId = sessionId;
    this.#options = options;
  }

  /** Compares the record with the service, and opens the source where it is not open. Failures are for the next time. */
  compare(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#again = this.#comparing !== null;
    this.#comparing ??= this.#compareOn().finally(() => {
      this.#comparing = null;
    });
    return this.#comparing;
  }

  /** Something was written of the session: the one in whose name the source was opened may have left. */
  async noticed(): Promise<void> {
    const spokesman = this.#source?.spokesman ?? null;
    if (spokesman !== null && !(await this.#isActive(spokesman))) await this.compare();
  }

  async #compareOn(): Promise<void> {
    try {
      do {
        this.#again = false;
        this.#failed = !(await this.#compareOnce());
        // Set meanwhile, by whoever heard of something.
      } while (this.#isAskedAgain());
      await this.#planNext();
    } catch (error) {
      this.#failed = true;
      if (!this.#stopped) this.#options.report(error);
      await this.#planNext().catch(this.#options.report);
    }
  }

  #isAskedAgain(): boolean {
    return this.#again && !this.#stopped;
  }

  /** False where the service could not say. */
  async #compareOnce(): Promise<boolean> {
    const { store, backends, refresh, ingest } = this.#options;
    const [session = null] = await store.sessions.byIds([this.#sessionId]);
    const service = session === null ? null : (backends.get(session.backend)?.service ?? null);
    if (this.#stopped || session === null || service === null) return true;
    if (session.status === 'ACTIVE') await this.#follow(service, session);
    const now = await refresh.refresh(session);
    if (isProblem(now)) return false;
    if (now.status === 'ACTIVE') return !isProblem(await ingest.history(now));
    await this.#stop();
    return true;
  }

  async #isActive(id: MemberId): Promise<boolean> {
    const [member = null] = await this.#options.store.members.byIds([id]);
    return member?.status === 'ACTIVE';
  }

  /** Opens the source; anew where the one in whose name it was opened is no longer there. */
  async #follow(service: Service, session: Session): Promise<void> {
    if (service.watch === undefined) return;
    if (this.#source !== null) {
      if (this.#source.spokesman === null || (await this.#isActive(this.#source.spokesman))) return;
      await this.#close();
    }
    const at = await this.#options.access.at(service, session, null);
    if (this.#stopped || (service.perMember && at.as?.secret == null)) return;
    let open = true;
    const close = (): void => {
      open = false;
    };
    const handle = service.watch(
      at,
      this.#sinkOf(() => open && !this.#stopped),
    );
    this.#source = { handle, spokesman: service.perMember ? (at.as?.memberId ?? null) : null, close };
  }

  #sinkOf(isOpen: () => boolean): Sink {
    const { ingest, refresh, emit, background } = this.#options;
    const id = this.#sessionId;
    const run = (work: () => Promise<unknown>): void => {
      if (isOpen()) background(work());
    };
    const compare = (): void => run(() => this.compare());
    return {
      opened: compare,
      changed: compare,
      message: (message) => run(() => ingest.messages(id, [message])),
      delta: ({ id: serviceId, text }) => {
        if (isOpen()) emit(id, { type: 'REPLY_DELTA', messageId: messageIdFrom(id, serviceId), text });
      },
      joined: (member) => run(() => ingest.joined(id, member)),
      left: (serviceId) => run(() => ingest.left(id, serviceId)),
      facts: (facts) => run(() => refresh.record(id, facts)),
      failed: () => {},
    };
  }

  /** Where no source tells, or the service could not say, it is asked again after a while. */
  async #planNext(): Promise<void> {
    const { backends, store, clock, background } = this.#options;
    if (this.#stopped) return;
    const [session = null] = await store.sessions.byIds([this.#sessionId]);
    const backend: Backend | undefined = session === null ? undefined : backends.get(session.backend);
    if (this.#stopped || session?.status !== 'ACTIVE' || (backend?.service ?? null) === null) return;
    // From this look on, whatever was planned before it.
    this.#timer?.[Symbol.dispose]();
    // No source tells everything: ElizaOS has no word for a session that is gone.
    const rounds = this.#source !== null && !this.#failed ? roundsWithSource : 1;
    this.#timer = clock.at(clock.now() + (backend?.pollMs ?? 0) * rounds, () => {
      this.#timer = null;
      background(this.compare());
    });
  }

  async #close(): Promise<void> {
    const source = this.#source;
    this.#source = null;
    source?.close();
    await source?.handle[Symbol.asyncDispose]();
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    await this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.#comparing;
  }
}

export function createWatches(options: WatchesOptions): Watches {
  const { bus, clock, report, background, lingerMs = 30_000 } = options;
  const watched = new Map<SessionId, { readonly watch: Watch; count: number; linger: Disposable | null }>();
  const closing = new Set<Promise<void>>();
  let disposed = false;
  const unsubscribe = bus.subscribe(
    ({ sessionId }) => {
      const entry = watched.get(sessionId);
      if (entry !== undefined) background(entry.watch.noticed());
    },
    () => {
      for (const { watch } of watched.values()) background(watch.noticed());
    },
  );

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
        background(entry.watch.compare());
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
      unsubscribe();
      for (const sessionId of watched.keys()) close(sessionId);
      await Promise.all(closing);
    },
  };
}
