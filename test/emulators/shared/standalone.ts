import { once } from 'node:events';
import type { Emulator } from './emulator.ts';

/** Runs an emulator as a process of its own until SIGINT or SIGTERM, and prints where it is. */
export async function runStandalone(name: string, start: () => Promise<Pick<Emulator, 'url'> & AsyncDisposable>): Promise<void> {
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const emulator = await start();
  process.stdout.write(`${name} ${emulator.url}\n`);
  await ended;
  await emulator[Symbol.asyncDispose]();
}
