import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeEventCursor } from '../../src/core/cursor.ts';
import type { Bus, Store } from '../../src/core/ports.ts';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { accepted, createLiveWorld, eventsDocument, type Joined, type LiveWorld, record, testClockOf } from './live-world.ts';

/** A store of which less can be read from a moment on, as after a removal, a restore, or a failover to a copy that lacked the end. */
function createStoreThatGoesBack(): {
  readonly store: Store;
  readonly reads: () => number;
  goBackTo(head: number, afterReads?: number): void;
} {
  const whole = createMemoryStore();
  let limit = Infinity;
  let reads = 0;
  let next = { head: Infinity, from: Infinity };
  return {
    reads: () => reads,
    goBackTo(head, afterReads = 0) {
      next = { head, from: reads + afterReads };
      if (afterReads === 0) limit = head;
    },
    store: {
      ...whole,
      timeline: {
        async read(sessionId, after, count) {
          if (reads >= next.from) limit = next.head;
          reads += 1;
          const page = await whole.timeline.read(sessionId, after, count);
          const head = Math.min(page.head, limit);
          return { head, oldest: head < 0 ? 0 : page.oldest, events: page.events.filter(({ seq }) => seq <= head) };
        },
        heads: async (ids) => (await whole.timeline.heads(ids)).map((head) => Math.min(head, limit)),
      },
    },
  };
}

describe('a store that has gone back', () => {
  let world: LiveWorld;
  let host: Joined;
  let source: ReturnType<typeof createStoreThatGoesBack>;
  const bus: Bus = { ...createInProcessBus(), lossless: false };
  beforeEach(async () => {
    source = createStoreThatGoesBack();
    world = createLiveWorld({ store: source.store, bus });
    host = await world.create();
    for (const text of ['2', '3', '4']) await world.send(host, text);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const after = (seq: number): string => encodeEventCursor({ epoch: world.store.epoch, sessionId: host.sessionId, seq });

  test.each([
    ['is removed', -1],
    ['lacks its end', 3],
  ])('ends whoever catches up on a session that is over and %s, without looking for ever', async (_, head) => {
    accepted(await world.useCases.end(host.caller, { sessionId: host.sessionId }));
    // The first read finds the place of the cursor.
    source.goBackTo(head, 1);
    const recording = await record(world, host.caller, eventsDocument, { after: after(3) });
    expect(await recording.ended).toMatchObject({ extensions: { code: 'CONFLICT' } });
    expect(source.reads()).toBeLessThan(10);
  });

  test('ends who follows live, for what comes next would have the numbers of what is lost', async () => {
    const recording = await record(world, host.caller, eventsDocument);
    await recording.count(1);
    await testClockOf(world).advance(1_000);
    expect(recording.end).toBeUndefined();
    source.goBackTo(2);
    await testClockOf(world).advance(1_000);
    expect(await recording.ended).toMatchObject({ extensions: { code: 'CONFLICT' } });
    const again = await record(world, host.caller, eventsDocument, { after: after(4) });
    expect((await again.count(1))[0]).toMatchObject({ recovered: false });
    again[Symbol.dispose]();
  });
});
