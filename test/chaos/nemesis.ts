import { setTimeout as delay } from 'node:timers/promises';
import { type History, outcomeOf } from './history.ts';
import { Stuck, patienceMs } from './in-time.ts';
import type { Random } from './random.ts';
import type { Place, World } from './world.ts';

export const faultKinds = [
  'gateway-kill',
  'gateway-stop',
  'gateway-freeze',
  'store-restart',
  'store-crash',
  'bus-stop',
  'bus-freeze',
  'socket-cut',
  'answer-lost',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface NemesisOptions {
  readonly world: World;
  readonly history: History;
  readonly random: Random;
}

/** A frozen bus stays frozen until so many writes were begun and acknowledged. */
const sendsPastBus = 10;

/** Injects faults. Each is over, and what it hit is up again, when its promise resolves; others may be under way meanwhile. */
export interface Nemesis {
  /** Nothing where its target is being hit already. */
  strike(kind: FaultKind): Promise<void>;
  /** All kinds at random, each once before any comes again, until the signal. Resolves when the last is over. */
  rage(pauseMs: { readonly from: number; readonly to: number }, signal: AbortSignal): Promise<void>;
}

export function createNemesis({ world, history, random }: NemesisOptions): Nemesis {
  const { places, store, bus } = world;
  const busy = new Set<object>();

  /** One whose being away leaves another one up. */
  function victim(): Place | null {
    const free = places.filter((place) => place.isUp && !busy.has(place));
    return free.length > 1 ? random.pick(free) : null;
  }

  const wait = (from: number, to: number): Promise<void> => delay(random.between(from, to));

  async function run(kind: FaultKind, target: object | null, name: string, work: () => Promise<void>): Promise<void> {
    if (target === null || busy.has(target)) return;
    busy.add(target);
    const from = performance.now();
    try {
      await work();
    } finally {
      busy.delete(target);
    }
    history.faults.push({ kind, target: name, from, to: performance.now() });
  }

  function replace(kind: FaultKind, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const place = victim();
    return run(kind, place, place?.name ?? '', async () => {
      await place?.end(signal);
      if (random.chance(0.5)) await wait(0, 3_000);
      await place?.start();
    });
  }

  async function restartStore(signal: NodeJS.Signals | undefined): Promise<void> {
    await store.stop(signal);
    if (random.chance(0.5)) await wait(0, 2_000);
    await store.start();
  }

  async function freezeBus(): Promise<void> {
    const from = performance.now();
    bus.freeze();
    // Sometimes so long that the gateways notice, and give the connection up.
    await wait(1_000, random.chance(0.3) ? 14_000 : 4_000);
    const soon = AbortSignal.timeout(patienceMs);
    while (acknowledgedSince(history, from) < sendsPastBus && !soon.aborted) await delay(20);
    // What is sent does not wait for the bus.
    if (soon.aborted) throw new Stuck(`Waited ${patienceMs / 1_000} s for ${sendsPastBus} writes while the bus was frozen.`);
    bus.thaw();
  }

  function cutSome(): Promise<void> {
    for (const { proxy } of places) {
      for (let left = random.whole(1, Math.max(1, Math.ceil(proxy.connections / 4))); left > 0; left -= 1) {
        proxy.cut(random.whole(0, proxy.connections - 1));
      }
    }
    return Promise.resolve();
  }

  const strikes: Readonly<Record<FaultKind, () => Promise<void>>> = {
    'gateway-kill': () => replace('gateway-kill', 'SIGKILL'),
    'gateway-stop': () => replace('gateway-stop', 'SIGTERM'),
    'gateway-freeze': () => {
      const place = victim();
      return run('gateway-freeze', place, place?.name ?? '', async () => {
        place?.freeze();
        await wait(500, 6_000);
        place?.thaw();
      });
    },
    'store-restart': () => run('store-restart', store, 'SIGINT', () => restartStore('SIGINT')),
    'store-crash': () => {
      // Both are a crash to PostgreSQL: the log is replayed at its start. One lets it tell its clients.
      const signal = random.pick(['SIGQUIT', undefined] as const);
      return run('store-crash', store, signal ?? 'SIGKILL', () => restartStore(signal));
    },
    'bus-stop': () =>
      run('bus-stop', bus, 'bus', async () => {
        await bus.stop();
        await wait(500, 4_000);
        await bus.start();
      }),
    'bus-freeze': () => run('bus-freeze', bus, 'bus', freezeBus),
    'socket-cut': () => run('socket-cut', {}, 'clients', cutSome),
    'answer-lost': () => {
      const { proxy, name } = random.pick(places);
      return run('answer-lost', {}, name, () => Promise.resolve(proxy.loseNextAnswer()));
    },
  };

  return {
    strike: (kind) => strikes[kind](),
    async rage({ from, to }, signal) {
      const underWay: Promise<void>[] = [];
      for (let deck: readonly FaultKind[] = []; ; deck = deck.slice(1)) {
        await delay(random.between(from, to), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) break;
        if (deck.length === 0) deck = random.shuffled(faultKinds);
        underWay.push(strikes[deck[0] as FaultKind]());
      }
      await Promise.all(underWay);
    },
  };
}

/** Acknowledged writes that were begun after this, so far. */
function acknowledgedSince({ writes }: History, time: number): number {
  let count = 0;
  // They are in the order of their ends.
  for (let index = writes.length - 1; index >= 0; index -= 1) {
    const write = writes[index];
    if (write === undefined || (write.attempts.at(-1)?.answeredAt ?? 0) < time) break;
    if (outcomeOf(write) === 'done' && (write.attempts[0]?.sentAt ?? 0) >= time) count += 1;
  }
  return count;
}
