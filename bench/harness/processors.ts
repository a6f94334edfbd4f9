import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { childrenOf } from '../../test/support/server-process.ts';
import type { Child } from './child.ts';

/** Processor time that something has used so far, microseconds. */
export type ProcessorClock = () => Promise<number>;

/** Of a process with the probe. */
export const clockOf =
  (child: Child): ProcessorClock =>
  async () =>
    (await child.call('usage', null)).cpuMicros;

/** What /proc counts processor time in. Linux has it at 100 a second towards programs, whatever it counts in itself. */
const tickMicros = 10_000;

/** Ticks of a process, `[its own, of its children that have ended]`; none where it is gone. */
function ticksOf(pid: number): readonly [own: number, ended: number] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // `pid (command) state …`, where the command may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number);
    return [user + system, endedUser + endedSystem];
  } catch {
    return [0, 0];
  }
}

/** Of a process and all that it started: a server with a process for each connection. Linux only. */
export const treeClock =
  (pid: number): ProcessorClock =>
  async () => {
    const [own, ended] = ticksOf(pid);
    return childrenOf(pid).reduce((sum, child) => sum + ticksOf(child)[0], own + ended) * tickMicros;
  };

/** Of several together. */
export const clockOfAll =
  (clocks: readonly ProcessorClock[]): ProcessorClock =>
  async () =>
    (await Promise.all(clocks.map((clock) => clock()))).reduce((sum, micros) => sum + micros, 0);

/** Of everything that runs on this machine. */
export const machineClock: ProcessorClock = async () =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) * 1_000;

/** How many cores each of these keeps busy while something is going on. */
export async function coresOf<Name extends string, T>(
  clocks: Readonly<Record<Name, ProcessorClock>>,
  work: () => Promise<T>,
): Promise<readonly [result: T, cores: Readonly<Record<Name, number>>]> {
  const names = Object.keys(clocks) as Name[];
  const read = (): Promise<number[]> => Promise.all(names.map((name) => clocks[name]()));
  const before = await read();
  const start = performance.now();
  const result = await work();
  const elapsedMicros = (performance.now() - start) * 1_000;
  const after = await read();
  const cores = names.map((name, index) => [name, ((after[index] ?? 0) - (before[index] ?? 0)) / elapsedMicros] as const);
  return [result, Object.fromEntries(cores) as Record<Name, number>];
}
