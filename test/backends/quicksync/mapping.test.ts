import { describe, expect, test } from 'vitest';
import { createAdapter } from '../../../src/backends/quicksync/adapter.ts';
import { endOf, factsFrom, joinedFrom, memberFrom, messageFrom, rulesFrom } from '../../../src/backends/quicksync/mapping.ts';
import { type WireUser, admissionShape, chatsShape, currentShape } from '../../../src/backends/quicksync/wire.ts';
import { noUpstream } from '../../../src/core/decide/facts.ts';
import type { MemberId } from '../../../src/core/ids.ts';
import { noRules, servicePassword } from '../../../src/core/rules.ts';
import type { SessionAt } from '../../../src/core/service.ts';
import type { Rules, Session } from '../../../src/core/session.ts';
import { recordOf } from './world.ts';

const adapter = createAdapter({});
const at = (parts: Partial<Session> = {}): SessionAt => ({
  session: recordOf('s', {}, { createdAt: 1_000, ...parts }),
  secret: null,
  as: null,
});

/** The same in the name of a member. */
const seenBy = (id: string, parts: Partial<Session> = {}): SessionAt => ({
  ...at(parts),
  as: { memberId: 'mem_1' as MemberId, name: 'Ada', address: null, id, secret: 'token' },
});

describe('rules', () => {
  test.each<readonly [string, Parameters<typeof rulesFrom>[0], Partial<Rules>, Partial<Rules>]>([
    ['nothing', {}, {}, {}],
    ['zeros', { maxUsers: 0, maxFiles: 0, maxTotalMegaBytes: 0 }, { maxMembers: 3 }, {}],
    ['nulls', { maxUsers: null, passwordProtected: null }, {}, {}],
    ['a capacity', { maxUsers: 5 }, { maxMembers: 10 }, { maxMembers: 5 }],
    ['bounds on files besides wider ones', { maxFiles: 5, maxTotalMegaBytes: 7 }, { maxFiles: 9 }, { maxFiles: 5, maxTotalMegabytes: 7 }],
    ['bounds on files besides narrower ones', { maxFiles: 5 }, { maxFiles: 2 }, { maxFiles: 2 }],
    ['a password', { passwordProtected: true }, {}, { passwordHash: servicePassword }],
    ['no password', { passwordProtected: false }, { passwordHash: servicePassword }, { passwordHash: null }],
    ['a list', { whiteListAddresses: ['0xA'] }, {}, { allowlist: ['0xA'] }],
    ['the same list', { whiteListAddresses: ['0xb', '0xA'] }, { allowlist: ['0xa', '0xB'] }, {}],
    ['another list', { whiteListAddresses: ['0xA'] }, { allowlist: ['0xb'] }, { allowlist: ['0xA'] }],
    ['an empty list', { whiteListAddresses: [] }, { allowlist: ['0xb'] }, {}],
  ])('%s', (_, said, before, after) => {
    expect(rulesFrom(said, { ...noRules, ...before })).toEqual(after);
  });
});

test.each<readonly [WireUser, string, string]>([
  [{ id: 'u', role: 'Host', name: 'Ada', address: '0x00000000000000000000000000000000000000aB' }, 'Ada', 'HOST'],
  [{ id: 'u', role: 'host', name: '  Ada ' }, 'Ada', 'HOST'],
  [{ id: 'u', role: 'Client', name: '', address: '0x00000000000000000000000000000000000000aB' }, '0x0000…00aB', 'MEMBER'],
  [{ id: 'u', role: 'Moderator', name: null, address: '' }, 'u', 'MEMBER'],
  [{ id: 'u' }, 'u', 'MEMBER'],
])('the member of %j', (user, name, role) => {
  expect(memberFrom(user)).toEqual({ id: 'u', name, role, address: user.address || null });
});

test('a session read is told by its users, and not by an end that is known', () => {
  const said = currentShape.parse({
    id: 5,
    expiry: 60,
    users: [{ id: 'u', role: 'Host' }],
    whiteListAddresses: [{ address: '0x1' }, '0x2', 3],
    more: 1,
  });
  const members = [{ id: 'u', name: 'u', address: null, role: 'HOST' }];
  expect(factsFrom(said, seenBy('u'), adapter)).toEqual({ rules: { allowlist: ['0x1', '0x2'] }, endsAt: 61_000, members });
  expect(factsFrom(said, seenBy('u', { upstream: { ...noUpstream, endsAt: 5 } }), adapter)).toEqual({
    rules: { allowlist: ['0x1', '0x2'] },
    members,
  });
  // Not told is not the same as nobody.
  expect(factsFrom(currentShape.parse({ id: 's' }), seenBy('u'), adapter)).toEqual({ rules: {} });
});

test.each([[[]], [[{ id: 'v', role: 'Client' }]]])('users without the one who asks are no news of anybody: %j', (users) => {
  expect(factsFrom(currentShape.parse({ id: 's', users }), seenBy('u'), adapter)).toEqual({ rules: {} });
});

test('who joined is told with all others where the service has them', () => {
  const said = { credentials: { token: 't', id: 'u', pseudonym: null, role: 'Client' }, users: [{ id: 'u' }, { id: 'v' }] };
  expect(joinedFrom(admissionShape.parse(said), at(), adapter)).toMatchObject({
    id: 'u',
    secret: 't',
    facts: { members: [{ id: 'u' }, { id: 'v' }] },
  });
  const before = admissionShape.parse({ ...said, users: [{ id: 'v' }] });
  expect(joinedFrom(before, at(), adapter).facts).toEqual({ rules: {} });
});

test('a chat may have seven digits behind the second, and no author', () => {
  const { rows, unreadable } = chatsShape.parse({
    messages: [
      { chatId: 1, message: 'x', createdAt: '2025-01-01T00:00:00.1230000Z', user: null },
      { chatId: 2, message: 'no date' },
    ],
  }).messages;
  expect(unreadable).toBe(1);
  const [chat] = rows;
  if (chat === undefined) throw new Error('Expected a chat');
  const createdAt = Date.UTC(2025, 0, 1) + 123;
  expect(messageFrom(chat)).toEqual({ id: '1', role: 'USER', content: 'x', author: { id: null, name: null }, createdAt });
});

test.each<readonly [Partial<Session>, number, string]>([
  [{ upstream: { ...noUpstream, endsAt: 2_000 } }, 1_999, 'ENDED'],
  [{ upstream: { ...noUpstream, endsAt: 2_000 } }, 2_000, 'EXPIRED'],
  [{}, 9_000, 'ENDED'],
  [{ upstream: null, status: 'EXPIRED' }, 0, 'EXPIRED'],
])('what is gone of %j at %d has %s', (parts, now, end) => {
  expect(endOf(at(parts), now)).toBe(end);
});
