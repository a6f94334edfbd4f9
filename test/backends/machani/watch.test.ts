import { afterEach, describe, expect, test } from 'vitest';
import { memberName } from '../../../src/backends/machani/mapping.ts';
import type { MachaniOptions } from '../../../src/backends/machani/options.ts';
import type { Clock } from '../../../src/core/ports.ts';
import { type MachaniEmulator, type MachaniEmulatorOptions, createMachaniEmulator } from '../../emulators/machani/emulator.ts';
import {
  type Ear,
  type RemoteBackend,
  checkRequests,
  createBackend,
  createEar,
  granted,
  member,
  memberAt,
  outgoing,
  sessionAt,
} from './support.ts';

const route = 'GET /v1/conversation/sessions/:session/events';
let emulator: MachaniEmulator;
let backend: RemoteBackend;
let ear: Ear;
let watch: AsyncDisposable;

/** Follows `lobby`, and waits until it is told that it does. */
async function follow(options: MachaniEmulatorOptions = {}, own: Partial<MachaniOptions> = {}): Promise<void> {
  emulator = await createMachaniEmulator(options);
  backend = createBackend(emulator.url, own);
  emulator.createSession({}, 'lobby');
  ear = createEar();
  const streamed = emulator.streamOpened('lobby');
  watch = backend.service.watch?.(sessionAt('lobby'), ear) ?? { [Symbol.asyncDispose]: () => Promise.resolve() };
  await streamed;
  await ear.until('opened');
}

