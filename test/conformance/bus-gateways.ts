import { expect } from 'vitest';
import type { Bus, Store } from '../../src/core/ports.ts';
import { systemClock } from '../../src/core/system-clock.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { contents, createLiveWorld, type LiveWorld, messagesDocument, record } from '../live/live-world.ts';
import type { BusCheck } from './bus-suite.ts';
import { duration, signal } from './bus-world.ts';

/** Two gateways, each with a bus of its own, over one store. */
function gateways(store: Store, buses: readonly [Bus, Bus], pollMs: number): AsyncDisposable & Readonly<Record<'one' | 'two', LiveWorld>> {
  // The first that is closed would take the store away from the other.
  const shared: Store = { ...store, [Symbol.asyncDispose]: async () => undefined };
  const of = (bus: Bus): LiveWorld => createLiveWorld({ store: shared, bus, clock: systemClock, hub: { pollMs } });
  const [one, two] = [of(buses[0]), of(buses[1])];
  return {
    one,
    two,
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]();
      await two[Symbol.asyncDispose]();
    },
  };
}

/** What the buses are for. */
export function gatewayChecks(check: BusCheck): void {
  check('brings an event of one gateway to a subscriber of another within a second', async ({ open }) => {
    await using store = createMemoryStore();
    // Nothing comes by looking in this test.
    await using both = gateways(store, [await open(), await open()], 600_000);
    const { one, two } = both;
    const host = await one.create();
    using recording = await record(two, host.caller, messagesDocument);
    // Compiles and loads what the others are measured with.
    await one.send(host, 'zero');
    await recording.count(1);
    for (const [index, content] of ['one', 'two', 'three'].entries()) {
      const took = await duration(async () => {
        await one.send(host, content);
        await recording.count(index + 2);
      });
      expect(took).toBeLessThan(1_000);
    }
    expect(contents(recording.received)).toEqual(['zero', 'one', 'two', 'three']);
  });

  check('costs no event where it is down: it comes within the interval of looking', async ({ server, open }) => {
    await using store = createMemoryStore();
    const down = [signal(), signal()] as const;
    const buses = [await open({ onDown: () => down[0].resolve() }), await open({ onDown: () => down[1].resolve() })] as const;
    await using both = gateways(store, buses, 300);
    const { one, two } = both;
    const host = await one.create();
    using recording = await record(two, host.caller, messagesDocument);
    await server.stop();
    await Promise.all(down.map(({ promise }) => promise));
    const took = await duration(async () => {
      await one.send(host, 'one');
      await recording.count(1);
    });
    await server.start();
    expect(took).toBeLessThan(300 + 500);
    expect(contents(recording.received)).toEqual(['one']);
  });

  check('makes up for what was missed as soon as it is back', async ({ server, open }) => {
    await using store = createMemoryStore();
    const down = [signal(), signal()] as const;
    const buses = [await open({ onDown: () => down[0].resolve() }), await open({ onDown: () => down[1].resolve() })] as const;
    await using both = gateways(store, buses, 600_000);
    const { one, two } = both;
    const host = await one.create();
    using recording = await record(two, host.caller, messagesDocument);
    await server.stop();
    await Promise.all(down.map(({ promise }) => promise));
    await one.send(host, 'one');
    expect(recording.received).toEqual([]);
    // Whose hint is lost for good: only the gap tells of it.
    await buses[0][Symbol.asyncDispose]();
    await server.start();
    expect(contents(await recording.count(1))).toEqual(['one']);
  });
}
