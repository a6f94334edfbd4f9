import { describe, expect, test } from 'vitest';
import { decideEnd, decideHeartbeat, decideRenew, decideTick } from '../../../src/core/decide/lifecycle.ts';
import type { RulesInput } from '../../../src/core/use-cases.ts';
import type { Session, TimeoutPolicy } from '../../../src/core/session.ts';
import { unstorable } from '../../support/core-bounds.ts';
import { askerIn, decided, eventTypes, expectProblem, noon, sessionOf, stateOf } from '../../support/core-fixtures.ts';

const over = [
  ['EXPIRED', { expiresAt: noon + 1_000 }],
  ['EXPIRED', { status: 'EXPIRED', expiresAt: noon }],
  ['ENDED', { status: 'ENDED' }],
] as const;

const minute: TimeoutPolicy = { timeoutSeconds: 60, autoRenew: true, maxDurationSeconds: null, warningSeconds: 10 };

const sliding = (policy: Partial<TimeoutPolicy> = {}, parts: Partial<Session> = {}): Session =>
  sessionOf(parts, { rules: { timeout: { ...minute, ...policy } } });

describe('end', () => {
  test.each(['host', 'owner'] as const)('a %s ends the session', (asker) => {
    const state = stateOf(sliding(), asker);
    const change = decided(decideEnd(state, 'Done'));
    expect(change).toMatchObject({
      guard: { exclusive: true },
      set: { status: 'ENDED', updatedAt: state.now, dueAt: null },
      members: [],
      events: [{ type: 'SESSION_ENDED', byId: asker === 'host' ? askerIn(state).id : null, reason: 'Done' }],
    });
  });

  test('a member does not', () => {
    expectProblem(decideEnd(stateOf(sessionOf(), 'member'), null), 'FORBIDDEN');
  });

  test('a stranger does not', () => {
    expectProblem(decideEnd(stateOf(sessionOf(), 'stranger'), null), 'NOT_A_MEMBER');
  });

  test.each(over)('nobody ends what is over: %s', (code, parts) => {
    expectProblem(decideEnd(stateOf(sessionOf(parts), 'host'), null), code);
  });

  test.each(['', 'x'.repeat(501), ...unstorable])('a reason of %j is refused', (reason) => {
    expectProblem(decideEnd(stateOf(sessionOf(), 'host'), reason), 'BAD_INPUT', ['reason']);
  });
});

describe('renew', () => {
  test.each(['host', 'member', 'owner'] as const)('a %s starts the timeout anew', (asker) => {
    const state = stateOf(sliding(), asker, noon + 30_000);
    expect(decided(decideRenew(state))).toMatchObject({
      guard: { exclusive: true },
      set: { lastActivityAt: state.now, renewedAt: state.now, expiresAt: noon + 90_000, dueAt: noon + 80_000 },
      touch: { at: state.now, expiry: null, renewed: true },
      events: [{ type: 'SESSION_RENEWED', expiresAt: noon + 90_000 }],
    });
  });

  test('also where activity does not', () => {
    expect(decided(decideRenew(stateOf(sliding({ autoRenew: false }), 'member', noon + 30_000))).set).toMatchObject({
      expiresAt: noon + 90_000,
      dueAt: noon + 80_000,
    });
  });

  test('to the maximum duration and no further', () => {
    const session = sliding({ maxDurationSeconds: 70 });
    expect(decided(decideRenew(stateOf(session, 'member', noon + 30_000))).set).toMatchObject({ expiresAt: noon + 70_000 });
  });

  test('or to the end of a fixed lifetime', () => {
    const session = sessionOf({}, { rules: { lifetimeSeconds: 80, timeout: minute } });
    expect(decided(decideRenew(stateOf(session, 'member', noon + 30_000))).set).toMatchObject({ expiresAt: noon + 80_000 });
  });

  test.each<readonly [string, RulesInput]>([
    ['never expires', {}],
    ['has a fixed lifetime', { lifetimeSeconds: 60 }],
  ])('there is nothing to renew where the session %s', (why, rules) => {
    expect(expectProblem(decideRenew(stateOf(sessionOf({}, { rules }), 'host')), 'CONFLICT').detail).toContain(why);
  });

  test('a stranger renews nothing', () => {
    expectProblem(decideRenew(stateOf(sliding(), 'stranger')), 'NOT_A_MEMBER');
  });

  test.each(over)('nothing is renewed that is over: %s', (code, parts) => {
    expectProblem(decideRenew(stateOf(sliding({}, parts), 'host')), code);
  });
});

