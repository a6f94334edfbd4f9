/** A clock that stands still until it is told to move. By default far from the real time, so that whoever asks for that is found out. */
export interface SteppedClock {
  now(): number;
  advance(ms: number): void;
}

export function createSteppedClock(start: number = Date.UTC(2020, 0, 1)): SteppedClock {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
}
