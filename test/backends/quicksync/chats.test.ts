import { afterEach, describe, expect, test } from 'vitest';
import type { Service, SessionAt } from '../../../src/core/service.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import type { RequestMatch } from '../../emulators/shared/request-log.ts';
import type { Seat } from '../../emulators/quicksync/state.ts';
import { type World, createWorld, good, outgoing } from './world.ts';

let world: World;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const chats = (): Required<Pick<Service, 'send' | 'history'>> => world.service as Required<Pick<Service, 'send' | 'history'>>;

const seatOf = ({ as }: SessionAt): Seat => {
  const seat = world.emulator.state.seatOf(as?.secret ?? '');
  if (typeof seat === 'number') throw new Error(`Expected a seat, got ${seat}`);
  return seat;
};

test('what is sent has the id that history has', async () => {
  world = await createWorld();
  const at = await world.open();
  const sent = good(await chats().send(at, outgoing('hello')));
  const [message, ...others] = good(await chats().history(at, null));
  expect(others).toEqual([]);
  expect(message).toEqual({
    id: sent.id,
    role: 'USER',
    content: 'hello',
    author: { id: at.as?.id, name: 'Ada' },
    createdAt: expect.closeTo(Date.now(), -5),
  });
  expect(sent).toMatchObject({ facts: {}, reply: null });
});

test('an id that is not told is found by what was said', async () => {
  world = await createWorld({ chatReply: 'EMPTY' });
  const at = await world.open();
  expect(good(await chats().send(at, outgoing('hello'))).id).toBeNull();
  expect(world.service.matchesByContent).toBe(true);
});

test('280 characters are taken, and no more are sent', async () => {
  world = await createWorld();
  const at = await world.open();
  good(await chats().send(at, outgoing('x'.repeat(280))));
  const { detail } = expectProblem(await chats().send(at, outgoing('x'.repeat(281))), 'BAD_INPUT', ['content']);
  expect(detail).toContain('280');
  // As the service counts: two units each.
  expectProblem(await chats().send(at, outgoing('😀'.repeat(141))), 'BAD_INPUT', ['content']);
  expect(world.emulator.count('POST /v1/chats')).toBe(1);
});

describe('history', () => {
  test('is read in pages, oldest first, no further back than asked', async () => {
    let now = 1_000;
    world = await createWorld({ now: () => now });
    const at = await world.open();
    const seat = seatOf(at);
    for (; now < 1_050; now += 1) world.emulator.state.chat(seat, `at ${now}`);
    const all = good(await chats().history(at, null));
    expect(all.map(({ content }) => content)).toEqual(Array.from({ length: 50 }, (_, index) => `at ${1_000 + index}`));
    expect(world.emulator.count('GET /v1/chats')).toBe(3);
    const late = good(await chats().history(at, 1_045));
    expect(late.map(({ createdAt }) => createdAt)).toEqual([1_045, 1_046, 1_047, 1_048, 1_049]);
    expect(world.emulator.count('GET /v1/chats')).toBe(4);
    expect(good(await chats().history(at, 2_000))).toEqual([]);
  });

  test('goes back a thousand messages at most, the newest', async () => {
    let now = 0;
    world = await createWorld({ now: () => now });
    const at = await world.open({ lifetimeSeconds: 60 });
    const seat = seatOf(at);
    for (; now < 1_100; now += 1) world.emulator.state.chat(seat, `at ${now}`);
    const all = good(await chats().history(at, null));
    expect([all.length, all[0]?.createdAt, all.at(-1)?.createdAt]).toEqual([1_000, 100, 1_099]);
    expect(world.emulator.count('GET /v1/chats')).toBe(50);
  });

  test('has nothing twice that is moved down by what is said meanwhile', async () => {
    let now = 0;
    world = await createWorld({ now: () => now });
    const at = await world.open({ lifetimeSeconds: 60 });
    const seat = seatOf(at);
    for (; now < 30; now += 1) world.emulator.state.chat(seat, `at ${now}`);
    // Said after the first page was answered and before the second one is.
    const isSecond: RequestMatch = ({ url }) => url.includes('Skip=20');
    world.emulator.fault({ kind: 'delay', ms: 20 }, { match: isSecond });
    const second = world.emulator.received(isSecond);
    const reading = chats().history(at, null);
    await second;
    world.emulator.state.chat(seat, 'meanwhile');
    const ids = good(await reading).map(({ id }) => id);
    expect(ids).toHaveLength(30);
    expect(new Set(ids).size).toBe(30);
  });
});

