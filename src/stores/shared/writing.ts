import type { ProblemError } from '../../core/problem.ts';
import { unavailable } from './unavailable.ts';

/** Whether a store that reads also writes: one that is read only or has no room left refuses what is to be written, and goes on otherwise. */
export interface Writing {
  /** Keeps why it was refused, and answers with what the caller is told. */
  refused(what: string, reason: Error): ProblemError;
  /** That was done, which says something where it was refused before: it may have had nothing to write. */
  done(what: string): void;
  /** Something was written for certain. */
  wrote(): void;
  /** @throws The reason, from a refusal on until something is written, or done that was refused. */
  check(): void;
}

export function createWriting(): Writing {
  const refusedOnes = new Set<string>();
  let latest: Error | null = null;

  function wrote(): void {
    if (latest === null) return;
    refusedOnes.clear();
    latest = null;
  }

  return {
    refused(what, reason) {
      refusedOnes.add(what);
      latest = reason;
      return unavailable('The store takes no writes now.', { cause: reason });
    },
    done(what) {
      if (latest !== null && refusedOnes.has(what)) wrote();
    },
    wrote,
    check() {
      if (latest !== null) throw latest;
    },
  };
}
