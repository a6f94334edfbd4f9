import { commitAgain } from './commit-again.ts';
import { type Keep, decideForget, decideTombstone, goneOf, isDue, isRemovable, settledAfterMs } from './decide/retention.ts';
import type { SessionId } from './ids.ts';
import type { Clock, History, Holding, Store } from './ports.ts';
import type { Session } from './session.ts';

/** How long, and how much of it, the gateway keeps what it need not keep. Null = for ever, or however much. */
export interface RetentionLimits {
  readonly idempotencyMs: number;
  readonly timelineMs: number | null;
  readonly timelineEvents: number | null;
  readonly messageMs: number | null;
  readonly messageCount: number | null;
  /** From the end of a session to its removal. */
  readonly endedSessionMs: number | null;
}

/** How many of each kind a round has removed. */
export interface Removed {
  /** Idempotency records and challenges. */
  records: number;
  events: number;
  messages: number;
  /** Those of services among them: what is left of these does not count. */
  sessions: number;
}

export interface RoundOptions {
  readonly store: Pick<Store, 'retention' | 'commit'> & { readonly sessions: Pick<Store['sessions'], 'byIds' | 'peek'> };
  readonly clock: Clock;
  readonly limits: RetentionLimits;
  /** Asked before each step. False = the round ends here. */
  readonly mayGoOn: () => Promise<boolean>;
}

const sessionsAtOnce = 200;
const itemsAtOnce = 500;
/** After so many sessions that failed it is not they that fail. */
const maxFailures = 10;

/**
 * Goes through all sessions once and removes what is past its time. Begins at the first one: what a round that was broken off has done is
 * done, and is not met again.
 *
 * @throws AggregateError with what went wrong in single sessions, when the others have been looked after or too many went wrong.
 */
export async function runRound({ store, clock, limits, mayGoOn }: RoundOptions): Promise<Removed> {
  const { retention } = store;
  const removed: Removed = { records: 0, events: 0, messages: 0, sessions: 0 };
  const began = clock.now();
  const before = (ms: number | null): number | null => (ms === null ? null : began - ms);
  const settledAt = began - settledAfterMs;
  const keeps: Readonly<Record<History, Keep>> = {
    events: { since: before(limits.timelineMs), latest: limits.timelineEvents, settledAt },
    messages: { since: before(limits.messageMs), latest: limits.messageCount, settledAt },
  };
  const endedBefore = before(limits.endedSessionMs);
  const failures: unknown[] = [];

  async function trim(history: History, { sessionId, isRemote }: Holding): Promise<void> {
    while (await mayGoOn()) {
      const beginning = await retention.oldest(history, sessionId, itemsAtOnce);
      const gone = goneOf(keeps[history], beginning);
      const last = gone.at(-1);
      if (last === undefined) return;
      if (history === 'messages' && isRemote) {
        const newestAt = Math.max(...gone.map(({ at }) => at));
        if (!(await commitAgain(store, sessionId, (session) => decideForget({ session, now: clock.now() }, newestAt)))) return;
      }
      removed[history] += await retention.deleteThrough(history, sessionId, last.seq);
      if (gone.length < itemsAtOnce) return;
    }
  }

  async function remove({ sessionId, isRemote }: Holding): Promise<void> {
    const isOver = ({ status }: Session): boolean => status !== 'ACTIVE';
    // Not removed before it is known to be over: the next round comes back to it.
    if (isRemote && !(await commitAgain(store, sessionId, (session) => (isOver(session) ? decideTombstone(session, clock.now()) : null))))
      return;
    while (await mayGoOn()) {
      if (!(await retention.removeSession(sessionId, itemsAtOnce))) continue;
      removed.sessions += 1;
      return;
    }
  }

  async function lookAfter(holding: Holding): Promise<void> {
    try {
      if (isRemovable(holding, endedBefore)) return await remove(holding);
      if (isDue(keeps.events, holding.events)) await trim('events', holding);
      if (isDue(keeps.messages, holding.messages)) await trim('messages', holding);
    } catch (error) {
      failures.push(error);
      if (failures.length === maxFailures) throwFailures();
    }
  }

  function throwFailures(): never {
    throw new AggregateError(failures, `${failures.length} sessions could not be looked after`);
  }

  if (!(await mayGoOn())) return removed;
  removed.records = await retention.prune({ idempotency: began - limits.idempotencyMs, challenges: began });
  const { idempotencyMs: _, ...ofSessions } = limits;
  if (Object.values(ofSessions).every((limit) => limit === null)) return removed;
  for (let after: SessionId | null = null; await mayGoOn();) {
    const holdings: readonly Holding[] = await retention.survey(after, sessionsAtOnce);
    for (const holding of holdings) await lookAfter(holding);
    after = holdings.at(-1)?.sessionId ?? null;
    if (after === null) break;
  }
  if (failures.length > 0) throwFailures();
  return removed;
}
