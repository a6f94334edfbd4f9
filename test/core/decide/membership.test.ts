import { describe, expect, test } from 'vitest';
import { type Joiner, decideJoin, decideKick, decideLeave } from '../../../src/core/decide/membership.ts';
import { newMemberId } from '../../../src/core/ids.ts';
import type { Rules, Session } from '../../../src/core/session.ts';
import { noRules } from '../../../src/core/rules.ts';
import { unstorable } from '../../support/core-bounds.ts';
import {
  type Asker,
  askerIn,
  codeOf,
  decided,
  eventTypes,
  expectProblem,
  limits,
  memberOf,
  noon,
  sessionOf,
  stateOf,
} from '../../support/core-fixtures.ts';

const over = [
  ['EXPIRED', { expiresAt: noon + 1_000 }],
  ['EXPIRED', { status: 'EXPIRED', expiresAt: noon }],
  ['ENDED', { status: 'ENDED' }],
] as const;

const sessionWith = (rules: Partial<Rules>, parts: Partial<Session> = {}): Session =>
  sessionOf({ rules: { ...noRules, ...rules }, ...parts });

const joinerOf = (parts: Partial<Joiner> = {}): Joiner => ({
  memberId: newMemberId(),
  name: 'Grace',
  address: null,
  principal: null,
  proven: [],
  banned: [],
  password: null,
  ...parts,
});

