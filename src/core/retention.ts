import type { Clock, Store } from './ports.ts';

export interface RetentionOptions {
  readonly store: Pick<Store, 'prune'>;
  readonly clock: Clock;
  /** How long an idempotency key is remembered. @default 86_400_000 // 24 hours */
  readonly idempotencyMs?: number;
  /** How often it is looked for what is past its time. @default 600_000 // 10 minutes */
  readonly intervalMs?: number;
  /** Told of what went wrong; the next round tries again. */
  readonly report: (error: unknown) => void;
}

/** Forgets what need not be kept: idempotency keys past their time, challenges that nobody answered. */
export interface Retention extends AsyncDisposable {
  start(): void;
}

export function createRetention({ store, clock, idempotencyMs = 86_400_000, intervalMs = 600_000, report }: RetentionOptions): Retention {
  let timer: Disposable | null = null;
  let running: Promise<void> = Promise.resolve();
  let phase: 'new' | 'started' | 'stopped' = 'new';
  const isStopped = (): boolean => phase === 'stopped';

  async function round(): Promise<void> {
    const now = clock.now();
    await store.prune({ idempotency: now - idempotencyMs, challenges: now }).catch(report);
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
