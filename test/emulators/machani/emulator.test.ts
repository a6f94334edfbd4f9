import { afterEach, describe, expect, test } from 'vitest';
import { type MachaniEmulator, type MachaniEmulatorOptions, createMachaniEmulator } from './emulator.ts';
import { timestamp } from './rooms.ts';

let emulator: MachaniEmulator;
const start = async (options: MachaniEmulatorOptions = {}): Promise<void> => {
  emulator = await createMachaniEmulator(options);
};
afterEach(() => emulator[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

async function ask(method: string, path = '', body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${emulator.url}/v1/conversation/sessions${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const room = { profile: 'default', displayName: 'A room', sessionType: 1, owners: ['ada'], defaultChannels: [1] };

/** Opens a stream; answers a reader of its lines. */
async function listen(path: string): Promise<() => Promise<unknown>> {
  const response = await fetch(`${emulator.url}/v1/conversation/sessions${path}`);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async () => {
    while (!text.includes('\n')) {
      const { done, value = '' } = (await reader?.read()) ?? { done: true };
      if (done) return null;
      text += value;
    }
    const [line = ''] = text.split('\n', 1);
    text = text.slice(line.length + 1);
    return JSON.parse(line) as unknown;
  };
}

describe('sessions', () => {
  test('are made, shown without what has its default, and without their members', async () => {
    await start({ now: () => Date.UTC(2026, 0, 16, 10) });
    expect(await ask('POST', '?sessionId=lobby', room)).toEqual({
      status: 200,
      json: {
        ...room,
        name: 'sessions/lobby',
        sessionId: 'lobby',
        secretKey: expect.stringMatching(/^sk-/),
        createTime: '2026-01-16T10:00:00Z',
        updateTime: '2026-01-16T10:00:00.000123456Z',
      },
    });
    emulator.join('lobby', 'eve');
    expect(Object.keys((await ask('GET', '/lobby')).json)).not.toContain('members');
    const { status, json } = await ask('POST', '', {
      ...room,
      display_name: 'x',
      displayName: undefined,
      sessionType: 'SESSION_TYPE_PRIVATE',
    });
    expect([status, json['displayName'], json['sessionType']]).toEqual([200, 'x', 2]);
    expect(emulator.replyViolations).toEqual([]);
  });

  test.each([
    [{ ...room, profile: '' }, 'profile'],
    [{ ...room, displayName: undefined }, 'display_name'],
    [{ ...room, sessionType: 0 }, 'session_type'],
    [{ ...room, owners: [] }, 'owners'],
    [{ ...room, defaultChannels: ['x'] }, 'default_channels'],
  ])('need what is required: %o', async (body, field) => {
    await start();
    expect(await ask('POST', '', body)).toMatchObject({ status: 400, json: { code: 3, details: [{ fieldViolations: [{ field }] }] } });
    expect(emulator.state.sessions.size).toBe(0);
  });

  test('are refused as gRPC gateways do', async () => {
    await start({ authorization: 'Bearer a' });
    expect(await ask('GET', '')).toMatchObject({ status: 401, json: { code: 16, details: [] } });
    const headers = { authorization: 'Bearer a' };
    emulator.createSession({}, 'lobby');
    expect(await ask('POST', '?sessionId=lobby', room, headers)).toMatchObject({ status: 409, json: { code: 6 } });
    expect(await ask('GET', '/gone', undefined, headers)).toEqual({
      status: 404,
      json: { code: 5, message: 'session "sessions/gone" not found', details: [] },
    });
    const malformed = await fetch(`${emulator.url}/v1/conversation/sessions`, {
      method: 'POST',
      body: '{',
      headers: { ...headers, 'content-type': 'application/json' },
    });
    expect([malformed.status, await malformed.json()]).toMatchObject([400, { code: 3 }]);
    expect((await ask('GET', '/lobby/nowhere', undefined, headers)).json).toEqual({ code: 5, message: 'Not Found', details: [] });
  });

  test('are listed in pages', async () => {
    await start({ maxPageSize: 2 });
    expect((await ask('GET')).json).toEqual({});
    for (const id of ['a', 'b', 'c']) emulator.createSession({}, id);
    const first = (await ask('GET', '?pageSize=10')).json as { sessions: { sessionId: string }[]; nextPageToken: string };
    expect(first.sessions.map(({ sessionId }) => sessionId)).toEqual(['a', 'b']);
    const last = (await ask('GET', `?pageToken=${first.nextPageToken}`)).json as typeof first;
    expect([last.sessions.length, 'nextPageToken' in last]).toEqual([1, false]);
    expect((await ask('GET', '?pageToken=x')).status).toBe(400);
    expect((await ask('GET', '?pageSize=-1')).status).toBe(400);
  });

  test('are changed by the mask alone, in either spelling', async () => {
    await start();
    emulator.createSession({ description: 'old', allowedUsers: ['a'] }, 'lobby');
    const { json } = await ask('PATCH', '/lobby?updateMask=display_name,description', { displayName: 'new', allowedUsers: ['b'] });
    expect([json['displayName'], 'description' in json, json['allowedUsers']]).toEqual(['new', false, ['a']]);
    expect((await ask('PATCH', '/lobby', { description: 'all that is given' })).json).toMatchObject({
      displayName: 'new',
      description: 'all that is given',
    });
    expect((await ask('PATCH', '/lobby?updateMask=nothing', {})).status).toBe(400);
    expect((await ask('PATCH', '/lobby?updateMask=displayName', {})).status).toBe(400);
  });

  test.each([
    ['PRESENT', 200, 0],
    ['NOT_FOUND', 404, 1],
    ['UNIMPLEMENTED', 501, 1],
  ] as const)('are deleted, or not: %s', async (deletes, status, left) => {
    await start({ deletes });
    emulator.createSession({}, 'lobby');
    expect([(await ask('DELETE', '/lobby')).status, emulator.state.sessions.size]).toEqual([status, left]);
  });

  test('outlive a restart', async () => {
    await start();
    emulator.createSession({}, 'lobby');
    await emulator.stop();
    await emulator.start();
    expect((await ask('GET', '/lobby')).status).toBe(200);
  });
});

test('members join once, by a name that is believed', async () => {
  await start();
  const { members } = emulator.createSession({}, 'lobby');
  const eve = { name: 'eve', session: 'lobby' };
  expect(await ask('POST', '/lobby/join', eve)).toMatchObject({ status: 200, json: { session: { sessionId: 'lobby' } } });
  expect(await ask('POST', '/lobby/join', eve)).toMatchObject({ status: 409, json: { code: 6 } });
  expect([...members]).toEqual(['eve']);
  expect(await ask('POST', '/lobby/leave', eve)).toMatchObject({ status: 200, json: { session: { sessionId: 'lobby' } } });
  expect(await ask('POST', '/lobby/leave', eve)).toMatchObject({ status: 404, json: { code: 5 } });
  expect((await ask('POST', '/lobby/join', { name: 'eve' })).status).toBe(400);
  expect((await ask('POST', '/lobby/leave', { session: 'lobby' })).status).toBe(400);
  expect(emulator.violations).toMatchObject([
    { problem: expect.stringContaining('session') },
    { problem: expect.stringContaining('name') },
  ]);
});

describe('a stream', () => {
  test('tells messages of its channel, and who comes and goes', async () => {
    await start({ events: { joined: 'JOINED' } });
    emulator.createSession({}, 'lobby');
    const [all, second] = [await listen('/lobby/events'), await listen('/lobby/events?channel=2')];
    await ask('POST', '/lobby/join', { name: 'eve', session: 'lobby' });
    const publish = (message: object): Promise<Answer> => ask('POST', '/lobby/messages', { name: 'eve', session: 'lobby', message });
    expect(await publish({ text: 'one', channel: 1 })).toEqual({
      status: 200,
      json: { acknowledgment: {}, message: { text: 'one', channel: 1 } },
    });
    await publish({ text: 'two', channel: 2 });
    const joined = { result: { event: 'JOINED', message: { name: 'eve' } } };
    expect([await all(), await second()]).toEqual([joined, joined]);
    expect(await all()).toMatchObject({ result: { event: 'message', message: { text: 'one' } } });
    expect([await all(), await second()]).toMatchObject([
      { result: { message: { text: 'two' } } },
      { result: { message: { text: 'two' } } },
    ]);
    expect((await ask('POST', '/lobby/messages', { name: 'eve', session: 'lobby' })).status).toBe(400);
    expect((await ask('GET', '/gone/events')).status).toBe(404);
  });

  test('ends as it is told', async () => {
    await start({ wrapped: false });
    emulator.createSession({}, 'lobby');
    let next = await listen('/lobby/events');
    emulator.emit('lobby', 'x');
    emulator.breakStreams();
    expect([await next(), await next()]).toEqual([{ event: 'x', message: {} }, null]);
    next = await listen('/lobby/events');
    emulator.breakStreams('lobby', { code: 14, message: 'bye', details: [] });
    expect([await next(), await next()]).toEqual([{ error: { code: 14, message: 'bye', details: [] } }, null]);
    next = await listen('/lobby/events');
    emulator.breakStreams('lobby', 'CUT');
    await expect(next()).rejects.toThrow('terminated');
  });

  test('has a head that comes with its first event, where it is told so', async () => {
    await start({ lateHead: true });
    emulator.createSession({}, 'lobby');
    const opened = emulator.streamOpened('lobby');
    let isOpen = false;
    const listening = listen('/lobby/events').finally(() => (isOpen = true));
    await opened;
    await ask('GET', '/lobby');
    expect(isOpen).toBe(false);
    emulator.deleteSession('lobby');
    const next = await listening;
    expect([await next(), await next()]).toMatchObject([{ result: { event: 'session_deleted' } }, null]);
  });
});

test.each([
  [0, 0, '1970-01-01T00:00:00Z'],
  [5, 0, '1970-01-01T00:00:00.005Z'],
  [5, 120_000, '1970-01-01T00:00:00.005120Z'],
  [5, 7, '1970-01-01T00:00:00.005000007Z'],
])('the instant %d ms and %d ns is written %3$s', (at, nanos, text) => {
  expect(timestamp(at, nanos)).toBe(text);
});