describe('join', () => {
  const join = (session: Session, joiner: Partial<Joiner> = {}, asker: Asker = 'stranger') =>
    decideJoin(stateOf(session, asker), joinerOf(joiner), limits);

  test('whoever comes to an open session is a member of it', () => {
    const session = sessionOf();
    const joiner = joinerOf({ address: '0xGrace', principal: 'wallet:0xgrace' });
    const state = stateOf(session, 'stranger');
    const change = decided(decideJoin(state, joiner, limits));
    const member = {
      id: joiner.memberId,
      sessionId: session.id,
      name: 'Grace',
      address: '0xGrace',
      role: 'MEMBER',
      status: 'ACTIVE',
      joinedAt: state.now,
      leftAt: null,
      principal: 'wallet:0xgrace',
      banned: false,
    };
    expect(change).toMatchObject({
      kind: 'change',
      sessionId: session.id,
      guard: { version: session.version, exclusive: true },
      set: { activeMembers: 2, updatedAt: state.now },
      touch: null,
      members: [member],
      messages: [],
      clearMessages: false,
      events: [{ type: 'MEMBER_JOINED', memberId: joiner.memberId }],
      at: state.now,
    });
  });

  test.each(over)('nobody comes to one that is over: %s', (code, parts) => {
    expectProblem(join(sessionOf(parts)), code);
    expectProblem(join(sessionOf(parts), {}, 'owner'), code);
  });

  test.each([
    [2, 1, 'done'],
    [2, 2, 'SESSION_FULL'],
    [2, 3, 'SESSION_FULL'],
    [1, 1, 'SESSION_FULL'],
    [null, 9_999, 'done'],
    [null, 10_000, 'SESSION_FULL'],
  ])('with room for %s, %d there: %s', (maxMembers, activeMembers, code) => {
    expect(codeOf(join(sessionWith({ maxMembers }, { activeMembers })))).toBe(code);
  });

  test('whoever comes in is counted', () => {
    expect(decided(join(sessionOf({ activeMembers: 7 }))).set.activeMembers).toBe(8);
  });

  test('a full session is full for its owner too', () => {
    expectProblem(join(sessionWith({ maxMembers: 1 }), {}, 'owner'), 'SESSION_FULL');
  });

  test.each([
    ['none is asked for', null, null],
    ['the right one', '$hash', true],
  ])('a password: %s', (_, passwordHash, password) => {
    decided(join(sessionWith({ passwordHash }), { password }));
  });

  test.each([
    ['a wrong one', false, 'That is not the password'],
    ['none given', null, 'asks for a password'],
  ])('a password: %s', (_, password, detail) => {
    const refusal = expectProblem(join(sessionWith({ passwordHash: '$hash' }), { password }), 'WRONG_PASSWORD', ['password']);
    expect(refusal.detail).toContain(detail);
  });

  test.each<readonly [string, readonly string[], readonly string[], boolean]>([
    [
      'one who proved a listed address',
      ['0x52908400098527886E0F7030069857D2E4169EE7'],
      ['0x52908400098527886E0F7030069857D2E4169EE7'],
      true,
    ],
    ['an address whatever its case', ['0x52908400098527886E0F7030069857D2E4169EE7'], ['0x52908400098527886e0f7030069857d2e4169ee7'], true],
    ['a user name whatever its case', ['Grace'], ['GRACE'], true],
    ['a user by any of its names', ['grace'], ['auth0|17', 'Grace'], true],
    ['a name composed or decomposed', ['Ren\u00e9'], ['Rene\u0301'], true],
    ['a name with spaces around it on the list', [' grace '], ['grace'], true],
    ['another one', ['grace'], ['ada'], false],
    ['a part of a name', ['grace'], ['gra'], false],
    ['one who only says so', ['Grace'], [], false],
    ['anybody, where the list is empty', [], ['grace'], false],
  ])('an allowlist: %s', (_, allowlist, proven, isIn) => {
    expect(codeOf(join(sessionWith({ allowlistOnly: true, allowlist }), { proven }))).toBe(isIn ? 'done' : 'NOT_ALLOWLISTED');
  });

  test('a list that is not kept to keeps nobody out', () => {
    decided(join(sessionWith({ allowlistOnly: false, allowlist: ['ada'] })));
  });

  test('an allowlisted one still gives the password', () => {
    const session = sessionWith({ allowlistOnly: true, allowlist: ['grace'], passwordHash: '$hash' });
    expectProblem(join(session, { proven: ['grace'] }), 'WRONG_PASSWORD', ['password']);
    decided(join(session, { proven: ['grace'], password: true }));
    // A right password does not stand in for the list.
    expectProblem(join(session, { proven: [], password: true }), 'NOT_ALLOWLISTED');
  });

  test('the owner lets in whom it likes', () => {
    decided(join(sessionWith({ allowlistOnly: true, allowlist: ['ada'], passwordHash: '$hash' }), {}, 'owner'));
  });

  test('owners named at creation are hosts once they prove it, and need not be on the list', () => {
    const session = sessionWith({ allowlistOnly: true }, { owners: ['0xABCD', 'grace'] });
    expect(decided(join(session, { proven: ['0xabcd'] })).members[0]?.role).toBe('HOST');
    expect(decided(join(session, { proven: ['Grace'] })).members[0]?.role).toBe('HOST');
    expectProblem(join(session, { name: 'grace' }), 'NOT_ALLOWLISTED');
    expect(decided(join(sessionOf({ owners: ['grace'] }), { name: 'grace' })).members[0]?.role).toBe('MEMBER');
  });

  test('the signed-in creator who comes back is host again, and need not be on the list', () => {
    const session = sessionWith({ allowlistOnly: true, allowlist: ['ada'], passwordHash: '$hash' }, { createdBy: 'wallet:0x1' });
    expect(decided(join(session, { principal: 'wallet:0x1', password: true })).members[0]?.role).toBe('HOST');
    expectProblem(join(session, { principal: 'wallet:0x1' }), 'WRONG_PASSWORD', ['password']);
    expectProblem(join(session, { principal: 'wallet:0x2', password: true }), 'NOT_ALLOWLISTED');
    // Nobody is behind a session of an anonymous creator.
    expect(decided(join(sessionOf({ createdBy: null }))).members[0]?.role).toBe('MEMBER');
  });

  describe('a ban', () => {
    const session = sessionOf();
    const bannedAs = (parts: Parameters<typeof memberOf>[1]) => [memberOf(session, { status: 'KICKED', banned: true, ...parts })];

    test.each<readonly [string, Parameters<typeof memberOf>[1], Partial<Joiner>]>([
      ['of a principal', { principal: 'user:a|1' }, { principal: 'user:a|1', name: 'Somebody else' }],
      ['of an address', { principal: null, address: '0xABCD' }, { address: '0xabcd', name: 'Somebody else' }],
      ['of an address, come as a wallet', { address: '0xABCD' }, { address: '0xabcd', principal: 'wallet:0xabcd' }],
      ['of a name that is all there is', { name: 'Grace' }, { name: 'grace' }],
    ])('%s holds', (_, banned, joiner) => {
      expectProblem(join(session, { ...joiner, banned: bannedAs(banned) }), 'KICKED');
      // The owner vouches for people, but its own ban holds.
      expectProblem(join(session, { ...joiner, banned: bannedAs(banned) }, 'owner'), 'KICKED');
    });

    test.each<readonly [string, Parameters<typeof memberOf>[1], Partial<Joiner>]>([
      ['of somebody signed in does not hit a namesake', { name: 'Grace', principal: 'user:a|1' }, { name: 'Grace' }],
      ['of a wallet does not hit a namesake', { name: 'Grace', address: '0xABCD' }, { name: 'Grace' }],
      ['of a mere name does not hit one who signs in', { name: 'Grace' }, { name: 'Grace', principal: 'user:a|1' }],
    ])('%s', (_, banned, joiner) => {
      decided(join(session, { ...joiner, banned: bannedAs(banned) }));
    });

    test('comes before what the session asks for: it tells nothing about the password', () => {
      const closed = sessionWith({ passwordHash: '$hash', allowlistOnly: true });
      expectProblem(join(closed, { banned: bannedAs({}), password: true }), 'KICKED');
    });
  });
});

