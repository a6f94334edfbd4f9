import { describe, expect, test } from 'vitest';
import { memberName } from '../../../src/backends/machani/mapping.ts';
import { noRules } from '../../../src/core/rules.ts';
import { machaniOfEachTest } from './machani-of-each-test.ts';
import { granted, member, memberAt, openRequest, outgoing, session, sessionAt } from './support.ts';

const machani = machaniOfEachTest();
const ada = memberName(member('ada', 'Ada'));

describe('a new session', () => {
  test('is made and joined by its creator', async () => {
    const input = { handle: 'lobby', title: 'The lobby', description: 'Come in', visibility: 'TEMPORARY', owners: ['bob'] } as const;
    const opened = granted(
      await machani.service.open(
        openRequest(input, {
          rules: { allowlistOnly: true, allowlist: ['carol'] },
          options: { profile: 'robot', channels: [3, 4], options: { speed: 2 } },
        }),
      ),
    );
    const room = machani.emulator.state.sessions.get('lobby');
    expect(room?.fields).toMatchObject({
      profile: 'robot',
      displayName: 'The lobby',
      description: 'Come in',
      sessionType: 3,
      owners: [ada, 'bob'],
      defaultChannels: [3, 4],
      allowedUsers: ['carol'],
      options: { speed: 2 },
    });
    expect([...(room?.members ?? [])]).toEqual([ada]);
    expect(opened).toEqual({
      handle: 'lobby',
      secret: room?.fields.secretKey,
      member: { id: ada, secret: null },
      facts: {
        title: 'The lobby',
        description: 'Come in',
        visibility: 'TEMPORARY',
        owners: ['bob'],
        rules: { allowlistOnly: true, allowlist: ['carol'] },
        createdAt: room?.createdAt,
      },
    });
    expect(JSON.stringify(opened.facts)).not.toContain('sk-');
  });

  test('has what the service requires where nothing is given, and the id that the service gives it', async () => {
    await machani.restart(
      { sessionTypes: { PUBLIC: 11, PRIVATE: 12, TEMPORARY: 13 } },
      {
        profile: 'home',
        defaultChannels: [7],
        sessionTypes: { PUBLIC: 11, PRIVATE: 12, TEMPORARY: 13 },
      },
    );
    const opened = granted(await machani.service.open(openRequest()));
    expect(machani.emulator.state.sessions.get(opened.handle)?.fields).toMatchObject({
      profile: 'home',
      displayName: 'Session',
      sessionType: 12,
      defaultChannels: [7],
    });
    expect(opened.facts).toMatchObject({ title: 'Session', visibility: 'PRIVATE' });
  });

  test('with a handle that is taken is a conflict', async () => {
    machani.emulator.createSession({}, 'lobby');
    expect(await machani.service.open(openRequest({ handle: 'lobby' }))).toMatchObject({
      code: 'CONFLICT',
      path: ['handle'],
      backend: 'rooms',
    });
    expect(machani.emulator.count('POST /v1/conversation/sessions/:session/join')).toBe(0);
  });

  test('does not stay where its creator cannot join', async () => {
    machani.emulator.fault(
      { kind: 'status', status: 403, body: { code: 7, message: 'no', details: [] } },
      { match: 'POST /v1/conversation/sessions/:session/join' },
    );
    expect(await machani.service.open(openRequest())).toMatchObject({ code: 'NOT_ALLOWLISTED' });
    expect(machani.emulator.state.sessions.size).toBe(0);
  });
});

