import { describe, expect, test } from 'vitest';
import { memberName } from '../../../src/backends/machani/mapping.ts';
import { machaniOfEachTest } from './machani-of-each-test.ts';
import { member, memberAt, outgoing, sessionAt } from './support.ts';

const machani = machaniOfEachTest();
const ada = memberName(member('ada', 'Ada'));

describe('a message', () => {
  test('is published in the name of its author, with its mark', async () => {
    await machani.restart({}, { clock: { now: () => Date.UTC(2026, 0, 2), at: () => ({ [Symbol.dispose]: () => {} }) } });
    machani.emulator.createSession({}, 'lobby');
    const attachments = [{ url: 'https://a.example/b', mediaType: 'image/png', name: null, sizeBytes: 3 }];
    const sent = await machani.service.send?.(
      sessionAt('lobby', memberAt('ada', ada)),
      outgoing('Hi', { channel: '2', metadata: { a: 1 }, attachments }),
    );
    expect(sent).toEqual({ id: null, facts: {}, reply: null });
    expect(machani.emulator.requests.at(-1)?.body).toEqual({
      name: ada,
      session: 'lobby',
      message: {
        id: 'parley:epoch:msg_1',
        mark: 'parley:epoch:msg_1',
        name: ada,
        role: 'USER',
        content: 'Hi',
        channel: 2,
        metadata: { a: 1 },
        attachments,
        createdAt: '2026-01-02T00:00:00.000Z',
      },
    });
  });

  test('has a name also where nobody of the session speaks', async () => {
    machani.emulator.createSession({}, 'lobby');
    await machani.service.send?.(sessionAt('lobby'), outgoing('Hi', { channel: 'side' }));
    expect(machani.emulator.requests.at(-1)?.body).toMatchObject({ name: 'Parley', message: { channel: 'side' } });
  });

  test('is not sent twice where the answer is lost', async () => {
    machani.emulator.createSession({}, 'lobby');
    machani.emulator.fault({ kind: 'reset' }, { when: 'after' });
    expect(await machani.service.send?.(sessionAt('lobby'), outgoing('Hi'))).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(machani.emulator.count()).toBe(1);
  });
});

describe('the credentials', () => {
  test('are sent as they are configured', async () => {
    await machani.restart({ authorization: 'Bearer s3cret' }, { authorization: 'Bearer s3cret' });
    machani.emulator.createSession({}, 'lobby');
    expect(await machani.service.read(sessionAt('lobby'))).toMatchObject({ title: 'A room' });
    await machani.reconnect(machani.emulator.url, { authorization: 'Bearer wr0ng' });
    const refused = await machani.service.read(sessionAt('lobby'));
    expect(refused).toMatchObject({ code: 'UPSTREAM_REFUSED', detail: expect.stringContaining('`authorization`') });
    expect(JSON.stringify(refused)).not.toContain('wr0ng');
  });
});

describe('health', () => {
  test('is up, and asked for once by all who ask at a time', async () => {
    const [one, other] = await Promise.all([machani.backend.health(), machani.backend.health()]);
    expect(one).toMatchObject({
      status: 'UP',
      circuit: 'CLOSED',
      message: null,
      latencyMs: expect.any(Number),
      checkedAt: expect.any(Number),
    });
    expect(other).toBe(one);
    expect(await machani.backend.health()).toBe(one);
    expect(machani.emulator.count()).toBe(1);
  });

  test('is degraded where it answers oddly, and down where it does not', async () => {
    let now = 0;
    await machani.restart({ authorization: 'x' }, { clock: { now: () => now, at: () => ({ [Symbol.dispose]: () => {} }) }, retries: 0 });
    expect(await machani.backend.health()).toMatchObject({ status: 'DEGRADED', message: expect.stringContaining('`authorization`') });
    await machani.emulator.stop();
    expect(await machani.backend.health()).toMatchObject({ status: 'DEGRADED' });
    now = 2_000;
    expect(await machani.backend.health()).toMatchObject({ status: 'DOWN', circuit: 'CLOSED', latencyMs: null });
  });
});

describe('a reply that is none', () => {
  const list = () => machani.service.list?.({ limit: 5, page: null, filter: { agentId: null, metadata: null } });

  test.each<readonly [unknown, string]>([
    [{ name: 3 }, '`name`'],
    [{ name: 'sessions/a', allowedUsers: [1] }, '`allowedUsers.0`'],
    [{}, '`name`'],
    [[], 'the body'],
  ])('is a failure that names the field: %o', async (body, named) => {
    machani.emulator.fault({ kind: 'nonsense', body });
    const failed = await machani.service.read(sessionAt('lobby'));
    expect(failed).toMatchObject({ code: 'UPSTREAM_FAILED', backend: 'rooms', detail: expect.stringContaining(named) });
  });

  test('to a list names the place', async () => {
    machani.emulator.fault({ kind: 'nonsense', body: { sessions: 'none' } });
    expect(await list()).toMatchObject({ code: 'UPSTREAM_FAILED', detail: expect.stringContaining('`sessions`') });
  });

  test('among the rows of a list costs itself, and is counted', async () => {
    const rows = [{ name: 'sessions/a' }, { displayName: 'x' }, null, { name: 'sessions/b', createTime: 5 }, { name: 'sessions/c' }];
    machani.emulator.fault({ kind: 'nonsense', body: { sessions: rows, nextPageToken: 'more' } });
    expect(await list()).toMatchObject({ sessions: [{ handle: 'a' }, { handle: 'c' }], unreadable: 3, next: 'more' });
  });
});

test('an abort is thrown as it was given', async () => {
  machani.emulator.fault({ kind: 'hang' });
  const abort = new AbortController();
  const reading = machani.service.read(sessionAt('lobby'), abort.signal);
  await machani.emulator.received();
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(reading).rejects.toBe(reason);
});

test('says what it does', async () => {
  expect([machani.backend.kind, machani.backend.name, await machani.backend.agents(), machani.backend.onExpiry]).toEqual([
    'MACHANI',
    'rooms',
    [],
    'DELETE',
  ]);
  expect(Object.keys(machani.service.effects).sort()).toEqual(['end', 'join', 'kick', 'leave', 'settings']);
  expect(['history', 'suggestions', 'wallet', 'find', 'list', 'send', 'watch'].filter((part) => part in machani.service)).toEqual([
    'find',
    'list',
    'send',
    'watch',
  ]);
  expect(machani.backend.features).toMatchObject({
    MESSAGES: 'UPSTREAM',
    HISTORY: 'GATEWAY',
    ALLOWLIST: 'GATEWAY',
    AGENT_REPLY: 'UNAVAILABLE',
  });
});