describe('history that has been read', () => {
  /** Sessions are made at 0 and last long; chats are said at 1, 2, 3, … */
  async function talk(count: number): Promise<{ readonly at: SessionAt; readonly say: (more: number, from?: number) => void }> {
    let now = 0;
    let last = 0;
    world = await createWorld({ now: () => now });
    const at = await world.open();
    const say = (more: number, from = last + 1): void => {
      for (now = from; now < from + more; now += 1) world.emulator.state.chat(seatOf(at), `at ${now}`);
      last = Math.max(last, now - 1);
    };
    say(count);
    return { at, say };
  }
  /** When the chats were said that it is of, and by how many requests that was found out. */
  async function read(
    at: SessionAt,
    after: number | null = null,
  ): Promise<{ readonly times: readonly number[]; readonly requests: number }> {
    world.emulator.clear();
    const times = good(await chats().history(at, after)).map(({ createdAt }) => createdAt);
    return { times, requests: world.emulator.count('GET /v1/chats') };
  }
  const upTo = (last: number, first = 1): readonly number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);

  test('is not read again: a request, and one more for each page of what is new', async () => {
    const { at, say } = await talk(400);
    expect(await read(at)).toEqual({ times: upTo(400), requests: 20 });
    expect(await read(at)).toEqual({ times: upTo(400), requests: 1 });
    say(3);
    expect(await read(at)).toEqual({ times: upTo(403), requests: 1 });
    say(25);
    expect(await read(at)).toEqual({ times: upTo(428), requests: 2 });
    expect(await read(at, 420)).toEqual({ times: upTo(428, 420), requests: 1 });
    // By whichever member.
    expect(await read(await world.enter(at, 'Grace'))).toEqual({ times: upTo(428), requests: 1 });
  });

  test('goes on beyond a thousand, of which the newest are told', async () => {
    const { at, say } = await talk(1_100);
    expect(await read(at)).toEqual({ times: upTo(1_100, 101), requests: 50 });
    say(5);
    expect(await read(at)).toEqual({ times: upTo(1_105, 106), requests: 1 });
    say(1_200);
    expect(await read(at)).toEqual({ times: upTo(2_305, 1_306), requests: 50 });
  });

  test('misses nothing that the service tells of late', async () => {
    const { at, say } = await talk(100);
    await read(at);
    say(1, 30);
    const { times } = await read(at);
    expect(times).toEqual([...upTo(30), ...upTo(100, 30)]);
    expect((await read(at)).requests).toBe(1);
  });

  test('has what was deleted since, and costs no more for it', async () => {
    const { at, say } = await talk(100);
    await read(at);
    world.there(at).chats.splice(50, 10);
    expect(await read(at)).toEqual({ times: upTo(100), requests: 1 });
    say(2);
    expect(await read(at)).toEqual({ times: upTo(102), requests: 1 });
  });

  test('has no gap where less than all was asked for in between', async () => {
    const { at, say } = await talk(30);
    await read(at);
    say(100);
    expect(await read(at, 125)).toEqual({ times: upTo(130, 125), requests: 1 });
    expect((await read(at)).times).toEqual(upTo(130));
  });

  test('is known where the service does not say how many there are', async () => {
    const { at } = await talk(0);
    const chat = (id: number) => ({ chatId: id, message: 'x', createdAt: new Date(id).toISOString() });
    const messages = upTo(20).map(chat).toReversed();
    {
      using _ = world.emulator.fault({ kind: 'nonsense', body: { messages: [] } }, { match: ({ url }) => url.includes('Skip=20') });
      world.emulator.fault({ kind: 'nonsense', body: { messages } }, { times: 1 });
      expect(await read(at)).toEqual({ times: upTo(20), requests: 2 });
    }
    world.emulator.fault({ kind: 'nonsense', body: { messages: [chat(21), ...messages.slice(0, 19)] } });
    expect(await read(at)).toEqual({ times: upTo(21), requests: 1 });
  });

  test('is not kept of a service that does not answer, and is there when it does again', async () => {
    const { at } = await talk(30);
    await read(at);
    {
      using _ = world.emulator.fault({ kind: 'status', status: 500 });
      expectProblem(await chats().history(at, null), 'UPSTREAM_FAILED');
    }
    expect(await read(at)).toEqual({ times: upTo(30), requests: 1 });
  });
});

describe('a member who is out, or a session that is over', () => {
  test('has no chats', async () => {
    world = await createWorld();
    const host = await world.open();
    const other = await world.enter(host, 'Grace');
    good(await world.service.effects.leave?.(other));
    expectProblem(await chats().send(other, outgoing('hello')), 'NOT_A_MEMBER');
    expectProblem(await chats().history(other, null), 'NOT_A_MEMBER');
    expectProblem(await chats().send({ ...host, as: null }, outgoing('hello')), 'CONFLICT');
    good(await world.service.effects.end?.(host));
    expectProblem(await chats().send(host, outgoing('hello')), 'ENDED');
    expectProblem(await chats().history(host, null), 'ENDED');
  });
});

test('a closed beta is told of, whether it is forbidden or not there', async () => {
  world = await createWorld({ chats: false });
  const at = await world.open();
  expect(expectProblem(await chats().send(at, outgoing('hello')), 'UPSTREAM_REFUSED').detail).toContain('`chats`');
  world.emulator.fault({ kind: 'status', status: 404 }, { match: ({ url }) => url.startsWith('/v1/chats') });
  expect(expectProblem(await chats().history(at, null), 'UPSTREAM_REFUSED').detail).toContain('`chats`');
});

test('without it messages stay at the gateway', async () => {
  world = await createWorld({}, { chats: false });
  expect(Object.keys(world.service)).not.toContain('send');
  expect(Object.keys(world.service)).not.toContain('history');
  expect(world.service.matchesByContent).toBe(false);
  expect(world.backend.features).toMatchObject({ MESSAGES: 'GATEWAY', HISTORY: 'GATEWAY', LIVE_EVENTS: 'UPSTREAM' });
});

test.each([
  [{ messages: [{ chatId: 'c', message: 'x', createdAt: 'yesterday' }] }, 'messages'],
  [{ messages: [{ message: 'x', createdAt: '2025-01-01T00:00:00Z' }] }, 'messages'],
  [{}, 'messages'],
])('%o is a failure of the service', async (body, field) => {
  world = await createWorld();
  const at = await world.open();
  world.emulator.fault({ kind: 'nonsense', body });
  expect(expectProblem(await chats().history(at, null), 'UPSTREAM_FAILED').detail).toContain(`\`${field}\``);
});
