import { decideTick } from './decide/lifecycle.ts';
import type { SessionId } from './ids.ts';
import type { Bus, Clock, Store } from './ports.ts';
import type { Session } from './session.ts';

export interface ExpiryOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  /** How often the store is asked what is due: the most by which another gateway's session can be late. @default 1_000 // 1 second */
  readonly scanMs?: number;
  /**
   * Asks the service whose clock decides whether a session whose time has come is over, and answers it as it is then. Null = that cannot be
   * told now, and is asked again. @default as recorded
   */
  readonly confirm?: (session: Session) => Promise<Session | null>;
  /** Told of sessions that the gateway's rules have ended, not the clock of their service. */
  readonly onExpired?: (session: Session) => void;
  /** Told of what went wrong; the next scan tries again. */
  readonly report: (error: unknown) => void;
}

/** Makes the events that time makes: warnings and expiries. */
export interface Expiry extends AsyncDisposable {
  /** Starts to look after all sessions of the store, first those that ran out while nobody did. */
  start(): void;
  /** Makes sure that the session is looked at in time, also before the next scan. */
  schedule(sessionId: SessionId, dueAt: number): void;
}

const pageSize = 1_000;
const atOnce = 64;

/**
 * No gateway leads: each plans what the store says is due soon, and what it writes is conditional on the expiry still being that, so
 * that of two the first one makes the event and the other finds nothing left to do.
 */
export function createExpiry({ store, bus, clock, scanMs = 1_000, confirm, onExpired, report }: ExpiryOptions): Expiry {
  const planned = new Map<SessionId, { readonly dueAt: number; readonly timer: Disposable }>();
  const running = new Set<Promise<unknown>>();
  /** Sessions whose services are being asked. */
  const asking = new Set<SessionId>();
  let scanTimer: Disposable | null = null;
  let phase: 'new' | 'started' | 'stopped' = 'new';
  // Asked again after each wait: it may have been stopped meanwhile.
  const isStopped = (): boolean => phase === 'stopped';

  /** Has the service asked about what is due, and goes on when it answers: what is due elsewhere does not wait for that. */
  function ask(session: Session, service: NonNullable<ExpiryOptions['confirm']>): void {
    if (asking.has(session.id)) return;
    asking.add(session.id);
    const answered = async (): Promise<void> => {
      try {
        const confirmed = await service(session);
        if (confirmed !== null) await settle(session.id, confirmed.expiresAt);
      } finally {
        asking.delete(session.id);
      }
    };
    void track(answered());
  }

  /**
   * Does what is due at a session. False where that is left for later.
   *
   * @param confirmed - The expiry that the service has confirmed.
   */
  async function settle(sessionId: SessionId, confirmed?: Session['expiresAt']): Promise<boolean> {
    while (!isStopped()) {
      const [session = null] = await store.sessions.byIds([sessionId]);
      const now = clock.now();
      const isDue = session?.status === 'ACTIVE' && session.expiresAt !== null && session.expiresAt <= now;
      if (isDue && confirm !== undefined && session.upstream?.clock && session.expiresAt !== confirmed) {
        ask(session, confirm);
        return false;
      }
      const change = session && decideTick(session, now);
      if (change === null) {
        // Activity has moved the instant, or another gateway was faster.
        if (session?.status !== 'ACTIVE' || session.dueAt === null) return true;
        if (session.dueAt <= clock.now()) return false;
        schedule(sessionId, session.dueAt);
        return true;
      }
      const outcome = await store.commit(change);
      if (outcome.kind === 'committed') {
        bus.publish({ sessionId, seq: outcome.seq });
        if (typeof change.set.dueAt === 'number') schedule(sessionId, change.set.dueAt);
        if (change.set.status === 'EXPIRED' && session !== null && !session.upstream?.clock) onExpired?.(session);
      }
      if (outcome.kind !== 'conflict') return true;
    }
    return false;
  }

  /** Runs work that the end has to wait for. Its failure is reported, and answered with undefined. */
  function track<T>(work: Promise<T>): Promise<T | undefined> {
    const tracked = work
      .catch((error: unknown) => {
        report(error);
        return undefined;
      })
      .finally(() => running.delete(tracked));
    running.add(tracked);
    return tracked;
  }

  function schedule(sessionId: SessionId, dueAt: number): void {
    const before = planned.get(sessionId);
    // What is further away is found by a later scan.
    if (isStopped() || dueAt > clock.now() + 2 * scanMs || (before !== undefined && before.dueAt <= dueAt)) return;
    before?.timer[Symbol.dispose]();
    const timer = clock.at(dueAt, () => {
      planned.delete(sessionId);
      void track(settle(sessionId));
    });
    planned.set(sessionId, { dueAt, timer });
  }

  /** Settles what is over, a few at a time. Answers how many of them are done with. */
  async function settleAll(over: readonly SessionId[]): Promise<number> {
    const failures: unknown[] = [];
    let done = 0;
    for (let from = 0; from < over.length; from += atOnce) {
      for (const result of await Promise.allSettled(over.slice(from, from + atOnce).map(settle))) {
        if (result.status === 'rejected') failures.push(result.reason);
        else if (result.value) done += 1;
      }
    }
    if (failures.length > 0) report(new AggregateError(failures, `${failures.length} sessions could not be looked after`));
    return done;
  }

  /** Plans what is due soon, and settles what is over. Answers in how many milliseconds to look again. */
  async function scan(): Promise<number> {
    for (;;) {
      const now = clock.now();
      // Those that are waited for come first, as they are over for longest: the page is what is behind them.
      const limit = pageSize + asking.size;
      const due = await store.sessions.due(now + 2 * scanMs, limit);
      const over = due.filter(({ dueAt }) => dueAt <= now);
      for (const { id, dueAt } of due.slice(over.length)) schedule(id, dueAt);
      const done = await settleAll(over.map(({ id }) => id).filter((id) => !asking.has(id)));
      const last = due.at(-1);
      if (isStopped() || last === undefined || due.length < limit) return scanMs;
      // A full page: there may be more behind it. Where all of it lies ahead that can wait until its end.
      if (over.length === 0) return Math.min(scanMs, last.dueAt - clock.now());
      if (done === 0) return scanMs;
    }
  }

  async function scanOn(): Promise<void> {
    const waitMs = await track(scan());
    if (!isStopped()) scanTimer = clock.at(clock.now() + (waitMs ?? scanMs), () => void scanOn());
  }

  return {
    start() {
      if (phase !== 'new') return;
      phase = 'started';
      void scanOn();
    },
    schedule,
    async [Symbol.asyncDispose]() {
      phase = 'stopped';
      scanTimer?.[Symbol.dispose]();
      for (const { timer } of planned.values()) timer[Symbol.dispose]();
      planned.clear();
      await Promise.all(running);
    },
  };
}
