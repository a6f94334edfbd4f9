import { describe, expect, test } from 'vitest';
import type { Member } from '../../src/core/member.ts';
import { noRules } from '../../src/core/rules.ts';
import { statusAt } from '../../src/core/session.ts';
import { standingOf } from '../../src/core/standing.ts';
import { isHost, mayRead, maySee } from '../../src/core/use-cases.ts';
import { type Viewer, identityKey, personalPrincipal, principalOf } from '../../src/core/viewer.ts';
import { memberOf, noon, sessionOf } from '../support/core-fixtures.ts';

const anonymous: Viewer = { kind: 'ANONYMOUS' };
const key: Viewer = { kind: 'API_KEY', keyId: 'k1', name: 'app', tier: 'FREE' };
const wallet: Viewer = { kind: 'WALLET', address: '0xABCD' };
const user: Viewer = { kind: 'USER', issuer: 'https://id.example.org/', subject: '17', name: 'Grace' };
const member = (of: Member): Viewer => ({ kind: 'MEMBER', member: of });

const session = sessionOf({ createdBy: 'key:k1' });
const nobody = { member: null, owner: false, invited: false };

test.each<readonly [Viewer, string | null, string | null]>([
  [anonymous, null, null],
  [key, 'key:k1', null],
  [wallet, 'wallet:0xabcd', 'wallet:0xabcd'],
  [user, 'user:https://id.example.org/|17', 'user:https://id.example.org/|17'],
])('%j is known as %s', (viewer, principal, personal) => {
  expect(principalOf(viewer)).toBe(principal);
  expect(personalPrincipal(viewer)).toBe(personal);
});

test('a member is known by its membership, and is no person', () => {
  const of = memberOf(session);
  expect(principalOf(member(of))).toBe(`member:${of.id}`);
  expect(personalPrincipal(member(of))).toBeNull();
});

test.each([
  ['Grace', 'gRACE', true],
  [' grace ', 'grace', true],
  ['Ren\u00e9', 'Rene\u0301', true],
  ['0xABCD', '0xabcd', true],
  ['grace', 'grace hopper', false],
  ['ﬁ', 'fi', false],
])('%j and %j are the same name: %s', (one, other, same) => {
  expect(identityKey(one) === identityKey(other)).toBe(same);
});

describe('a membership', () => {
  test('as last read counts, if it is of this session and goes on', () => {
    const active = memberOf(session);
    expect(standingOf(user, session, active)).toEqual({ ...nobody, member: active });
    for (const gone of [memberOf(session, { status: 'LEFT' }), memberOf(session, { status: 'KICKED' }), memberOf(sessionOf())]) {
      expect(standingOf(user, session, gone)).toEqual(nobody);
    }
  });

  test('that a token speaks for counts, where nothing else is known', () => {
    const active = memberOf(session);
    expect(standingOf(member(active), session, null).member).toBe(active);
    expect(standingOf(member(active), sessionOf(), null)).toEqual(nobody);
    // What the store says since goes before what the token says.
    expect(standingOf(member(active), session, { ...active, status: 'KICKED' })).toEqual(nobody);
    expect(standingOf(member(active), session, { ...active, role: 'HOST' }).member?.role).toBe('HOST');
  });
});

test('the key that made a session owns it, and no other does', () => {
  expect(standingOf(key, session, null)).toEqual({ ...nobody, owner: true, invited: true });
  expect(standingOf({ ...key, keyId: 'k2' }, session, null)).toEqual(nobody);
  expect(standingOf(key, sessionOf({ createdBy: null }), null)).toEqual(nobody);
  expect(standingOf(anonymous, sessionOf({ createdBy: null }), null)).toEqual(nobody);
});

test('a person who made a session may come back to it, and owns nothing', () => {
  expect(standingOf(wallet, sessionOf({ createdBy: 'wallet:0xabcd' }), null)).toEqual({ ...nobody, invited: true });
  expect(standingOf(user, sessionOf({ createdBy: 'wallet:0xabcd' }), null)).toEqual(nobody);
});

test.each<readonly [string, Viewer, boolean]>([
  ['0xabcd', wallet, true],
  ['0xABCD', wallet, true],
  ['grace', user, true],
  ['17', user, true],
  ['app', key, false],
  ['k1', key, false],
  ['Guest', anonymous, false],
  ['Grace', member(memberOf(session)), false],
])('%s on a list invites %j: %s', (name, viewer, invited) => {
  for (const lists of [{ owners: [name] }, { rules: { ...noRules, allowlist: [name] } }]) {
    expect(standingOf(viewer, sessionOf({ ...lists, createdBy: null }), null).invited).toBe(invited);
  }
});

describe('what a standing gives', () => {
  const open = sessionOf({ visibility: 'PUBLIC' });
  const hidden = sessionOf({ visibility: 'PRIVATE' });
  const locked = sessionOf({ visibility: 'PUBLIC', rules: { ...noRules, passwordHash: '$hash' } });
  const listed = sessionOf({ visibility: 'PUBLIC', rules: { ...noRules, allowlistOnly: true } });
  const temporary = sessionOf({ visibility: 'TEMPORARY' });
  const of = (parts: Partial<typeof nobody>) => ({ ...nobody, ...parts });
  const inside = { ...nobody, member: memberOf(open) };

  test.each([
    ['nobody', nobody, [true, false, true, true, false], [true, false, false, false, false]],
    ['a member', inside, [true, true, true, true, true], [true, true, true, true, true]],
    ['the owner', of({ owner: true }), [true, true, true, true, true], [true, true, true, true, true]],
    ['one invited', of({ invited: true }), [true, true, true, true, true], [true, false, false, false, false]],
  ])('%s', (_, standing, sees, reads) => {
    const all = [open, hidden, locked, listed, temporary];
    expect(all.map((each) => maySee(each, standing))).toEqual(sees);
    expect(all.map((each) => mayRead(each, standing))).toEqual(reads);
  });

  test('a host is one by role or by ownership', () => {
    expect(isHost(nobody)).toBe(false);
    expect(isHost(inside)).toBe(false);
    expect(isHost({ ...inside, member: memberOf(open, { role: 'HOST' }) })).toBe(true);
    expect(isHost(of({ owner: true }))).toBe(true);
    expect(isHost(of({ invited: true }))).toBe(false);
  });
});

test('what has run out is expired, whether or not anybody has said so', () => {
  expect(statusAt(sessionOf({ expiresAt: noon }), noon - 1)).toBe('ACTIVE');
  expect(statusAt(sessionOf({ expiresAt: noon }), noon)).toBe('EXPIRED');
  expect(statusAt(sessionOf({ expiresAt: noon, status: 'ENDED' }), noon)).toBe('ENDED');
  expect(statusAt(sessionOf({ expiresAt: null }), noon * 2)).toBe('ACTIVE');
});
