import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import {
  closeSound,
  contents,
  createLiveWorld,
  eventsDocument,
  type LiveWorld,
  messagesDocument,
  nobody,
  record,
  testClockOf,
  typesOf,
} from './live-world.ts';

let world: LiveWorld;
afterEach(() => closeSound(world));

describe('delivery', () => {
  test('gives the opening first, then every event in order', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const recording = await record(world, host.caller, eventsDocument);
    await recording.count(1);
    const guest = await world.join(host.sessionId);
    await world.send(host, 'one');
    await world.send(guest, 'two');
    const received = await recording.count(4);
    expect(typesOf(received)).toEqual(['StreamOpened', 'MemberJoined', 'MessageAdded', 'MessageAdded']);
    expect(received[0].recovered).toBe(true);
    expect(contents(received)).toEqual(['one', 'two']);
  });

  test('gives nothing of what was before, though the session was being written to while it began', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const first = await record(world, host.caller, messagesDocument);
    await world.send(host, 'before');
    const second = await record(world, host.caller, messagesDocument);
    await world.send(host, 'after');
    expect(contents(await first.count(2))).toEqual(['before', 'after']);
    const later = contents(await second.count(1));
    expect(later).toEqual(['after']);
  });

  test('executes an event once for all who are shown the same, and gives all the same bytes', async () => {
    world = createLiveWorld();
    const host = await world.create({ visibility: 'PUBLIC' });
    const recordings = await Promise.all(
      Array.from({ length: 50 }, () => record(world, nobody, messagesDocument, { sessionId: host.sessionId })),
    );
    await world.send(host, 'warm');
    await Promise.all(recordings.map((recording) => recording.count(1)));
    const before = world.executions();
    await world.send(host, 'hello');
    await Promise.all(recordings.map((recording) => recording.count(2)));
    expect(world.executions() - before).toBe(1);
    expect(new Set(recordings.map(({ payloads }) => payloads[1])).size).toBe(1);
  });

  test('executes per caller what depends on the caller', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const guest = await world.join(host.sessionId);
    const document = 'subscription { messageAdded { session { me { id } } } }';
    const recordings = [await record(world, host.caller, document), await record(world, guest.caller, document)];
    await world.send(host, 'hello');
    await Promise.all(recordings.map((recording) => recording.count(1)));
    expect(recordings.map(({ received }) => received[0].session.me.id)).toEqual([host.memberId, guest.memberId]);
    expect(world.executions()).toBe(2);
  });

  test('executes nothing that nobody is given', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const [kicks, rest] = [
      await record(world, host.caller, 'subscription { memberKicked { member { id } } }'),
      await record(world, host.caller, messagesDocument),
    ];
    await world.send(host, 'hello');
    await rest.count(1);
    expect(world.executions()).toBe(1);
    expect(kicks.received).toEqual([]);
  });

  test('filters by type and channel within one group', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const red = await record(world, host.caller, messagesDocument, { channel: 'red' });
    const blue = await record(world, host.caller, messagesDocument, { channel: 'blue' });
    const joins = await record(world, host.caller, eventsDocument, { types: ['MEMBER_JOINED'] });
    await joins.count(1);
    await world.send(host, 'r1', 'red');
    await world.send(host, 'b1', 'blue');
    await world.join(host.sessionId);
    await world.send(host, 'r2', 'red');
    await world.send(host, 'b2', 'blue');
    expect(contents(await red.count(2))).toEqual(['r1', 'r2']);
    expect(contents(await blue.count(2))).toEqual(['b1', 'b2']);
    expect(typesOf(await joins.count(2))).toEqual(['StreamOpened', 'MemberJoined']);
  });

  test('gives nothing after it was disposed, and forgets the session with its last subscriber', async () => {
    const store = createMemoryStore();
    let reads = 0;
    const read: typeof store.timeline.read = (...args) => {
      reads++;
      return store.timeline.read(...args);
    };
    world = createLiveWorld({ store: { ...store, timeline: { ...store.timeline, read } } });
    const host = await world.create();
    const gone = await record(world, host.caller, messagesDocument);
    const witness = await record(world, host.caller, messagesDocument);
    await world.send(host, 'one');
    await gone.count(1);
    gone[Symbol.dispose]();
    await world.send(host, 'two');
    await witness.count(2);
    expect(contents(gone.received)).toEqual(['one']);
    expect(gone.end).toBeUndefined();
    expect(world.hub.size).toBe(1);
    witness[Symbol.dispose]();
    expect(world.hub.size).toBe(0);
    const before = reads;
    await world.send(host, 'three');
    await testClockOf(world).advance(5_000);
    expect(reads).toBe(before);
  });

  test('shows a member online for as long as it is subscribed', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const online = async (): Promise<boolean | undefined> => (await world.presence.online([host.memberId]))[0];
    const recordings = [await record(world, host.caller, eventsDocument), await record(world, host.caller, eventsDocument)];
    await Promise.all(recordings.map((recording) => recording.count(1)));
    expect(await online()).toBe(true);
    recordings[0]?.[Symbol.dispose]();
    expect(await online()).toBe(true);
    recordings[1]?.[Symbol.dispose]();
    expect(await online()).toBe(false);
  });
});