describe('a session', () => {
  test('is read, with what others changed at the service', async () => {
    machani.emulator.createSession({}, 'lobby');
    machani.emulator.updateSession('lobby', { displayName: 'New', description: 'Other', allowedUsers: ['dan'] });
    expect(await machani.service.read(sessionAt('lobby'))).toMatchObject({
      title: 'New',
      description: 'Other',
      visibility: 'PUBLIC',
      owners: ['somebody'],
      rules: { allowlist: ['dan'], allowlistOnly: true },
    });
  });

  test('that is gone has ended', async () => {
    const at = sessionAt('gone', memberAt('ada', ada));
    expect(await machani.service.read(at)).toEqual({ status: 'ENDED' });
    expect(await machani.service.find?.('gone')).toBeNull();
    const { join, leave, kick, settings, end } = machani.service.effects;
    const request = { mode: 'UPDATE', input: {}, after: { ...session('gone'), title: 'x' } } as const;
    const ended = { code: 'ENDED', backend: 'rooms' };
    expect(await join?.(at, { ...member('bob'), password: null })).toMatchObject(ended);
    expect(await leave?.(at)).toMatchObject(ended);
    expect(await kick?.(at, memberAt('bob', 'bob'))).toMatchObject(ended);
    expect(await settings?.(at, request)).toMatchObject(ended);
    expect(await machani.service.send?.(at, outgoing('x'))).toMatchObject(ended);
    expect(await end?.(at)).toEqual({});
  });

  test('has not ended where another server answers', async () => {
    machani.emulator.fault({ kind: 'status', status: 404, body: '404 page not found' });
    expect(await machani.service.read(sessionAt('lobby'))).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });

  test('has not ended where the path is wrong', async () => {
    await machani.reconnect(`${machani.emulator.url}/elsewhere`);
    expect(await machani.service.read(sessionAt('lobby'))).toMatchObject({
      code: 'UPSTREAM_REFUSED',
      detail: expect.stringContaining('`url`'),
    });
    expect(await machani.service.find?.('lobby')).toMatchObject({ code: 'UPSTREAM_REFUSED' });
    machani.emulator.clear();
  });

  test('has ended where the service says no more than that there is none', async () => {
    machani.emulator.fault(
      { kind: 'status', status: 404, body: { code: 5, message: 'Not Found', details: [] } },
      { match: 'GET /v1/conversation/sessions/:session' },
    );
    expect(await machani.service.read(sessionAt('lobby'))).toEqual({ status: 'ENDED' });
  });

  test('is found with its secret, which is among no facts', async () => {
    const { fields, createdAt } = machani.emulator.createSession({}, 'lobby');
    const found = granted((await machani.service.find?.('lobby')) ?? null);
    expect(found).toEqual({
      handle: 'lobby',
      secret: fields.secretKey,
      facts: { title: 'A room', description: null, visibility: 'PUBLIC', owners: ['somebody'], createdAt },
    });
    expect(await machani.service.find?.('..')).toBeNull();
  });
});

test('sessions are listed page by page', async () => {
  for (const id of ['a', 'b', 'c']) machani.emulator.createSession({}, id);
  await machani.restart({}, { pageSize: 2 });
  for (const id of ['a', 'b', 'c']) machani.emulator.createSession({}, id);
  const filter = { agentId: null, metadata: null };
  const first = granted(await machani.service.list?.({ limit: 50, page: null, filter }));
  const last = granted(await machani.service.list?.({ limit: 50, page: first?.next ?? null, filter }));
  expect([first?.sessions.map(({ handle }) => handle), last?.sessions.map(({ handle }) => handle), last?.next]).toEqual([
    ['a', 'b'],
    ['c'],
    null,
  ]);
});

