import { afterEach, describe, expect, test } from 'vitest';
import { encodeEventCursor } from '../../src/core/cursor.ts';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import type { Bus, Store } from '../../src/core/ports.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import {
  accepted,
  closeSound,
  contents,
  createLiveWorld,
  eventsDocument,
  type Joined,
  type LiveWorld,
  messagesDocument,
  record,
  testClockOf,
  typesOf,
} from './live-world.ts';

let world: LiveWorld;
afterEach(() => closeSound(world));

const cursorAt = ({ sessionId }: Joined, seq: number, epoch = world.store.epoch): string => encodeEventCursor({ epoch, sessionId, seq });
const numbers = (from: number, to: number): readonly string[] => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** The host's joining is event 1; messages `2` to `last` are the events by those numbers. */
async function talk(last: number): Promise<Joined> {
  const host = await world.create();
  for (let seq = 2; seq <= last; seq++) await world.send(host, String(seq));
  return host;
}

describe('resuming by cursor', () => {
  test('gives what was missed and goes on live', async () => {
    world = createLiveWorld();
    const host = await talk(5);
    const recording = await record(world, host.caller, eventsDocument, { after: cursorAt(host, 3) });
    await recording.count(3);
    await world.send(host, '6');
    const received = await recording.count(4);
    expect(received[0]).toMatchObject({ __typename: 'StreamOpened', recovered: true, cursor: cursorAt(host, 3) });
    expect(contents(received)).toEqual(['4', '5', '6']);
  });

  test('gives the end of a session that those who follow it have not been given yet', async () => {
    const silent: Bus = { ...createInProcessBus(), publish() {} };
    world = createLiveWorld({ bus: silent });
    const host = await talk(3);
    const behind = await record(world, host.caller, eventsDocument);
    await behind.count(1);
    accepted(await world.useCases.end(host.caller, { sessionId: host.sessionId }));
    const recording = await record(world, host.caller, eventsDocument, { after: cursorAt(host, 3) });
    expect(await recording.ended).toBe('complete');
    expect(typesOf(recording.received)).toEqual(['StreamOpened', 'SessionEnded']);
  });

  test('resumes from any event, and from the opening, without a gap or a repeat', async () => {
    world = createLiveWorld();
    const host = await talk(1);
    const first = await record(world, host.caller, eventsDocument);
    await first.count(1);
    for (const text of ['2', '3', '4']) await world.send(host, text);
    const seen = await first.count(4);
    const tails = await Promise.all(
      seen.map(async ({ cursor }, index) => {
        const recording = await record(world, host.caller, eventsDocument, { after: cursor });
        return contents(await recording.count(4 - index));
      }),
    );
    expect(tails).toEqual([['2', '3', '4'], ['3', '4'], ['4'], []]);
  });

  test.each([1, 2, 7])('hands over to the live group while events keep coming, in pages of %i', async (replayPage) => {
    world = createLiveWorld({ hub: { replayPage } });
    const host = await talk(40);
    const writing = (async () => {
      for (let seq = 41; seq <= 120; seq++) await world.send(host, String(seq));
    })();
    const recordings = await Promise.all(
      numbers(0, 19).map((after) => record(world, host.caller, messagesDocument, { after: cursorAt(host, Number(after) + 1) })),
    );
    await writing;
    for (const [index, recording] of recordings.entries()) {
      expect(contents(await recording.count(119 - index))).toEqual(numbers(index + 2, 120));
    }
  });

  test('gives those who come back together what was executed once', async () => {
    world = createLiveWorld();
    const host = await talk(20);
    const recordings = await Promise.all(
      numbers(1, 30).map(() => record(world, host.caller, messagesDocument, { after: cursorAt(host, 1) })),
    );
    await Promise.all(recordings.map((recording) => recording.count(19)));
    expect(world.executions()).toBe(19);
  });

  test('says so where the cursor is of another store', async () => {
    world = createLiveWorld();
    const host = await talk(5);
    const recording = await record(world, host.caller, eventsDocument, { after: cursorAt(host, 3, 'another0') });
    await recording.count(1);
    await world.send(host, 'live');
    const received = await recording.count(2);
    expect(received[0]).toMatchObject({ recovered: false, cursor: cursorAt(host, 5) });
    expect(contents(received)).toEqual(['live']);
  });

  test('says so where the cursor is beyond the end', async () => {
    world = createLiveWorld();
    const host = await talk(3);
    const recording = await record(world, host.caller, eventsDocument, { after: cursorAt(host, 9) });
    expect((await recording.count(1))[0]).toMatchObject({ recovered: false, cursor: cursorAt(host, 3) });
  });

  test('says so where what followed is no longer kept, and not where it just is', async () => {
    const store = forgetting(createMemoryStore(), 4);
    world = createLiveWorld({ store });
    const host = await talk(6);
    const lost = await record(world, host.caller, eventsDocument, { after: cursorAt(host, 2) });
    expect((await lost.count(1))[0]).toMatchObject({ recovered: false, cursor: cursorAt(host, 6) });
    const kept = await record(world, host.caller, eventsDocument, { after: cursorAt(host, 3) });
    const received = await kept.count(4);
    expect(received[0].recovered).toBe(true);
    expect(contents(received)).toEqual(['4', '5', '6']);
  });

  test('refuses messages that cannot be resumed', async () => {
    world = createLiveWorld();
    const host = await talk(3);
    const recording = await record(world, host.caller, messagesDocument, { after: cursorAt(host, 1, 'another0') });
    expect(await recording.ended).toMatchObject({
      message: expect.stringContaining('read the session again'),
      extensions: { code: 'CONFLICT', path: ['after'] },
    });
    expect(recording.received).toEqual([]);
  });

  test('leaves out messages that were cleared, also those it has executed before', async () => {
    world = createLiveWorld();
    const host = await talk(1);
    const first = await record(world, host.caller, eventsDocument);
    await first.count(1);
    await world.send(host, 'secret');
    await first.count(2);
    await world.useCases.clear(host.caller, {});
    await first.count(3);
    const second = await record(world, host.caller, eventsDocument, { after: cursorAt(host, 1) });
    expect(typesOf(await second.count(2))).toEqual(['StreamOpened', 'MessagesCleared']);
  });

  test('shows nothing of cleared messages in what it executed before they were', async () => {
    world = createLiveWorld();
    const host = await talk(1);
    const document =
      'subscription ($after: String) { sessionEvents(after: $after) { session { messages(first: 9) { nodes { content } } } } }';
    const first = await record(world, host.caller, document);
    await first.count(1);
    await world.send(host, 'secret');
    await world.join(host.sessionId);
    expect(JSON.stringify(await first.count(3))).toContain('secret');
    accepted(await world.useCases.clear(host.caller, {}));
    await first.count(4);
    const second = await record(world, host.caller, document, { after: cursorAt(host, 1) });
    expect(JSON.stringify(await second.count(3))).not.toContain('secret');
  });

  test('may overtake the group, and is not given again what it has read itself', async () => {
    const held = holding(createMemoryStore());
    world = createLiveWorld({ store: held.store });
    const host = await talk(3);
    const live = await record(world, host.caller, messagesDocument);
    await testClockOf(world).advance(0);
    // The group's own read is on its way for long.
    const release = held.next();
    await world.send(host, '4');
    const ahead = await record(world, host.caller, messagesDocument, { after: cursorAt(host, 1) });
    expect(contents(await ahead.count(3))).toEqual(['2', '3', '4']);
    expect(live.received).toEqual([]);
    release();
    await live.count(1);
    await world.send(host, '5');
    expect(contents(await live.count(2))).toEqual(['4', '5']);
    expect(contents(await ahead.count(4))).toEqual(['2', '3', '4', '5']);
  });

  test('gives no more than the sink takes', async () => {
    world = createLiveWorld({ hub: { maxBufferedBytes: 1_000, replayPage: 10 } });
    const host = await talk(40);
    const recording = await record(
      world,
      host.caller,
      messagesDocument,
      { after: cursorAt(host, 1) },
      // Nothing is taken by the peer until it drains.
      { onSend: (own) => (own.buffered += own.payloads.at(-1)?.byteLength ?? 0) },
    );
    const bytes = (): number => recording.payloads.reduce((sum, { byteLength }) => sum + byteLength, 0);
    await recording.count(1);
    for (let taken = 0; recording.received.length < 39; taken = bytes()) {
      await testClockOf(world).advance(0);
      // Half the bound, and the event that went over it.
      expect(bytes() - taken).toBeLessThan(1_000);
      recording.drain();
      await recording.count(Math.min(recording.received.length + 1, 39));
    }
    expect(contents(recording.received)).toEqual(numbers(2, 40));
    expect(recording.end).toBeUndefined();
  });
});

/** A store whose timelines begin with `oldest`: what a retention leaves. */
function forgetting(store: Store, oldest: number): Store {
  return {
    ...store,
    timeline: {
      heads: (ids) => store.timeline.heads(ids),
      async read(sessionId, after, limit) {
        const { events, head } = await store.timeline.read(sessionId, Math.max(after, oldest - 1), limit);
        return { events, oldest, head };
      },
    },
  };
}

/** A store of which the test can have one read of a timeline wait. */
function holding(store: Store): { readonly store: Store; readonly next: () => () => void } {
  let gate: Promise<void> | null = null;
  return {
    store: {
      ...store,
      timeline: {
        heads: (ids) => store.timeline.heads(ids),
        async read(...args) {
          const waiting = gate;
          gate = null;
          await waiting;
          return await store.timeline.read(...args);
        },
      },
    },
    next() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}
