import { describe, expect, it } from 'vitest';
import { createdWith, decideAdoption, decideClaim } from '../../../src/core/decide/adoption.ts';
import { decideFacts, noUpstream, sessionWith, withFacts } from '../../../src/core/decide/facts.ts';
import { decideHeartbeat, decideRenew } from '../../../src/core/decide/lifecycle.ts';
import { decideUpdate } from '../../../src/core/decide/settings.ts';
import { decideCreate } from '../../../src/core/decide/create.ts';
import { newSessionId } from '../../../src/core/ids.ts';
import type { Facts, ServiceMember } from '../../../src/core/service.ts';
import type { Session } from '../../../src/core/session.ts';
import { creationOf, decided, eventTypes, limits, memberOf, noon, sessionOf, stateOf } from '../../support/core-fixtures.ts';

const now = noon + 10_000;
const timeout = { timeoutSeconds: 60, autoRenew: true, maxDurationSeconds: null, warningSeconds: null };
const remote = (parts: Partial<Session> = {}, input = {}): Session => sessionOf({ upstream: noUpstream, ...parts }, input);
const facts = (session: Session, said: Facts): ReturnType<typeof decideFacts> => decideFacts({ session, now }, said);
const theirs = (id: string): ServiceMember => ({ id, name: `Name of ${id}`, address: null, role: 'MEMBER' });

describe('what a service says of a session', () => {
  it.each<[string, Facts, Partial<Session>, readonly string[]]>([
    ['title', { title: 'T' }, { title: 'T' }, ['title']],
    ['visibility', { visibility: 'PUBLIC' }, { visibility: 'PUBLIC' }, ['visibility']],
    ['agent', { agentId: 'a' }, { agentId: 'a' }, ['agentId']],
    ['objects', { metadata: { a: 1 }, defaults: { b: 2 } }, { metadata: { a: 1 }, defaults: { b: 2 } }, ['defaults', 'metadata']],
    ['owners', { owners: ['x'] }, { owners: ['x'] }, ['owners']],
  ])('is recorded with its event: %s', (_, said, set, changed) => {
    const session = remote();
    const change = facts(session, said);
    expect(change?.set).toEqual({ ...set, updatedAt: now });
    expect(change?.events).toEqual([{ type: 'SESSION_UPDATED', changed }]);
    // Said again it is no news.
    expect(facts({ ...session, ...change?.set }, said)).toBeNull();
  });

  it('is no news where it is what was recorded', () => {
    expect(facts(remote(), { title: null, description: null, situation: null, metadata: {}, owners: [] })).toBeNull();
  });

  it('is of rules one by one, and the others stay', () => {
    const session = remote({}, { rules: { maxMembers: 5 } });
    const change = facts(session, { rules: { maxFiles: 3 } });
    expect(change?.set.rules).toMatchObject({ maxMembers: 5, maxFiles: 3 });
    expect(change?.events).toEqual([{ type: 'SESSION_UPDATED', changed: ['rules.maxFiles'] }]);
    const turned = { warningSeconds: null, maxDurationSeconds: null, autoRenew: true, timeoutSeconds: 60 };
    const timed = remote({}, { rules: { timeout } });
    expect(facts(timed, { rules: { timeout: turned } })).toBeNull();
  });

  it('decides on the end where the service has the clock, and is not reckoned over', () => {
    const session = remote({}, { rules: { timeout } });
    const change = facts(session, { expiresAt: noon + 500_000 });
    expect(change?.set).toMatchObject({ expiresAt: noon + 500_000, dueAt: noon + 470_000, upstream: { clock: true } });
    expect(change?.events).toEqual([{ type: 'SESSION_RENEWED', expiresAt: noon + 500_000 }]);
    expect(change?.guard.expiresAt).toBe(session.expiresAt);
    const clocked = { ...session, ...change?.set };
    expect(facts(clocked, { lastActivityAt: now })?.set).toEqual({});
    expect(facts(clocked, { expiresAt: null })?.set).toMatchObject({ expiresAt: null, dueAt: null });
    expect(facts(clocked, { expiresAt: noon + 500_000 })).toBeNull();
  });

  it('bounds the end where the gateway has the clock', () => {
    const session = remote({}, { rules: { timeout } });
    expect(facts(session, { endsAt: noon + 30_000 })?.set).toMatchObject({ expiresAt: noon + 30_000, upstream: { endsAt: noon + 30_000 } });
    expect(facts(session, { endsAt: noon + 90_000 })?.events).toEqual([]);
    expect(facts(remote(), { endsAt: noon + 90_000 })?.set).toMatchObject({ expiresAt: noon + 90_000 });
  });

  it('slides the end with activity there, and never back', () => {
    const session = remote({ lastActivityAt: noon + 5_000, expiresAt: noon + 65_000, dueAt: noon + 35_000 }, { rules: { timeout } });
    expect(facts(session, { lastActivityAt: noon })).toBeNull();
    const change = facts(session, { lastActivityAt: noon + 8_000 });
    expect(change).toMatchObject({ set: { expiresAt: noon + 68_000 }, touch: { at: noon + 8_000, expiry: null, renewed: false } });
    const untimed = facts(remote(), { lastActivityAt: noon + 8_000 });
    expect(untimed).toMatchObject({ set: {}, events: [], guard: { exclusive: false }, touch: { at: noon + 8_000 } });
  });

  it.each(['EXPIRED', 'ENDED'] as const)('ends it: %s', (status) => {
    const change = facts(remote(), { status, title: 'not any more' });
    expect(change?.set).toEqual({ status, updatedAt: now, dueAt: null });
    expect(eventTypes(decided(change))).toEqual([`SESSION_${status}`]);
    expect(facts(remote({ status }), { status: 'ACTIVE', title: 'again' })).toBeNull();
  });

  it('keeps what the connector wants to be given again, with no event and no secret', () => {
    const session = remote({ upstream: { ...noUpstream, sealed: 'sealed' } });
    const change = facts(session, { data: { room: 7 } });
    expect(change).toMatchObject({ set: { upstream: { data: { room: 7 }, sealed: 'sealed' } }, events: [] });
    expect(facts({ ...session, ...change?.set }, { data: { room: 7 } })).toBeNull();
  });
});

