import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from './statistics.ts';

/** Where the figures come from: without this they mean nothing. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Median time that the disk takes to make a small write durable, milliseconds. */
  readonly fsyncMs: number;
}

function fsyncMs(directory: string): number {
  const file = openSync(join(directory, 'fsync'), 'w');
  const page = Buffer.alloc(4_096);
  try {
    return median(
      Array.from({ length: 50 }, () => {
        const start = performance.now();
        writeSync(file, page);
        fsyncSync(file);
        return performance.now() - start;
      }),
    );
  } finally {
    closeSync(file);
  }
}

/** Describes this machine, and the disk of a folder. */
export const describeMachine = (directory: string): Machine => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()}`,
  node: process.version,
  fsyncMs: fsyncMs(directory),
});
