import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from './nemesis.ts';
import type { ChaosOptions } from './run-chaos.ts';
import type { BusName } from './world.ts';

/** Three gateways, 50 sessions, 200 subscribers, and faults at random for so long. */
export const longRun = (seed: number, bus: BusName, seconds: number): ChaosOptions => ({
  seed,
  bus,
  gateways: 3,
  sessions: 50,
  subscribersPerSession: 4,
  sendersPerSession: 2,
  crowded: 12,
  mortals: 6,
  senderPauseMs: { from: 200, to: 1_200 },
  faults: (nemesis) => nemesis.rage({ from: 1_500, to: 5_000 }, AbortSignal.timeout(seconds * 1_000)),
});

/** What is struck after how many seconds. Whom it hits, and for how long, is drawn from the seed. */
const schedule: readonly (readonly [number, FaultKind])[] = [
  [1, 'socket-cut'],
  [2, 'gateway-kill'],
  [3, 'bus-freeze'],
  [5, 'answer-lost'],
  [7, 'store-restart'],
  [10, 'gateway-stop'],
  [11, 'socket-cut'],
  [12, 'gateway-freeze'],
  [14, 'gateway-kill'],
  [17, 'answer-lost'],
  [18, 'store-crash'],
  [19, 'bus-stop'],
  [21, 'socket-cut'],
  [22, 'gateway-kill'],
];

/** The same in small, with every kind of fault at its time. */
export const shortRun = (seed: number, bus: BusName): ChaosOptions => ({
  seed,
  bus,
  gateways: 3,
  sessions: 10,
  subscribersPerSession: 4,
  sendersPerSession: 2,
  crowded: 3,
  mortals: 2,
  senderPauseMs: { from: 150, to: 900 },
  faults: async (nemesis) => {
    const strikes = schedule.map(async ([seconds, kind]) => {
      await delay(seconds * 1_000);
      await nemesis.strike(kind);
    });
    await Promise.all([...strikes, delay(26_000)]);
  },
});
