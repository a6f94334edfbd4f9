import { afterEach, describe, expect, test } from 'vitest';
import type { Bus, Hint, Store } from '../../src/core/ports.ts';
import { ProblemError, problem } from '../../src/core/problem.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type LiveWorld, contents, createLiveWorld, messagesDocument, record, testClockOf } from './live-world.ts';

let world: LiveWorld;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** A bus that passes on what the test lets through. */
function lossyBus(): Bus & { passes: (hint: Hint) => boolean; readonly handlers: Set<(hint: Hint) => void>; gap(): void } {
  const handlers = new Set<(hint: Hint) => void>();
  const gapHandlers = new Set<() => void>();
  const bus = {
    lossless: false,
    handlers,
    passes: (_hint: Hint): boolean => true,
    publish(hint: Hint) {
      if (bus.passes(hint)) for (const handler of handlers) handler(hint);
    },
    gap() {
      for (const handler of gapHandlers) handler();
    },
    tell: () => undefined,
    hear: () => () => undefined,
    subscribe(handler: (hint: Hint) => void, onGap?: () => void) {
      handlers.add(handler);
      if (onGap !== undefined) gapHandlers.add(onGap);
      return () => void handlers.delete(handler);
    },
    check: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return bus;
}

describe('hints that are lost', () => {
  test('cost no event: the next one brings what came before it', async () => {
    const bus = lossyBus();
    world = createLiveWorld({ bus });
    const host = await world.create();
    const recording = await record(world, host.caller, messagesDocument);
    await world.send(host, 'one');
    await recording.count(1);
    bus.passes = () => false;
    await world.send(host, 'two');
    await world.send(host, 'three');
    bus.passes = () => true;
    await world.send(host, 'four');
    expect(contents(await recording.count(4))).toEqual(['one', 'two', 'three', 'four']);
  });

  test('are made up for by looking, where none gets through', async () => {
    const bus = lossyBus();
    bus.passes = () => false;
    world = createLiveWorld({ bus, hub: { pollMs: 500 } });
    const host = await world.create();
    const recording = await record(world, host.caller, messagesDocument);
    await testClockOf(world).advance(0);
    await world.send(host, 'one');
    await testClockOf(world).advance(499);
    expect(recording.received).toEqual([]);
    await testClockOf(world).advance(1);
    expect(contents(await recording.count(1))).toEqual(['one']);
  });

  test('are made up for at once where the bus says that some may be lost', async () => {
    const bus = lossyBus();
    bus.passes = () => false;
    world = createLiveWorld({ bus, hub: { pollMs: 600_000 } });
    const host = await world.create();
    const recording = await record(world, host.caller, messagesDocument);
    await testClockOf(world).advance(0);
    await world.send(host, 'one');
    await testClockOf(world).advance(1_000);
    expect(recording.received).toEqual([]);
    bus.gap();
    expect(contents(await recording.count(1))).toEqual(['one']);
  });

  test('do no harm where they come twice, late, or for nothing', async () => {
    const bus = lossyBus();
    world = createLiveWorld({ bus });
    const host = await world.create();
    const recording = await record(world, host.caller, messagesDocument);
    await world.send(host, 'one');
    await recording.count(1);
    for (const seq of [1, 2, 2, 99]) bus.publish({ sessionId: host.sessionId, seq });
    await testClockOf(world).advance(0);
    await world.send(host, 'two');
    expect(contents(await recording.count(2))).toEqual(['one', 'two']);
  });
});

describe('a hint', () => {
  test('is not missed in the moment in which the last one has been dealt with', async () => {
    const bus = lossyBus();
    const store = createMemoryStore();
    let meanwhile: (() => void) | null = null;
    world = createLiveWorld({
      // Nothing looks by itself.
      bus: Object.assign(bus, { lossless: true }),
      store: {
        ...store,
        timeline: {
          ...store.timeline,
          async read(...args) {
            const page = await store.timeline.read(...args);
            if (meanwhile === null) return page;
            // As if the second event had been committed right after the read.
            meanwhile();
            meanwhile = null;
            return { ...page, events: page.events.slice(0, 1) };
          },
        },
      },
    });
    for (let turns = 0; turns < 40; turns++) {
      bus.passes = () => true;
      const host = await world.create();
      using recording = await record(world, host.caller, messagesDocument);
      await testClockOf(world).advance(0);
      bus.passes = () => false;
      await world.send(host, 'one');
      await world.send(host, 'two');
      bus.passes = () => true;
      meanwhile = () => void after(turns, () => bus.publish({ sessionId: host.sessionId, seq: 3 }));
      bus.publish({ sessionId: host.sessionId, seq: 2 });
      await testClockOf(world).advance(0);
      expect([turns, contents(recording.received)]).toEqual([turns, ['one', 'two']]);
    }
  });
});

describe('the last who follows a session', () => {
  test('goes while events are read and more are told of, and leaves nothing running', async () => {
    const bus = lossyBus();
    const store = createMemoryStore();
    let meanwhile = (): void => undefined;
    world = createLiveWorld({
      bus,
      store: {
        ...store,
        timeline: {
          ...store.timeline,
          async read(...args) {
            const page = await store.timeline.read(...args);
            meanwhile();
            return page;
          },
        },
      },
    });
    const host = await world.create();
    const recording = await record(world, host.caller, messagesDocument);
    await testClockOf(world).advance(0);
    meanwhile = () => {
      bus.publish({ sessionId: host.sessionId, seq: 99 });
      recording[Symbol.dispose]();
    };
    await world.send(host, 'one');
    // A watcher that went on for nobody would never let go of the process: not even this would be reached.
    await new Promise((resolve) => setImmediate(resolve));
    expect([world.hub.size, recording.received]).toEqual([0, []]);
  });
});

/** Runs it so many promises later. */
async function after(turns: number, work: () => void): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  work();
}

