import { describe, expect, test } from 'vitest';
import { type HubNews, createAdapter } from '../../../src/backends/quicksync/adapter.ts';

const changed: HubNews = { kind: 'CHANGED' };
const user = { id: 'u1', name: 'Grace' };

describe('news of the hub', () => {
  const { hubNews } = createAdapter({});
  test.each<readonly [string, readonly unknown[], HubNews | null]>([
    ['UserAdded', [{ sessionId: 's', eventType: 'UserAdded', data: user }], { kind: 'ADDED', user }],
    ['userAdded', [user], { kind: 'ADDED', user }],
    ['UserAdded', [{ user }], { kind: 'ADDED', user }],
    ['UserAdded', [{ eventType: 'UserAdded', data: { user } }], { kind: 'ADDED', user }],
    ['UserAdded', [{ id: 7, role: 'Client' }], { kind: 'ADDED', user: { id: '7', role: 'Client' } }],
    // An id alone may be that of the event.
    ['UserAdded', [{ id: 'u1' }], changed],
    ['UserAdded', ['u1'], changed],
    ['UserAdded', [], changed],
    ['UserAdded', [null], changed],
    ['UserAdded', [{ id: {}, name: 'x' }], changed],
    ['UserRemoved', [user], { kind: 'REMOVED', id: 'u1' }],
    ['UserRemoved', [{ userId: 'u1' }], { kind: 'REMOVED', id: 'u1' }],
    ['UserRemoved', ['u1'], { kind: 'REMOVED', id: 'u1' }],
    ['UserRemoved', [{ eventType: 'UserRemoved', data: 'u1' }], { kind: 'REMOVED', id: 'u1' }],
    ['UserRemoved', [{ id: 'u1' }], changed],
    ['UserRemoved', [undefined], changed],
    ['SessionExpired', [], { kind: 'OVER', status: 'EXPIRED' }],
    ['SessionDestroyed', [{ anything: true }], { kind: 'OVER', status: 'ENDED' }],
    ['FileAdded', [{}], changed],
    ['FileRemoved', [{}], changed],
    ['FileComplete', [{}], changed],
    ['FileProgress', [{}], null],
    ['Receive', [{ eventType: 'sessionexpired' }], { kind: 'OVER', status: 'EXPIRED' }],
    ['Receive', [{ eventType: 'FileProgress', data: {} }], null],
    ['Receive', [{ eventType: 'SomethingNew', data: {} }], changed],
    ['Receive', [], changed],
    ['__proto__', [{ eventType: 'constructor' }], changed],
  ])('%s %j', (method, args, news) => {
    expect(hubNews(method, args)).toEqual(news);
  });

  test('in an envelope are heard by one name where one is given', () => {
    const { hubNews } = createAdapter({ hubMethod: 'ReceiveEvent' });
    const args = [{ eventType: 'SessionExpired' }];
    expect(hubNews('receiveevent', args)).toEqual({ kind: 'OVER', status: 'EXPIRED' });
    expect(hubNews('other', args)).toBeNull();
    expect(hubNews('SessionExpired', [])).toEqual({ kind: 'OVER', status: 'EXPIRED' });
  });
});

test.each([
  ['SECONDS', { expiry: 60, expiresIn: 50 }, 1_000, 61_000],
  ['SECONDS', { expiresIn: 50 }, 1_000, 51_000],
  ['SECONDS', { expiry: 0, expiresIn: 50 }, 1_000, 51_000],
  ['SECONDS', { expiry: 0, expiresIn: 0 }, 1_000, null],
  ['SECONDS', { expiry: 60 }, null, null],
  ['SECONDS', {}, 1_000, null],
  ['EPOCH_SECONDS', { expiry: 60, expiresIn: 50 }, 1_000, 60_000],
  ['EPOCH_SECONDS', { expiry: null, expiresIn: 50 }, 1_000, 51_000],
  ['EPOCH_MILLISECONDS', { expiry: 60_500 }, null, 60_500],
] as const)('the end by %s of %j', (expiryUnit, said, createdAt, end) => {
  expect(createAdapter({ expiryUnit }).endOf(said, createdAt)).toBe(end);
});

test.each([
  [{ chatId: 'c' }, 'c'],
  [{ chatId: 7, message: 'x' }, '7'],
  ['c', 'c'],
  [7, '7'],
  [null, null],
  ['', null],
  [{ id: 'c' }, null],
  [{ chatId: null }, null],
  [[], null],
])('the id of a chat in %j', (json, id) => {
  expect(createAdapter({}).chatId(json)).toBe(id);
});

test('the end of a wallet’s bearer is read where it is a JWT', () => {
  const { proofEnd } = createAdapter({});
  const jwt = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
  expect(proofEnd(jwt({ exp: 1_700_000_000 }))).toBe(1_700_000_000_000);
  for (const token of [jwt({}), jwt({ exp: 'soon' }), jwt({ exp: -1 }), jwt(null), 'opaque', 'a.b.c', ''])
    expect(proofEnd(token)).toBeNull();
});

test('what is sent is as configured', () => {
  expect(createAdapter({}).kickBody('u1')).toEqual({ userId: 'u1' });
  expect(createAdapter({ kickField: 'id' }).kickBody('u1')).toEqual({ id: 'u1' });
  expect(createAdapter({}).allowlistEntry('0x1')).toBe('0x1');
  expect(createAdapter({ allowlistShape: 'OBJECT' }).allowlistEntry('0x1')).toEqual({ address: '0x1' });
});