describe('leave', () => {
  test.each(['host', 'member'] as const)('a %s leaves', (asker) => {
    const state = stateOf(sessionOf({ activeMembers: 3 }), asker);
    const change = decided(decideLeave(state));
    expect(change).toMatchObject({
      guard: { exclusive: true },
      set: { activeMembers: 2, updatedAt: state.now },
      members: [{ ...askerIn(state), status: 'LEFT', leftAt: state.now, banned: false }],
      events: [{ type: 'MEMBER_LEFT', memberId: askerIn(state).id }],
    });
    expect(change.set).not.toHaveProperty('status');
  });

  test.each(['owner', 'stranger'] as const)('a %s who is no member does not', (asker) => {
    expectProblem(decideLeave(stateOf(sessionOf(), asker)), 'NOT_A_MEMBER');
  });

  test.each(over)('nobody leaves what is over: %s', (code, parts) => {
    expectProblem(decideLeave(stateOf(sessionOf(parts), 'member')), code);
  });

  test.each([
    ['TEMPORARY', 1, true],
    ['TEMPORARY', 2, false],
    ['PRIVATE', 1, false],
    ['PUBLIC', 1, false],
  ] as const)('of a %s session with %d there: it ends is %s', (visibility, activeMembers, ends) => {
    const change = decided(decideLeave(stateOf(sessionOf({ visibility, activeMembers }), 'member')));
    expect(eventTypes(change)).toEqual(ends ? ['MEMBER_LEFT', 'SESSION_ENDED'] : ['MEMBER_LEFT']);
    expect(change.set.status).toBe(ends ? 'ENDED' : undefined);
    expect(change.set.dueAt).toBe(ends ? null : undefined);
  });
});

describe('kick', () => {
  const session = sessionOf({ activeMembers: 3 });
  const target = memberOf(session, { name: 'Mallory' });
  const options = { memberId: target.id, reason: 'Off topic', ban: true };

  test.each([true, false])('a host removes a member, ban %s', (ban) => {
    const state = stateOf(session, 'host');
    expect(decided(decideKick(state, target, { ...options, ban }))).toMatchObject({
      guard: { exclusive: true },
      set: { activeMembers: 2 },
      members: [{ ...target, status: 'KICKED', leftAt: state.now, banned: ban }],
      events: [{ type: 'MEMBER_KICKED', memberId: target.id, byId: askerIn(state).id, reason: 'Off topic' }],
    });
  });

  test('the owner removes whom it likes, a host among them', () => {
    const host = memberOf(session, { role: 'HOST' });
    const change = decided(decideKick(stateOf(session, 'owner'), host, { memberId: host.id, reason: null, ban: false }));
    expect(change.events).toEqual([{ type: 'MEMBER_KICKED', memberId: host.id, byId: null, reason: null }]);
  });

  test('the last member of a TEMPORARY session takes it along', () => {
    const lonely = sessionOf({ visibility: 'TEMPORARY', activeMembers: 1 });
    const change = decided(decideKick(stateOf(lonely, 'owner'), memberOf(lonely), options));
    expect(eventTypes(change)).toEqual(['MEMBER_KICKED', 'SESSION_ENDED']);
    expect(change.set).toMatchObject({ status: 'ENDED', activeMembers: 0, dueAt: null });
  });

  test('a member removes nobody', () => {
    expectProblem(decideKick(stateOf(session, 'member'), target, options), 'FORBIDDEN');
  });

  test('a stranger removes nobody', () => {
    expectProblem(decideKick(stateOf(session, 'stranger'), target, options), 'NOT_A_MEMBER');
  });

  test('nobody removes themselves', () => {
    const state = stateOf(session, 'host');
    const refusal = expectProblem(decideKick(state, askerIn(state), { ...options, memberId: askerIn(state).id }), 'CONFLICT', ['memberId']);
    expect(refusal.detail).toContain('leaveSession');
  });

  test('no host removes another', () => {
    expectProblem(decideKick(stateOf(session, 'host'), memberOf(session, { role: 'HOST' }), options), 'FORBIDDEN', ['memberId']);
  });

  test.each(['LEFT', 'KICKED'] as const)('one who %s is not removed again', (status) => {
    expectProblem(decideKick(stateOf(session, 'host'), { ...target, status }, options), 'CONFLICT', ['memberId']);
  });

  test('a stranger is not removed', () => {
    expectProblem(decideKick(stateOf(session, 'host'), null, options), 'NOT_FOUND', ['memberId']);
    expectProblem(decideKick(stateOf(session, 'host'), memberOf(sessionOf()), options), 'NOT_FOUND', ['memberId']);
  });

  test.each(over)('nobody is removed from what is over: %s', (code, parts) => {
    expectProblem(decideKick(stateOf({ ...session, ...parts }, 'host'), target, options), code);
  });

  test.each(['', 'x'.repeat(501), ...unstorable])('a reason of %j is refused', (reason) => {
    expectProblem(decideKick(stateOf(session, 'host'), target, { ...options, reason }), 'BAD_INPUT', ['reason']);
  });
});