describe('members', () => {
  const join = (id: string, name: string) => machani.service.effects.join?.(sessionAt('lobby'), { ...member(id, name), password: null });

  test('of one name are two at the service', async () => {
    const { members } = machani.emulator.createSession({}, 'lobby');
    const [one, other] = [granted(await join('1', 'Bob')), granted(await join('2', 'Bob'))];
    expect([...members]).toEqual([one?.id, other?.id]);
    expect(members.size).toBe(2);
    expect(one?.id).toMatch(/^Bob#[\w-]{8}$/);
    expect(await machani.service.effects.leave?.(sessionAt('lobby', memberAt('1', one?.id ?? null)))).toMatchObject({ title: 'A room' });
    expect([...members]).toEqual([other?.id]);
  });

  test('join once where the answer is lost', async () => {
    const { members } = machani.emulator.createSession({}, 'lobby');
    machani.emulator.fault({ kind: 'reset' }, { times: 1, when: 'after' });
    const joined = granted(await join('1', 'Bob'));
    expect([...members]).toEqual([joined?.id]);
  });

  test('are removed by letting them leave', async () => {
    const { members } = machani.emulator.createSession({}, 'lobby');
    machani.emulator.join('lobby', 'eve');
    expect(await machani.service.effects.kick?.(sessionAt('lobby', memberAt('ada', ada)), memberAt('eve', 'eve'))).toMatchObject({
      title: 'A room',
    });
    expect(members.size).toBe(0);
    // Somebody who has left at the service already, and somebody whom it has never known.
    expect(await machani.service.effects.kick?.(sessionAt('lobby'), memberAt('eve', 'eve'))).toMatchObject({ title: 'A room' });
    const before = machani.emulator.count();
    expect(await machani.service.effects.kick?.(sessionAt('lobby'), memberAt('eve', null))).toEqual({});
    expect(machani.emulator.count()).toBe(before);
  });
});

describe('settings', () => {
  const change = async (before: Parameters<typeof session>[1], after: Parameters<typeof session>[1]) => {
    const at = sessionAt('lobby', null, before);
    const answer = await machani.service.effects.settings?.(at, { mode: 'UPDATE', input: {}, after: { ...at.session, ...after } });
    const { url, body } = machani.emulator.requests.at(-1) ?? {};
    return { answer, mask: new URL(url ?? '', 'http://x').searchParams.get('updateMask'), body };
  };

  test('tell the service what changes, and nothing else', async () => {
    machani.emulator.createSession({ displayName: 'Old', description: 'Here' }, 'lobby');
    const before = { title: 'Old', description: 'Here', visibility: 'PUBLIC' } as const;
    expect(await change(before, { ...before, title: 'New' })).toMatchObject({
      mask: 'displayName',
      body: { displayName: 'New' },
      answer: { title: 'New' },
    });
    expect(await change(before, { ...before, description: null, visibility: 'PRIVATE' })).toMatchObject({
      mask: 'description,sessionType',
      body: { description: '', sessionType: 2 },
      answer: { title: 'New', description: null, visibility: 'PRIVATE' },
    });
    const rules = { ...noRules, allowlistOnly: true, allowlist: ['bob'] };
    expect(await change({}, { rules })).toMatchObject({
      mask: 'allowedUsers',
      answer: { rules: { allowlist: ['bob'], allowlistOnly: true } },
    });
    expect(await change({ rules }, { rules: { ...rules, allowlistOnly: false } })).toMatchObject({
      mask: 'allowedUsers',
      body: { allowedUsers: [] },
    });
    expect(machani.emulator.state.sessions.get('lobby')?.fields).toMatchObject({
      displayName: 'New',
      description: '',
      allowedUsers: [],
      sessionType: 2,
    });
  });

  test('that only the gateway keeps are not told', async () => {
    machani.emulator.createSession({}, 'lobby');
    expect(await change({}, { metadata: { a: 1 }, rules: { ...noRules, maxMembers: 3 } })).toMatchObject({ answer: {} });
    expect(machani.emulator.count()).toBe(0);
  });

  test('without a title have a name at the service', async () => {
    machani.emulator.createSession({}, 'lobby');
    expect(await change({ title: 'A room' }, { title: null })).toMatchObject({
      body: { displayName: 'lobby' },
      answer: { title: 'lobby' },
    });
  });
});

describe('an end', () => {
  test('deletes the session', async () => {
    machani.emulator.createSession({}, 'lobby');
    expect(await machani.service.effects.end?.(sessionAt('lobby'))).toEqual({});
    expect(machani.emulator.state.sessions.size).toBe(0);
  });

  test.each(['NOT_FOUND', 'UNIMPLEMENTED'] as const)('is done where the service cannot delete: %s', async (deletes) => {
    await machani.restart({ deletes });
    machani.emulator.createSession({}, 'lobby');
    expect(await machani.service.effects.end?.(sessionAt('lobby'))).toEqual({});
    expect([machani.emulator.state.sessions.size, machani.emulator.count()]).toEqual([1, 1]);
  });

  test('is done where the method is not allowed, and not where it failed', async () => {
    machani.emulator.fault({ kind: 'status', status: 405, body: 'Method Not Allowed' }, { times: 1 });
    expect(await machani.service.effects.end?.(sessionAt('lobby'))).toEqual({});
    machani.emulator.fault({ kind: 'status', status: 500 });
    expect(await machani.service.effects.end?.(sessionAt('lobby'))).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });
});
