import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeEventCursor } from '../../src/core/cursor.ts';
import { type RetentionLimits, runRound } from '../../src/core/retention-round.ts';
import { storeDrivers } from '../support/core-service.ts';
import {
  closeSound,
  contents,
  createLiveWorld,
  eventsDocument,
  type Joined,
  type LiveWorld,
  messagesDocument,
  record,
  testClockOf,
} from './live-world.ts';

const minute = 60_000;

describe.each(Object.entries(storeDrivers))('subscriptions where retention removes, on %s', (_, openStore) => {
  let world: LiveWorld;
  let host: Joined;
  beforeEach(async () => {
    world = createLiveWorld({ store: await openStore() });
    // The host's joining is event 1; messages `2` to `6` are old, and `7` and `8` are not.
    host = await world.create();
    for (const seq of [2, 3, 4, 5, 6]) await world.send(host, String(seq));
    await testClockOf(world).advance(40 * minute);
    for (const seq of [7, 8]) await world.send(host, String(seq));
  });
  afterEach(() => closeSound(world));

  const cursorAt = (seq: number): string => encodeEventCursor({ epoch: world.store.epoch, sessionId: host.sessionId, seq });
  const remove = (limits: Partial<RetentionLimits>) =>
    runRound({
      store: world.store,
      clock: world.clock,
      limits: {
        idempotencyMs: 40 * minute,
        timelineMs: null,
        timelineEvents: null,
        messageMs: null,
        messageCount: null,
        endedSessionMs: null,
        ...limits,
      },
      mayGoOn: async () => true,
    });

  test('resuming is told where it lost events, and not one place behind', async () => {
    expect(await remove({ timelineMs: 30 * minute })).toMatchObject({ events: 6 });
    for (const [seq, recovered, first] of [
      [5, false, 8],
      [6, true, 6],
      [7, true, 7],
    ] as const) {
      const recording = await record(world, host.caller, eventsDocument, { after: cursorAt(seq) });
      const received = await recording.count(1 + 8 - first);
      expect(received[0]).toMatchObject({ __typename: 'StreamOpened', recovered, cursor: cursorAt(first) });
      expect(contents(received)).toEqual([7, 8].filter((place) => place > first).map(String));
      recording[Symbol.dispose]();
    }
    const refused = await record(world, host.caller, messagesDocument, { after: cursorAt(5) });
    expect(await refused.ended).toMatchObject({ extensions: { code: 'CONFLICT' } });
    const kept = await record(world, host.caller, messagesDocument, { after: cursorAt(6) });
    expect(contents(await kept.count(2))).toEqual(['7', '8']);
  });

  test('resuming from the last event is recovered where none is kept', async () => {
    await testClockOf(world).advance(40 * minute);
    expect(await remove({ timelineMs: 30 * minute })).toMatchObject({ events: 8 });
    const lost = await record(world, host.caller, eventsDocument, { after: cursorAt(7) });
    expect((await lost.count(1))[0]).toMatchObject({ recovered: false, cursor: cursorAt(8) });
    const kept = await record(world, host.caller, eventsDocument, { after: cursorAt(8) });
    expect((await kept.count(1))[0]).toMatchObject({ recovered: true, cursor: cursorAt(8) });
    await world.send(host, '9');
    expect(contents(await lost.count(2))).toEqual(['9']);
    expect(contents(await kept.count(2))).toEqual(['9']);
  });

  test('who follows live notices nothing', async () => {
    const live = await record(world, host.caller, eventsDocument);
    await live.count(1);
    for (let seq = 9; seq <= 20; seq += 1) {
      await Promise.all([
        world.send(host, String(seq)),
        remove({ timelineMs: 30 * minute, timelineEvents: 1, messageMs: 30 * minute, messageCount: 1 }),
      ]);
      await testClockOf(world).advance(11 * minute);
    }
    expect(contents(await live.count(13))).toEqual(Array.from({ length: 12 }, (__, index) => String(index + 9)));
    expect(live.end).toBeUndefined();
    // Event 20 came while the last round was made.
    const { oldest } = await world.store.timeline.read(host.sessionId, 0, 1);
    expect(oldest).toBeGreaterThanOrEqual(19);
  });

  test('messages that were removed are shown to nobody any more, also where they were shown before', async () => {
    const before = await record(world, host.caller, messagesDocument, { after: cursorAt(1) });
    await before.count(7);
    expect(await remove({ messageMs: 30 * minute })).toMatchObject({ messages: 5, events: 0 });
    const again = await record(world, host.caller, messagesDocument, { after: cursorAt(1) });
    expect(contents(await again.count(2))).toEqual(['7', '8']);
    await world.send(host, '9');
    expect(contents(await again.count(3))).toEqual(['7', '8', '9']);
    expect(contents(await before.count(8)).at(-1)).toBe('9');
  });
});