describe('a store that fails', () => {
  test('is asked again, and no event is lost', async () => {
    let broken = false;
    world = createLiveWorld({ store: failing(createMemoryStore(), () => broken), hub: { pollMs: 500 } });
    const host = await world.create();
    const recording = await record(world, host.caller, messagesDocument);
    await testClockOf(world).advance(0);
    broken = true;
    await world.send(host, 'one');
    await testClockOf(world).advance(100);
    expect(world.failures).toHaveLength(1);
    broken = false;
    await testClockOf(world).advance(400);
    expect(contents(await recording.count(1))).toEqual(['one']);
  });
});

describe('a store that fails while an event is executed', () => {
  const authors = `subscription ($sessionId: ID, $after: String) {
    sessionEvents(sessionId: $sessionId, after: $after) {
      __typename cursor ... on StreamOpened { recovered } ... on MessageAdded { message { content author { name } } }
    }
  }`;
  const names = (received: readonly any[]): readonly string[] =>
    received.flatMap(({ message }) => (message === undefined ? [] : [`${message.content} by ${message.author?.name}`]));

  /** Members cannot be read from the next reading of events on, until it is repaired. */
  function breaking(): { readonly store: Store; break(): void; repair(): void } {
    const store = createMemoryStore();
    let state: 'sound' | 'breaks' | 'broken' = 'sound';
    const check = (): void => {
      if (state === 'broken') throw new ProblemError(problem('UNAVAILABLE', 'The store cannot be reached.', { retryAfterSeconds: 1 }));
    };
    return {
      store: {
        ...store,
        members: {
          list: (queries) => store.members.list(queries),
          ofPrincipal: (principal, ids) => store.members.ofPrincipal(principal, ids),
          sessionsOf: (principal, limit) => store.members.sessionsOf(principal, limit),
          banned: (...given) => store.members.banned(...given),
          async byIds(ids) {
            check();
            return store.members.byIds(ids);
          },
        },
        timeline: {
          ...store.timeline,
          async read(...args) {
            const page = await store.timeline.read(...args);
            if (state === 'breaks' && page.events.length > 0) state = 'broken';
            return page;
          },
        },
      },
      break: () => void (state = 'breaks'),
      repair: () => void (state = 'sound'),
    };
  }

  test('delays the event for those who are live, and spoils it for nobody', async () => {
    const broken = breaking();
    world = createLiveWorld({ store: broken.store, hub: { pollMs: 500 } });
    const host = await world.create({ identity: { name: 'Ada' } });
    const recording = await record(world, host.caller, authors);
    // A group of its own, which needs no member.
    const other = await record(world, host.caller, messagesDocument);
    await testClockOf(world).advance(0);
    broken.break();
    await world.send(host, 'one');
    await testClockOf(world).advance(100);
    expect([world.failures.length, names(recording.received), contents(other.received)]).toEqual([1, [], ['one']]);
    broken.repair();
    await world.send(host, 'two');
    await testClockOf(world).advance(500);
    expect(names(recording.received)).toEqual(['one by Ada', 'two by Ada']);
    expect(contents(other.received)).toEqual(['one', 'two']);
  });

  test('ends the stream of those who catch up, and is not remembered', async () => {
    const broken = breaking();
    world = createLiveWorld({ store: broken.store, hub: { pollMs: 500 } });
    const host = await world.create({ identity: { name: 'Ada' } });
    const before = await record(world, host.caller, authors);
    const [{ cursor }] = await before.count(1);
    await world.send(host, 'one');
    before[Symbol.dispose]();
    broken.break();
    const recording = await record(world, host.caller, authors, { after: cursor });
    expect(await recording.ended).toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    expect(names(recording.received)).toEqual([]);
    broken.repair();
    const again = await record(world, host.caller, authors, { after: cursor });
    expect(names(await again.count(2))).toEqual(['one by Ada']);
  });
});

function failing(store: Store, isBroken: () => boolean): Store {
  return {
    ...store,
    timeline: {
      heads: (ids) => store.timeline.heads(ids),
      async read(...args) {
        if (isBroken()) throw new Error('the disk is gone');
        return await store.timeline.read(...args);
      },
    },
  };
}
