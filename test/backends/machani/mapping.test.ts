import { describe, expect, test } from 'vitest';
import { factsOf, handleOf, memberName, shownName, toPatch, toSession, visibilityOf } from '../../../src/backends/machani/mapping.ts';
import { isFailure, isGone, refusalOf } from '../../../src/backends/machani/refusal.ts';
import { listWire, membershipWire, sessionWire } from '../../../src/backends/machani/wire.ts';
import type { HttpReply } from '../../../src/backends/shared/http-message.ts';
import { noRules } from '../../../src/core/rules.ts';
import { member, openRequest, session } from './support.ts';

const types = { PUBLIC: 1, PRIVATE: 2, TEMPORARY: 3 };
const defaults = { profile: 'default', defaultChannels: [1], sessionTypes: types };

describe('a session on the wire', () => {
  test('may leave out what has its default', () => {
    const wire = sessionWire.parse({ name: 'sessions/a', owners: null, added: { in: 'a later version' } });
    expect(wire).toMatchObject({ displayName: '', description: '', sessionType: null, owners: [], allowedUsers: [], secretKey: '' });
    expect(factsOf(wire, types)).toEqual({ title: null, description: null, owners: [] });
    expect(listWire.parse({})).toEqual({ sessions: { rows: [], unreadable: 0 }, nextPageToken: '' });
  });

  test.each([
    [{ name: 3 }, ['name']],
    [{ name: 'sessions/a', owners: 'x' }, ['owners']],
    [{}, ['name']],
  ])('must have what is used in its form: %o', (json, path) => {
    expect(sessionWire.safeParse(json).error?.issues[0]?.path).toEqual(path);
  });

  test('comes with joining and leaving', () => {
    expect(membershipWire.parse({ session: { name: 'sessions/a' } }).session.name).toBe('sessions/a');
    expect(membershipWire.safeParse({}).error?.issues[0]?.path).toEqual(['session']);
  });

  test('is called by the end of its name', () => {
    expect(handleOf(sessionWire.parse({ name: 'sessions/a', sessionId: 'nats.b' }))).toBe('a');
    expect(handleOf(sessionWire.parse({ sessionId: 'b' }))).toBe('b');
  });

  test.each([
    [1, 'PUBLIC'],
    ['2', 'PRIVATE'],
    ['TEMPORARY', 'TEMPORARY'],
    ['SESSION_TYPE_PRIVATE', 'PRIVATE'],
    [0, null],
    ['SESSION_TYPE_UNSPECIFIED', null],
    [null, null],
    [9, null],
  ])('is of type %o: %s', (type, visibility) => {
    expect(visibilityOf(type, types)).toBe(visibility);
  });

  test.each(['2026-01-16T10:00:00Z', '2026-01-16T10:00:00.000Z', '2026-01-16T10:00:00.000000Z', '2026-01-16T10:00:00.000000001Z'])(
    'was made at %s',
    (createTime) => {
      expect(factsOf(sessionWire.parse({ name: 'sessions/a', createTime }), types).createdAt).toBe(Date.UTC(2026, 0, 16, 10));
    },
  );

  test('makes nobody host by the name of a member', () => {
    const owners = [memberName(member('ada', 'Ada')), 'bob', '#abcdefgh'];
    expect(factsOf(sessionWire.parse({ name: 'sessions/a', owners }), types).owners).toEqual(['bob', '#abcdefgh']);
  });
});

test('members are told apart by their names', () => {
  const [one, other] = [memberName(member('1', 'Bob')), memberName(member('2', 'Bob'))];
  expect(one).not.toBe(other);
  expect(one).toBe(memberName(member('1', 'Bob')));
  expect([shownName(one), shownName('Bob'), shownName('Bob#1')]).toEqual(['Bob', 'Bob', 'Bob#1']);
  expect(shownName(memberName(member('3', one)))).toBe(one);
});

describe('a new session', () => {
  test('leaves out what is not given, and a list that nobody goes by', () => {
    expect(toSession(openRequest({}, { rules: { allowlist: ['x'] } }), defaults, 'rooms')).toEqual({
      profile: 'default',
      displayName: 'Session',
      sessionType: 2,
      owners: [memberName(member('ada', 'Ada'))],
      defaultChannels: [1],
    });
    expect(toSession(openRequest({ handle: 'lobby' }, { options: { channels: [], profile: null } }), defaults, 'rooms')).toMatchObject({
      displayName: 'lobby',
      profile: 'default',
      defaultChannels: [1],
    });
  });

  test.each([
    [{ profile: ' ' }, ['options', 'machani', 'profile']],
    [{ channels: [1.5] }, ['options', 'machani', 'channels', '0']],
    [{ options: 'x' }, ['options', 'machani', 'options']],
  ])('is refused where its options are none: %o', (options, path) => {
    expect(toSession(openRequest({}, { options }), defaults, 'rooms')).toMatchObject({ code: 'BAD_INPUT', path, backend: 'rooms' });
  });
});

