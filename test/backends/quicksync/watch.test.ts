import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { createQuicksyncBackend } from '../../../src/backends/quicksync/index.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { createRawService, vacantUrl } from '../shared/service.ts';
import { createTestClock } from '../../support/core-clock.ts';
import { type RecordingSink, type World, asMember, createSink, createWorld, memberAt, optionsOf, recordOf } from './world.ts';
import type { SessionAt } from '../../../src/core/service.ts';

let world: World;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

interface Watched extends AsyncDisposable {
  readonly at: SessionAt;
  readonly sink: RecordingSink;
}

async function watched(at?: SessionAt): Promise<Watched> {
  const opened = at ?? (await world.open());
  const sink = createSink();
  const watch = world.service.watch?.(opened, sink);
  await sink.next('opened');
  await world.emulator.hub.connected();
  return { at: opened, sink, [Symbol.asyncDispose]: async () => watch?.[Symbol.asyncDispose]() };
}

describe.each([
  ['a method for each event', null, null],
  ['one method for all, by any name', 'ReceiveEvent', null],
  ['one method for all, by its name', 'ReceiveEvent', 'receiveEvent'],
])('the hub has %s', (_, emulated, hubMethod) => {
  test('and tells who comes and goes, and the end', async () => {
    world = await createWorld({ hubMethod: emulated }, { hubMethod });
    await using watch = await watched();
    const { at, sink } = watch;
    const other = await world.enter(at, 'Grace');
    const [, member] = await sink.next('joined');
    expect(member).toMatchObject({ id: other.as?.id, address: other.as?.address, role: 'MEMBER' });
    await world.service.effects.leave?.(other);
    expect(await sink.next('left')).toEqual(['left', other.as?.id]);
    await world.service.effects.end?.(at);
    expect(await sink.next('facts')).toEqual(['facts', { status: 'ENDED' }]);
  });
});

test('a hub method of another name is passed over', async () => {
  world = await createWorld({ hubMethod: 'ReceiveEvent' }, { hubMethod: 'Other' });
  await using watch = await watched();
  await world.enter(watch.at, 'Grace');
  world.emulator.hub.invoke(world.there(watch.at), 'SessionExpired', []);
  expect(await watch.sink.next('facts')).toEqual(['facts', { status: 'EXPIRED' }]);
  expect(watch.sink.heard.map(([kind]) => kind)).toEqual(['opened', 'facts']);
});

test('data of another shape is read anew', async () => {
  world = await createWorld({ eventData: 'NONE' });
  await using watch = await watched();
  const other = await world.enter(watch.at, 'Grace');
  await watch.sink.next('changed');
  await world.service.effects.leave?.(other);
  await watch.sink.next('changed');
  expect(watch.sink.heard.map(([kind]) => kind)).toEqual(['opened', 'changed', 'changed']);
});

test('who is gone may be told by an id alone, who came may not', async () => {
  world = await createWorld({ eventData: 'ID' });
  await using watch = await watched();
  const other = await world.enter(watch.at, 'Grace');
  await watch.sink.next('changed');
  await world.service.effects.leave?.(other);
  expect(await watch.sink.next('left')).toEqual(['left', other.as?.id]);
});

test('files are read anew, their progress is not', async () => {
  world = await createWorld();
  await using watch = await watched();
  world.emulator.announce(world.there(watch.at), 'FileProgress', { fileKey: 'k' });
  world.emulator.announce(world.there(watch.at), 'FileAdded', { fileKey: 'k' });
  await watch.sink.next('changed');
  expect(watch.sink.heard).toHaveLength(2);
});

describe('the connection', () => {
  test('is made anew when it breaks, and when the service goes away', async () => {
    world = await createWorld();
    await using watch = await watched();
    world.emulator.hub.drop();
    await watch.sink.next('opened');
    const [, cause] = await watch.sink.next('failed');
    expectProblem(cause, 'UPSTREAM_UNAVAILABLE');
    await world.emulator.stop();
    await watch.sink.next('failed');
    await world.emulator.start();
    await watch.sink.next('opened');
    expect(world.emulator.unknownRequests).toEqual([]);
  });

  test('is made anew after rubbish', async () => {
    world = await createWorld();
    await using watch = await watched();
    world.emulator.hub.raw('{not json\u001E');
    await watch.sink.next('failed');
    await watch.sink.next('opened');
    expect(world.emulator.hub.count()).toBe(1);
  });

  test('is made anew when the service sends everybody away', async () => {
    world = await createWorld();
    await using watch = await watched();
    world.emulator.hub.sendAway(world.there(watch.at), null, false);
    await watch.sink.next('failed');
    await watch.sink.next('opened');
    world.emulator.hub.sendAway(world.there(watch.at), null, true);
    await watch.sink.next('opened');
    expect(world.emulator.hub.count()).toBe(1);
  });

  test('is waited for where there is no service yet', async () => {
    world = await createWorld();
    const at = await world.open();
    await world.emulator.stop();
    const sink = createSink();
    world.service.watch?.(at, sink);
    await sink.next('failed');
    await world.emulator.start();
    await sink.next('opened');
    expect(sink.heard[0]?.[0]).toBe('failed');
  });

  test('that is refused means that the membership is over, and is read anew once', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    await using watch = await watched(other);
    await world.service.effects.kick?.(host, asMember(other));
    expect(await watch.sink.next('left')).toEqual(['left', other.as?.id]);
    await watch.sink.next('failed');
    const [, cause] = await watch.sink.next('failed');
    expectProblem(cause, 'NOT_A_MEMBER');
    await watch.sink.next('changed');
    expect(JSON.stringify(watch.sink.heard)).not.toContain(String(other.as?.secret));
  });

  test('of nobody is none', async () => {
    world = await createWorld();
    const sink = createSink();
    world.service.watch?.({ ...(await world.open()), as: null }, sink);
    const [, cause] = await sink.next('failed');
    expectProblem(cause, 'CONFLICT');
    expect(world.emulator.hub.count()).toBe(0);
  });
});

