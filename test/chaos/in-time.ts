import { setTimeout as delay } from 'node:timers/promises';

/** How long what must come is waited for. */
export const patienceMs: number = 120_000;

/** Something that must come did not. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

/** The work's outcome. Rejects with what was waited for where it takes longer than it may. */
export async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = delay(patienceMs, undefined, { signal: done.signal }).then(() => {
    throw new Stuck(`Waited ${patienceMs / 1_000} s for ${what}.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