test('a change that is none at the service has an empty mask', () => {
  const before = session('a', { title: 'x' });
  expect(
    toPatch(before, { after: { ...before, situation: 'new', rules: { ...noRules, maxMembers: 2, allowlist: ['a'] } } }, types),
  ).toEqual({
    mask: [],
    body: {},
  });
});

test.each<readonly [unknown, boolean]>([
  [null, false],
  [{}, false],
  [{ name: 'sessions/a', displayName: 'x' }, false],
  [{ acknowledgment: {}, message: { code: 13 } }, false],
  [{ code: 0, message: '' }, false],
  [{ code: 13, message: 'not done' }, true],
  [{ grpc_code: 13, code: 500, message: 'not done' }, true],
  [{ error: { code: 13, message: 'not done' } }, true],
  [{ success: false }, true],
])('an answer of %j fails: %o', (json, fails) => {
  expect(isFailure(json)).toBe(fails);
});

describe('a refusal', () => {
  const asked = { backend: 'rooms', operation: 'join the session', handle: 'lobby' };
  const reply = (status: number, json: unknown = null): HttpReply => ({ kind: 'reply', status, headers: {}, json, text: '' });
  const code = (value: number, message = 'why'): unknown => ({ code: value, message, details: [] });

  test.each<[number, unknown, { readonly handle?: null; readonly joining?: boolean }, string]>([
    [400, code(3), {}, 'BAD_INPUT'],
    [400, code(11), {}, 'BAD_INPUT'],
    [400, code(9), {}, 'CONFLICT'],
    [400, 'text', {}, 'BAD_INPUT'],
    [401, code(16), {}, 'UPSTREAM_REFUSED'],
    [403, code(7), {}, 'UPSTREAM_REFUSED'],
    [403, code(7), { joining: true }, 'NOT_ALLOWLISTED'],
    [403, null, { joining: true }, 'NOT_ALLOWLISTED'],
    [404, code(5), {}, 'ENDED'],
    [404, { error: { code: 404, status: 'NOT_FOUND', message: 'x' } }, {}, 'ENDED'],
    [404, null, {}, 'UPSTREAM_FAILED'],
    [410, null, {}, 'ENDED'],
    [404, code(5), { handle: null }, 'UPSTREAM_REFUSED'],
    [409, code(6), { handle: null }, 'CONFLICT'],
    [409, code(10), {}, 'CONFLICT'],
    [413, null, {}, 'TOO_LARGE'],
    [418, null, {}, 'UPSTREAM_REFUSED'],
    [501, code(12), {}, 'UNSUPPORTED'],
  ])('%d %o %o is %s', (status, json, more, expected) => {
    const refused = refusalOf(reply(status, json), { ...asked, ...more });
    expect(refused).toMatchObject({ code: expected, backend: 'rooms' });
    expect(refused.detail).toMatch(/: .+\.$/);
  });

  test.each([
    ['session_id', ['handle']],
    ['session.display_name', ['title']],
    ['sessionType', ['visibility']],
    ['allowed_users[3]', ['rules', 'allowlist']],
    ['profile', ['options', 'machani', 'profile']],
    ['unknown', null],
  ])('of the field %s names its path', (field, path) => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: 'x' }] }];
    expect(refusalOf(reply(400, { code: 3, message: 'x', details }), asked).path).toEqual(path);
  });

  test('names the path of a field that only its text names, and of none where it is a word like others', () => {
    expect(refusalOf(reply(400, code(3, 'display_name is too long')), asked).path).toEqual(['title']);
    expect(refusalOf(reply(400, code(3, 'the name of your options')), asked).path).toBeNull();
  });

  test('quotes a line of bounded length', () => {
    const refused = refusalOf(reply(400, code(3, `first\n${'x'.repeat(500)}`)), asked);
    expect(refused.detail?.length).toBeLessThan(300);
    expect(refused.detail).toMatch(/first x+…/);
  });

  test('tells what is gone from what never was', () => {
    expect([isGone(reply(404, code(5))), isGone(reply(404)), isGone(reply(404, { code: 404 })), isGone(reply(410))]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
