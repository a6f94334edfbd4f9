import type { Clock } from './ports.ts';

// setTimeout counts in 32 bits and fires at once beyond that.
const maxDelayMs = 2_147_483_647;

/** The machine's time. */
export const systemClock: Clock = {
  now: Date.now,
  at(instant, callback) {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const delay = Math.min(Math.max(instant - Date.now(), 0), maxDelayMs);
      // A timer may come a millisecond early, or long before the instant where the machine's time was set back.
      timer = setTimeout(() => (Date.now() < instant ? arm() : callback()), delay).unref();
    };
    arm();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
