import { setImmediate as turn } from 'node:timers/promises';
import { answer } from './remote.ts';

/** What a process has used so far. */
export interface Usage {
  /** User and system time of all its threads, microseconds. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** JavaScript objects of the main thread, and buffers outside its heap. */
  readonly heapBytes: number;
}

export type ProbeMethods = {
  usage(input: null): Usage;
  /** Collects garbage first: what is left is in use. */
  usageAfterCollection(input: null): Promise<Usage>;
};

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpuMicros: user + system, rssBytes: rss, heapBytes: heapUsed + external };
}

async function usageAfterCollection(): Promise<Usage> {
  if (globalThis.gc === undefined) throw new Error('The process must run with --expose-gc');
  // Finalizers run between collections, and free what the next one finds.
  for (let pass = 0; pass < 5; pass += 1) {
    globalThis.gc();
    await turn();
  }
  return usage();
}

// Preloaded by `--import` into every server that is measured, so that each is asked in the same way.
answer({ usage, usageAfterCollection } satisfies ProbeMethods, false);
