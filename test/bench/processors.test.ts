import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { clockOfAll, coresOf, machineClock, treeClock, type ProcessorClock } from '../../bench/harness/processors.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Works for so long in a process that it starts, and says that it is done; then does nothing. */
const busyChild = `
  const { spawnSync } = require('node:child_process');
  const busy = 'while (process.cpuUsage().user < 100_000);';
  spawnSync(process.execPath, ['-e', busy]);
  console.log('done');
  setInterval(() => {}, 60_000);
`;

it.skipIf(!existsSync('/proc/self/stat'))('counts what the children of a process have used, those that have ended as well', async () => {
  const child = spawn(process.execPath, ['-e', busyChild], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUps.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const clock = treeClock(child.pid ?? 0);
  expect(await clock()).toBeGreaterThanOrEqual(100_000);
  expect(await clockOfAll([clock, clock])()).toBeGreaterThanOrEqual(200_000);
  expect(await machineClock()).toBeGreaterThanOrEqual(await clock());
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await clock()).toBe(0);
});

it('tells how many cores each has kept busy while something was going on', async () => {
  const [idle, busy] = [{ micros: 5 }, { micros: 7 }];
  const clockOf =
    (one: { readonly micros: number }): ProcessorClock =>
    async () =>
      one.micros;
  const start = performance.now();
  const [result, cores] = await coresOf({ idle: clockOf(idle), busy: clockOf(busy) }, async () => {
    busy.micros += 1e9;
    return 'done';
  });
  expect(result).toBe('done');
  expect(cores.idle).toBe(0);
  expect(cores.busy).toBeGreaterThanOrEqual(1e9 / ((performance.now() - start) * 1_000));
});
