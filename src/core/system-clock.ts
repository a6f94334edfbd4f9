import type { Clock } from './ports.ts';

// setTimeout counts in 32 bits and fires at once beyond that.
const maxDelayMs = 2_147_483_647;

/** The machine's time. */
export const systemClock: Clock = {
  now: Date.now,
  at(instant, callback) {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const delay = instant - Date.now();
      timer = setTimeout(() => (delay > maxDelayMs ? arm() : callback()), Math.min(Math.max(delay, 0), maxDelayMs)).unref();
    };
    arm();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