afterEach(async () => {
  await watch[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
  checkRequests(emulator);
  await emulator[Symbol.asyncDispose]();
});

describe('who follows a session', () => {
  test.each([true, false])('hears what is said, and who comes and goes (events in `result`: %s)', async (wrapped) => {
    await follow({ wrapped });
    emulator.join('lobby', 'eve');
    emulator.publish('lobby', { id: 'm1', name: 'eve', content: 'Hello', channel: 3, createdAt: '2026-01-16T10:00:00.123456789Z' });
    emulator.leave('lobby', 'eve');
    expect(await ear.next()).toEqual({ kind: 'joined', id: 'eve', name: 'eve' });
    expect(await ear.next()).toEqual({
      kind: 'message',
      message: {
        id: 'm1',
        mark: 'm1',
        role: 'USER',
        content: 'Hello',
        author: { id: 'eve', name: 'eve' },
        channel: '3',
        attachments: [],
        metadata: {},
        createdAt: Date.UTC(2026, 0, 16, 10, 0, 0, 123),
      },
    });
    expect(await ear.next()).toEqual({ kind: 'left', id: 'eve' });
  });

  test('hears its own message with its mark, and its own members by the ids that they joined with', async () => {
    await follow({}, { settleMs: 0 });
    const { service } = backend;
    const joined = granted(await service.effects.join?.(sessionAt('lobby'), { ...member('bob', 'Bob'), password: null }));
    const id = memberName(member('bob', 'Bob'));
    expect(await ear.next()).toEqual({ kind: 'joined', id, name: 'Bob' });
    expect(joined?.id).toBe(id);
    const attachments = [{ url: 'https://a.example/b', mediaType: 'image/png', name: null, sizeBytes: 3 }];
    const message = outgoing('Hi', { role: 'ASSISTANT', channel: '2', metadata: { a: 1 }, attachments });
    await service.send?.(sessionAt('lobby', memberAt('bob', id)), message);
    expect((await ear.until('message')).message).toMatchObject({
      id: message.mark,
      mark: message.mark,
      role: 'ASSISTANT',
      content: 'Hi',
      author: { id, name: 'Bob' },
      channel: '2',
      metadata: { a: 1 },
      attachments,
    });
  });

  test("hears of a gateway's members when that had time to write them down", async () => {
    const timers = new Set<() => void>();
    const clock: Clock = {
      now: () => 0,
      at(instant, callback) {
        if (instant === 1_000) timers.add(callback);
        return { [Symbol.dispose]: () => void timers.delete(callback) };
      },
    };
    await follow({}, { clock, graceMs: 1 });
    emulator.join('lobby', 'Bob#abcd1234');
    emulator.join('lobby', 'Dan#abcd1234');
    emulator.leave('lobby', 'Bob#abcd1234');
    emulator.join('lobby', 'eve');
    expect(await ear.next()).toEqual({ kind: 'joined', id: 'eve', name: 'eve' });
    expect(timers.size).toBe(2);
    for (const fire of timers) fire();
    expect(ear.all.slice(-2)).toEqual([
      { kind: 'joined', id: 'Dan#abcd1234', name: 'Dan' },
      { kind: 'left', id: 'Bob#abcd1234' },
    ]);
  });

  test('looks again after what it does not understand, and goes on after what it cannot read', async () => {
    await follow();
    emulator.emit('lobby', 'robot_waved', { hand: 'left' });
    expect(await ear.next()).toEqual({ kind: 'changed' });
    emulator.writeLine('lobby', '{"result":');
    emulator.writeLine('lobby', [1]);
    emulator.writeLine('lobby', '{"result":{"event":"heartbeat","message":{}}}\n');
    expect(await ear.next()).toMatchObject({
      kind: 'failed',
      problem: { code: 'UPSTREAM_FAILED', detail: expect.stringContaining('not JSON') },
    });
    expect(await ear.next()).toMatchObject({
      kind: 'failed',
      problem: { code: 'UPSTREAM_FAILED', detail: expect.stringContaining('no object') },
    });
    emulator.updateSession('lobby', { displayName: 'New' });
    expect(await ear.next()).toEqual({ kind: 'changed' });
    expect(emulator.streamCount('lobby')).toBe(1);
  });

  test('never hears the secret of the session', async () => {
    await follow();
    emulator.emit('lobby', 'message', {
      text: 'x',
      session: { secretKey: 'secret-1' },
      metadata: { secret_key: 'secret-2', kept: [{ secretKey: 'secret-3' }] },
    });
    emulator.emit('lobby', 'message', { session: { secretKey: 'secret-4', name: 'y' } });
    expect((await ear.until('message')).message).toMatchObject({ content: 'x', metadata: { kept: [{}] } });
    await ear.until('message');
    expect(JSON.stringify(ear.all)).not.toContain('secret-');
  });

  test('learns of the end, and that there is nothing to follow any more', async () => {
    await follow();
    emulator.deleteSession('lobby');
    expect(await ear.next()).toEqual({ kind: 'facts', facts: { status: 'ENDED' } });
    await emulator.received(route);
    expect(await ear.next()).toEqual({ kind: 'changed' });
  });
});

describe('a connection that breaks', () => {
  test.each(['END', 'CUT'] as const)('is made again: %s', async (how) => {
    await follow();
    const again = emulator.streamOpened('lobby');
    emulator.emit('lobby', 'heartbeat');
    emulator.breakStreams('lobby', how);
    await again;
    expect(await ear.until('opened')).toEqual({ kind: 'opened' });
    expect(ear.all.filter(({ kind }) => kind === 'failed')).toHaveLength(how === 'CUT' ? 1 : 0);
    emulator.publish('lobby', { content: 'after' });
    expect((await ear.until('message')).message.content).toBe('after');
  });

  test('says why, where the service does', async () => {
    await follow();
    const again = emulator.streamOpened('lobby');
    emulator.breakStreams('lobby', { code: 14, message: 'going away', details: [] });
    expect(await ear.next()).toMatchObject({
      kind: 'failed',
      problem: { detail: expect.stringContaining('going away'), backend: 'rooms' },
    });
    await again;
    expect(await ear.until('opened')).toEqual({ kind: 'opened' });
  });

  test('is made again after a restart', async () => {
    await follow();
    await emulator.stop();
    expect(await ear.until('failed')).toMatchObject({ problem: { backend: 'rooms' } });
    const again = emulator.streamOpened('lobby');
    await emulator.start();
    await again;
    expect(await ear.until('opened')).toEqual({ kind: 'opened' });
  });

  test('is made again where it is silent for too long, which is no failure', async () => {
    await follow({}, { idleMs: 30, reconnectMs: 60_000 });
    await emulator.streamOpened('lobby');
    expect(await ear.next()).toEqual({ kind: 'opened' });
    await emulator.streamOpened('lobby');
    expect(ear.all.filter(({ kind }) => kind !== 'opened')).toEqual([]);
  });

  test('leaves the service to other requests', async () => {
    await follow({ lateHead: true }, { idleMs: 20, graceMs: 1, concurrency: 1, breaker: { failures: 1, openMs: 60_000 } });
    await emulator.streamOpened('lobby');
    await emulator.streamOpened('lobby');
    expect(granted(await backend.service.read(sessionAt('lobby')))).toMatchObject({ title: 'A room' });
    expect(await backend.health()).toMatchObject({ status: 'UP', circuit: 'CLOSED' });
  });
});

describe('a refusal', () => {
  test('is told, and asked about again', async () => {
    await follow();
    const fault = emulator.fault(
      { kind: 'status', status: 403, body: { code: 7, message: 'no', details: [] } },
      { match: route, times: 2 },
    );
    emulator.breakStreams();
    expect(await ear.until('failed')).toMatchObject({ problem: { code: 'UPSTREAM_REFUSED' } });
    expect(await ear.until('failed')).toMatchObject({ problem: { code: 'UPSTREAM_REFUSED' } });
    expect(await ear.until('opened')).toEqual({ kind: 'opened' });
    expect(fault.hits).toBe(2);
  });
});

test('openings that fail in a row come more and more rarely', async () => {
  const delays: number[] = [];
  const clock: Clock = {
    now: () => 0,
    at(instant, callback) {
      // The grace that an opening is given is not waited for.
      if (instant === 1) return { [Symbol.dispose]: () => {} };
      delays.push(instant);
      const soon = setImmediate(callback);
      return { [Symbol.dispose]: () => clearImmediate(soon) };
    },
  };
  await follow({}, { clock, graceMs: 1, reconnectMs: 100 });
  emulator.fault({ kind: 'status', status: 403, body: { code: 7, message: 'no', details: [] } }, { match: route, times: 11 });
  emulator.breakStreams();
  await ear.until('opened');
  // The first is after the end of the connection that there was.
  const longest = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000];
  expect(delays).toHaveLength(longest.length);
  expect(delays.filter((delay, index) => delay > (longest[index] ?? 0) || delay < (longest[index] ?? 0) / 2)).toEqual([]);
});

test('an opening whose head comes late counts as done when it was not refused for a while', async () => {
  await follow({ lateHead: true }, { graceMs: 5 });
  expect(ear.all).toEqual([{ kind: 'opened' }]);
  emulator.publish('lobby', { content: 'first' });
  expect(await ear.next()).toMatchObject({ kind: 'message', message: { content: 'first' } });
});

describe('disposing', () => {
  test('of a watch closes its connection, and nothing is heard after it', async () => {
    await follow();
    const closed = new Promise((resolve) => {
      const [stream] = [...emulator.state.streams];
      stream?.response.on('close', resolve);
    });
    await watch[Symbol.asyncDispose]();
    await watch[Symbol.asyncDispose]();
    await closed;
    expect([ear.all, emulator.streamCount('lobby')]).toEqual([[{ kind: 'opened' }], 0]);
  });

  test('of the backend ends its watches', async () => {
    await follow();
    await backend[Symbol.asyncDispose]();
    const { length } = ear.all;
    const asked = emulator.count(route);
    emulator.publish('lobby', { content: 'late' });
    expect([ear.all.length, emulator.count(route), length]).toEqual([1, asked, 1]);
  });
});
