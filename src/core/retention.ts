import type { Clock, Store } from './ports.ts';
import { type Removed, type RetentionLimits, type RoundOptions, runRound } from './retention-round.ts';

export interface RetentionOptions {
  readonly store: RoundOptions['store'] & Pick<Store, 'lease'>;
  readonly clock: Clock;
  readonly limits: RetentionLimits;
  /** How often it is looked for what is past its time. @default 600_000 // 10 minutes */
  readonly intervalMs?: number;
  /** After this without a word of it another gateway takes a round to be over. @default 60_000 // 1 minute */
  readonly leaseMs?: number;
  /** Told what a round has removed; null = another gateway was at it. @default nobody */
  readonly onRound?: (removed: Removed | null) => void;
  /** Told of what went wrong; the next round tries again. */
  readonly report: (error: unknown) => void;
}

/** Removes what need not be kept, as a task that each gateway has and one of them does at a time. */
export interface Retention extends AsyncDisposable {
  start(): void;
}

const leaseName = 'retention';

/** Two who take the round for theirs would do no harm, only the work twice: the lease need not be more than a promise. */
export function createRetention({
  store,
  clock,
  limits,
  intervalMs = 600_000,
  leaseMs = 60_000,
  onRound,
  report,
}: RetentionOptions): Retention {
  const holder = crypto.randomUUID();
  let timer: Disposable | null = null;
  let running: Promise<void> = Promise.resolve();
  let phase: 'new' | 'started' | 'stopped' = 'new';
  const isStopped = (): boolean => phase === 'stopped';

  /** Null = another gateway is at it. */
  async function runAlone(): Promise<Removed | null> {
    let extendAt = -Infinity;
    let isOurs = true;
    const mayGoOn = async (): Promise<boolean> => {
      const now = clock.now();
      if (isOurs && !isStopped() && now >= extendAt) {
        extendAt = now + leaseMs / 3;
        isOurs = await store.lease(leaseName, holder, now, now + leaseMs);
      }
      return isOurs && !isStopped();
    };
    if (!(await mayGoOn())) return null;
    try {
      return await runRound({ store, clock, limits, mayGoOn });
    } finally {
      await store.lease(leaseName, holder, clock.now(), clock.now()).catch(report);
    }
  }

  async function round(): Promise<void> {
    try {
      const removed = await runAlone();
      onRound?.(removed);
    } catch (error) {
      report(error);
    }
    if (isStopped()) return;
    timer = clock.at(clock.now() + intervalMs, () => {
      running = round();
    });
  }

  return {
    start() {
      if (phase !== 'new') return;
      phase = 'started';
      running = round();
    },
    async [Symbol.asyncDispose]() {
      phase = 'stopped';
      timer?.[Symbol.dispose]();
      await running;
    },
  };
}
