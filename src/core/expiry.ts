import { decideTick } from './decide/lifecycle.ts';
import type { SessionId } from './ids.ts';
import type { Bus, Clock, Store } from './ports.ts';

export interface ExpiryOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  /** How often the store is asked what is due: the most by which another gateway's session can be late. @default 1_000 // 1 second */
  readonly scanMs?: number;
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
export function createExpiry({ store, bus, clock, scanMs = 1_000, report }: ExpiryOptions): Expiry {
  const planned = new Map<SessionId, { readonly dueAt: number; readonly timer: Disposable }>();
  const running = new Set<Promise<void>>();
  let scanTimer: Disposable | null = null;
  let stopped = false;

  async function settle(sessionId: SessionId): Promise<void> {
    const [session = null] = await store.sessions.byIds([sessionId]);
    const change = session && decideTick(session, clock.now());
    if (change === null) {
      // Activity has moved the instant, or the timer was early.
      if (session?.status === 'ACTIVE' && session.dueAt !== null) schedule(sessionId, session.dueAt);
      return;
    }
    const outcome = await store.commit(change);
    if (outcome.kind === 'committed') {
      bus.publish({ sessionId, seq: outcome.seq });
      if (typeof change.set.dueAt === 'number') schedule(sessionId, change.set.dueAt);
    } else if (outcome.kind === 'conflict') {
      await settle(sessionId);
    }
  }

  function track(work: Promise<void>): Promise<void> {
    const tracked = work.catch(report).finally(() => running.delete(tracked));
    running.add(tracked);
    return tracked;
  }

  function schedule(sessionId: SessionId, dueAt: number): void {
    const before = planned.get(sessionId);
    // What is further away is found by a later scan.
    if (stopped || dueAt > clock.now() + 2 * scanMs || (before !== undefined && before.dueAt <= dueAt)) return;
    before?.timer[Symbol.dispose]();
    const timer = clock.at(dueAt, () => {
      planned.delete(sessionId);
      void track(settle(sessionId));
    });
    planned.set(sessionId, { dueAt, timer });
  }

  async function scan(): Promise<void> {
    const now = clock.now();
    const due = await store.sessions.due(now + 2 * scanMs, pageSize);
    const over = due.filter(({ id, dueAt }) => dueAt <= now && !planned.has(id));
    for (const { id, dueAt } of due) if (dueAt > now) schedule(id, dueAt);
    for (let from = 0; from < over.length; from += atOnce) {
      await Promise.all(over.slice(from, from + atOnce).map(({ id }) => track(settle(id))));
    }
    // A full page of what was over, and it is not any more: there may be more behind it.
    const [first] = over.length === pageSize ? await store.sessions.due(now, 1) : [];
    if (!stopped && first !== undefined && first.id !== over[0]?.id) await scan();
  }

  async function scanOn(): Promise<void> {
    await track(scan());
    if (stopped) return;
    scanTimer = clock.at(clock.now() + scanMs, () => void scanOn());
  }

  return {
    start() {
      void scanOn();
    },
    schedule,
    async [Symbol.asyncDispose]() {
      stopped = true;
      scanTimer?.[Symbol.dispose]();
      for (const { timer } of planned.values()) timer[Symbol.dispose]();
      planned.clear();
      await Promise.all(running);
    },
  };
}