describe('who a service says is in a session', () => {
  const session = remote({ activeMembers: 2, seq: 9 });
  const here = memberOf(session, { upstream: { id: 'here', sealed: 'sealed' } });
  const local = memberOf(session);
  const compare = (members: readonly ServiceMember[], active = [here, local]): ReturnType<typeof decideFacts> =>
    decideFacts({ session: { ...session, activeMembers: active.length }, now }, { members }, active);

  it('is told of those who came and went, but not of those whom only the gateway knows', () => {
    expect(compare([theirs('here')])).toBeNull();
    const change = decided(compare([theirs('new')]));
    expect(change.members).toEqual([
      { ...here, status: 'LEFT', leftAt: now },
      expect.objectContaining({ name: 'Name of new', status: 'ACTIVE', upstream: { id: 'new', sealed: null }, principal: null }),
    ]);
    expect(eventTypes(change)).toEqual(['MEMBER_LEFT', 'MEMBER_JOINED']);
    expect(change.set).toMatchObject({ activeMembers: 2 });
    expect(change.guard.exclusive).toBe(true);
  });

  it('has each once, also where a service names one twice', () => {
    const change = decided(compare([theirs('here'), theirs('new'), theirs('new')]));
    expect(change.members).toHaveLength(1);
    expect(change.set.activeMembers).toBe(3);
  });

  it('knows a second stay as another member', () => {
    const [first] = decided(compare([theirs('here'), theirs('new')])).members;
    const later = decideFacts({ session: { ...session, seq: 11 }, now }, { members: [theirs('here'), theirs('new')] }, [here, local]);
    expect(later?.members[0]?.id).not.toBe(first?.id);
  });

  it.each([
    ['first', (twin: typeof here) => [twin, here]],
    ['last', (twin: typeof here) => [here, twin]],
  ])('keeps of two records of one member that which can act: the other is %s', (_, order) => {
    const twin = memberOf(session, { upstream: { id: 'here', sealed: null } });
    const change = decided(compare([theirs('here')], order(twin)));
    expect(change.members).toEqual([{ ...twin, status: 'LEFT', leftAt: now }]);
    expect(change.set.activeMembers).toBe(1);
  });

  it('ends a TEMPORARY session with the last of them', () => {
    const temporary = { ...session, visibility: 'TEMPORARY', activeMembers: 1 } as const;
    const change = decided(decideFacts({ session: temporary, now }, { members: [] }, [here]));
    expect(change.set).toMatchObject({ status: 'ENDED', activeMembers: 0, dueAt: null });
    expect(eventTypes(change)).toEqual(['MEMBER_LEFT', 'SESSION_ENDED']);
  });
});