describe('disposing', () => {
  test('leaves nothing behind', async () => {
    world = await createWorld();
    const watch = await watched();
    await watch[Symbol.asyncDispose]();
    await watch[Symbol.asyncDispose]();
    await expect.poll(() => world.emulator.hub.count()).toBe(0);
    await world.enter(watch.at, 'Grace');
    expect(watch.sink.heard).toEqual([['opened']]);
  });

  test('does not wait for a handshake that hangs', async () => {
    world = await createWorld({}, { timeoutMs: 60_000 });
    const at = await world.open();
    world.emulator.hub.hangs = true;
    const handshake = once(world.emulator.server, 'upgrade');
    const watch = world.service.watch?.(at, createSink());
    await handshake;
    await watch?.[Symbol.asyncDispose]();
    expect(world.emulator.hub.count()).toBe(0);
  });

  test('does not wait for a negotiation that hangs', async () => {
    world = await createWorld({}, { timeoutMs: 60_000 });
    const at = await world.open();
    world.emulator.fault({ kind: 'hang' }, { match: 'POST /v1/hubs/session/negotiate' });
    const negotiated = world.emulator.received('POST /v1/hubs/session/negotiate');
    const watch = world.service.watch?.(at, createSink());
    await negotiated;
    await watch?.[Symbol.asyncDispose]();
    expect(world.emulator.hub.count()).toBe(0);
  });

  test('of the backend ends its watches', async () => {
    world = await createWorld();
    const at = await world.open();
    const sink = createSink();
    world.service.watch?.(at, sink);
    await sink.next('opened');
    await world.service[Symbol.asyncDispose]();
    await expect.poll(() => world.emulator.hub.count()).toBe(0);
    expect(sink.heard).toEqual([['opened']]);
  });
});

test('a handshake that hangs is given up, and tried again', async () => {
  world = await createWorld({}, { timeoutMs: 500 });
  const at = await world.open();
  world.emulator.hub.hangs = true;
  const sink = createSink();
  world.service.watch?.(at, sink);
  await sink.next('failed');
  world.emulator.hub.hangs = false;
  await sink.next('opened');
  expect(world.emulator.hub.count()).toBe(1);
});

test('no service at all is borne with', async () => {
  world = await createWorld();
  using raw = await createRawService((socket) => void socket.end('nonsense\r\n\r\n'));
  for (const url of [raw.url, await vacantUrl()]) {
    const backend = createQuicksyncBackend(optionsOf(url));
    const sink = createSink();
    const as = memberAt(await world.joiner('Ada'), { id: 'u', secret: 's' });
    backend.service?.watch?.({ session: recordOf('s'), secret: null, as }, sink);
    const [, cause] = await sink.next('failed');
    expectProblem(cause, 'UPSTREAM_UNAVAILABLE');
    await backend.service?.[Symbol.asyncDispose]();
  }
});

describe('chats', () => {
  test('are looked at from time to time, until disposed', async () => {
    const clock = createTestClock();
    world = await createWorld({}, { pollMs: 500, clock });
    const watch = await watched();
    await clock.advance(1_600);
    expect(watch.sink.heard.filter(([kind]) => kind === 'changed')).toHaveLength(3);
    await watch[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
    await clock.advance(5_000);
    expect(watch.sink.heard.filter(([kind]) => kind === 'changed')).toHaveLength(3);
  });

  test('are looked at no more when what comes of a look is the end', async () => {
    const clock = createTestClock();
    world = await createWorld({}, { pollMs: 500, clock });
    const at = await world.open();
    const sink = createSink();
    const ended = new Promise<void>((resolve) => {
      const watch = world.service.watch?.(at, { ...sink, changed: () => void watch?.[Symbol.asyncDispose]().then(resolve) });
    });
    await sink.next('opened');
    await clock.advance(500);
    await ended;
    expect(clock.pending).toBe(0);
  });

  test('are not where there are none', async () => {
    const clock = createTestClock();
    world = await createWorld({ chats: false }, { pollMs: 500, clock, chats: false });
    await using watch = await watched();
    await clock.advance(1_600);
    expect(watch.sink.heard).toEqual([['opened']]);
  });
});
