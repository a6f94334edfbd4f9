import type { Commit, CommitOutcome } from '../core/commit.ts';
import type { Store } from '../core/ports.ts';
import { failingIn } from './failure-code.ts';
import type { Instruments } from './instruments.ts';
import type { Tracing } from './tracing.ts';

const kinds = ['creation', 'change'] as const satisfies readonly Commit['kind'][];
const outcomes = ['committed', 'conflict', 'missing', 'handle-taken', 'repeated'] as const satisfies readonly CommitOutcome['kind'][];

/** The store, with its commits counted, timed and traced. Reads go to it as they did: some answer without waiting. */
export function observeStore(store: Store, driver: string, instruments: Instruments | null, tracing: Tracing | null): Store {
  const counters = new Map(
    kinds.flatMap((kind) =>
      [...outcomes, 'failed'].map((outcome) => {
        instruments?.commits.inc({ kind, outcome }, 0);
        return [`${kind} ${outcome}`, instruments?.commits.labels({ kind, outcome })] as const;
      }),
    ),
  );

  async function commit(given: Commit): Promise<CommitOutcome> {
    const began = performance.now();
    const span = tracing?.commit(driver, given.kind) ?? null;
    let outcome: CommitOutcome['kind'] | 'failed' = 'failed';
    instruments?.commitsInFlight.inc();
    try {
      const result = await (span === null ? store.commit(given) : span.run(() => store.commit(given)));
      outcome = result.kind;
      span?.outcome(outcome);
      span?.end(null);
      return result;
    } catch (error) {
      span?.outcome(outcome);
      // Whatever it says to the caller: the store did not do what it is for.
      span?.end({ ...failingIn(error), ours: true });
      throw error;
    } finally {
      instruments?.commitsInFlight.dec();
      instruments?.commitSeconds.observe((performance.now() - began) / 1_000);
      counters.get(`${given.kind} ${outcome}`)?.inc();
    }
  }

  return { ...store, commit };
}