describe('a decision with the answer of its service', () => {
  const session = remote({}, { rules: { timeout } });
  const state = stateOf(session, 'host', now);

  it('has the end from the service, and no renewal counted twice', () => {
    const change = withFacts(decided(decideRenew(state)), session, { expiresAt: noon + 999_000, renewalCount: 4 });
    expect(change.set).toMatchObject({ expiresAt: noon + 999_000, renewalCount: 4, renewedAt: now, upstream: { clock: true } });
    expect(change.touch).toEqual({ at: now, expiry: null, renewed: false });
    expect(change.events).toEqual([{ type: 'SESSION_RENEWED', expiresAt: noon + 999_000 }]);
    expect(withFacts(decided(decideRenew(state)), session, {})).toMatchObject({
      touch: { renewed: true },
      set: { expiresAt: now + 60_000 },
    });
  });

  it('has an event for a heartbeat that moved the end there', () => {
    const clocked = { ...session, upstream: { ...noUpstream, clock: true } };
    const beat = decided(decideHeartbeat({ ...state, session: clocked }));
    expect(beat.events).toEqual([]);
    expect(withFacts(beat, clocked, { expiresAt: noon + 80_000 }).events).toEqual([{ type: 'SESSION_RENEWED', expiresAt: noon + 80_000 }]);
    expect(withFacts(beat, clocked, { expiresAt: clocked.expiresAt }).events).toEqual([]);
  });

  it('tells of all that the answer changes, in the event that there is', () => {
    const update = decided(decideUpdate(state, { title: 'Mine' }, undefined, limits));
    const change = withFacts(update, session, { title: 'Mine, trimmed', visibility: 'PUBLIC' });
    expect(change.set).toMatchObject({ title: 'Mine, trimmed', visibility: 'PUBLIC' });
    expect(change.events).toEqual([{ type: 'SESSION_UPDATED', changed: ['title', 'visibility'] }]);
  });

  it('ends the session where the answer says so, once', () => {
    const change = withFacts(decided(decideHeartbeat(state)), session, { status: 'EXPIRED' });
    expect(change.set).toMatchObject({ status: 'EXPIRED', dueAt: null });
    expect(change.touch?.expiry).toBeNull();
    expect(change.events.at(-1)).toEqual({ type: 'SESSION_EXPIRED' });
    const ended = { ...decided(decideHeartbeat(state)), set: { status: 'ENDED', dueAt: null } } as const;
    expect(withFacts(ended, session, { status: 'ENDED', expiresAt: noon + 999_000 })).toMatchObject({
      set: { status: 'ENDED', dueAt: null },
    });
    expect(withFacts(ended, session, { status: 'ENDED' }).events).toEqual(ended.events);
  });

  it('is exclusive, so that whoever has heard of it decides again', () => {
    expect(withFacts(decided(decideHeartbeat(state)), session, {}).guard.exclusive).toBe(true);
  });
});

describe('a session made at a service', () => {
  const named = { id: newSessionId(), backend: 'remote', handle: 'h', visibility: 'PUBLIC', createdBy: 'service:remote' } as const;

  it('is adopted as the service says it is', () => {
    const said = { title: 'T', createdAt: 5, members: [theirs('a'), theirs('a'), theirs('b')], expiresAt: noon + 60_000 };
    const { session, members, events } = decideAdoption(named, said, 'sealed', now);
    expect(session).toMatchObject({
      title: 'T',
      createdAt: 5,
      lastActivityAt: 5,
      activeMembers: 2,
      expiresAt: noon + 60_000,
      seq: 0,
      version: 1,
    });
    expect(session.upstream).toEqual({ ...noUpstream, sealed: 'sealed', clock: true });
    expect(members.map(({ name }) => name)).toEqual(['Name of a', 'Name of b']);
    expect(events.map(({ type }) => type)).toEqual(['MEMBER_JOINED', 'MEMBER_JOINED']);
  });

  it('is adopted as over where it is', () => {
    const { session, events } = decideAdoption(named, { status: 'ENDED', expiresAt: noon }, null, now);
    expect(session).toMatchObject({ status: 'ENDED', dueAt: null });
    expect(events.map(({ type }) => type)).toEqual(['SESSION_ENDED']);
  });

  it('becomes its creator’s where a list was faster, with the creator in it once', () => {
    const creation = createdWith(
      decided(decideCreate({ title: 'Mine' }, creationOf({ backend: 'remote', handle: 'h', principal: 'p' }))),
      { createdAt: noon + 1, data: { a: 1 } },
      { sealed: 'sealed for another', member: { id: 'me', sealed: 'x' } },
    );
    expect(creation.session).toMatchObject({ createdAt: noon + 1, upstream: { data: { a: 1 }, sealed: 'sealed for another' } });
    const adopted = { ...decideAdoption(named, {}, null, now).session, version: 7, seq: 2 };
    const twin = memberOf(adopted, { upstream: { id: 'me', sealed: null } });
    const stranger = memberOf(adopted, { upstream: { id: 'other', sealed: null } });
    const change = decideClaim(adopted, [twin, stranger], creation, 'sealed for this');
    expect(change).toMatchObject({
      sessionId: adopted.id,
      guard: { version: 7 },
      set: { title: 'Mine', createdBy: 'p', activeMembers: 2, upstream: { sealed: 'sealed for this' } },
    });
    expect(change.set).not.toHaveProperty('seq');
    expect(change.members).toMatchObject([
      { id: twin.id, status: 'LEFT' },
      { name: 'Ada', status: 'ACTIVE', sessionId: adopted.id },
    ]);
    expect(eventTypes(change)).toEqual(['MEMBER_LEFT', 'MEMBER_JOINED']);
  });
});

it('does not say that a session is over, where it only says what it is like', () => {
  expect(sessionWith(remote(), { status: 'ENDED', title: 'T' })).toMatchObject({ status: 'ACTIVE', title: 'T' });
});
