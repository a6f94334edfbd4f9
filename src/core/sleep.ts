import type { Clock } from './ports.ts';

/** Resolves at the instant. Rejects with the signal's reason where that comes first. */
export function sleepUntil(clock: Clock, instant: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const wake = clock.at(instant, () => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    });
    const giveUp = (): void => {
      wake[Symbol.dispose]();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