describe('heartbeat', () => {
  test('renews where activity does, and waits for nobody', () => {
    const session = sliding();
    const change = decided(decideHeartbeat(stateOf(session, 'member', noon + 30_000)));
    expect(change).toMatchObject({
      guard: { version: session.version, exclusive: false },
      set: {},
      touch: { at: noon + 30_000, renewed: true, expiry: { expiresAt: noon + 90_000, dueAt: noon + 80_000 } },
      events: [{ type: 'SESSION_RENEWED', expiresAt: noon + 90_000 }],
    });
  });

  test.each<readonly [string, Session]>([
    ['activity does not renew', sliding({ autoRenew: false })],
    ['the session never expires', sessionOf()],
  ])('only says that somebody is there where %s', (_, session) => {
    expect(decided(decideHeartbeat(stateOf(session, 'member', noon + 30_000)))).toMatchObject({
      touch: { at: noon + 30_000, renewed: false, expiry: null },
      events: [],
    });
  });

  test('a stranger has none', () => {
    expectProblem(decideHeartbeat(stateOf(sliding(), 'stranger')), 'NOT_A_MEMBER');
  });

  test.each(over)('nothing that is over has one: %s', (code, parts) => {
    expectProblem(decideHeartbeat(stateOf(sliding({}, parts), 'host')), code);
  });
});

describe('tick', () => {
  const expiresAt = noon + 60_000;

  test.each([
    ['before the warning', noon + 49_999, null],
    ['at the warning', noon + 50_000, 'SESSION_EXPIRING'],
    ['between the two', noon + 59_999, 'SESSION_EXPIRING'],
    ['at the expiry', noon + 60_000, 'SESSION_EXPIRED'],
    ['long after it', noon + 9_999_999, 'SESSION_EXPIRED'],
  ])('%s', (_, now, event) => {
    const change = decideTick(sliding(), now);
    expect(change === null ? null : eventTypes(change)).toEqual(event === null ? null : [event]);
  });

  test('the warning is given once for an expiry, and is decided on it', () => {
    const session = sliding();
    const change = decided(decideTick(session, noon + 50_000));
    expect(change).toMatchObject({
      guard: { version: session.version, expiresAt, exclusive: true },
      set: { warnedFor: expiresAt, dueAt: expiresAt },
      touch: null,
      events: [{ type: 'SESSION_EXPIRING', secondsLeft: 10 }],
      at: noon + 50_000,
    });
    const warned = { ...session, ...change.set };
    expect(decideTick(warned, noon + 59_999)).toBeNull();
    expect(eventTypes(decided(decideTick(warned, noon + 60_000)))).toEqual(['SESSION_EXPIRED']);
    // A later expiry has a warning of its own.
    expect(eventTypes(decided(decideTick({ ...warned, expiresAt: noon + 65_000 }, noon + 60_000)))).toEqual(['SESSION_EXPIRING']);
  });

  test('a late warning says what is left, and never that nothing is', () => {
    const left = (now: number) => decided(decideTick(sliding(), now)).events;
    expect(left(noon + 50_004)).toMatchObject([{ secondsLeft: 10 }]);
    expect(left(noon + 57_000)).toMatchObject([{ secondsLeft: 3 }]);
    expect(left(noon + 59_900)).toMatchObject([{ secondsLeft: 1 }]);
  });

  test('the expiry is decided on the expiry', () => {
    const session = sliding();
    expect(decided(decideTick(session, noon + 60_000))).toMatchObject({
      guard: { version: session.version, expiresAt, exclusive: true },
      set: { status: 'EXPIRED', dueAt: null, updatedAt: noon + 60_000 },
      events: [{ type: 'SESSION_EXPIRED' }],
    });
  });

  test('a session that wants no warning gets none', () => {
    expect(decideTick(sliding({ warningSeconds: 0 }), noon + 59_999)).toBeNull();
  });

  test.each<readonly [string, Session]>([
    ['never expires', sessionOf()],
    ['has expired', sliding({}, { status: 'EXPIRED' })],
    ['has ended', sliding({}, { status: 'ENDED' })],
  ])('time does nothing to a session that %s', (_, session) => {
    expect(decideTick(session, noon + 9_999_999)).toBeNull();
  });
});
