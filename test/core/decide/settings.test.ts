import { describe, expect, test } from 'vitest';
import { decideReplace, decideTimeout, decideUpdate } from '../../../src/core/decide/settings.ts';
import { noRules } from '../../../src/core/rules.ts';
import type { Session } from '../../../src/core/session.ts';
import type { CreateInput, TimeoutPolicyInput, UpdateInput } from '../../../src/core/use-cases.ts';
import { awkward, settingFaults, settingsAtTheirBounds, sized } from '../../support/core-bounds.ts';
import { type Asker, decided, expectProblem, limits, noon, sessionOf, stateOf } from '../../support/core-fixtures.ts';

const over = [
  ['EXPIRED', { expiresAt: noon + 1_000 }],
  ['EXPIRED', { status: 'EXPIRED', expiresAt: noon }],
  ['ENDED', { status: 'ENDED' }],
] as const;

/** The password's hash, as the service makes it before it asks. */
const hashOf = ({ rules }: UpdateInput) => (typeof rules?.password === 'string' ? `$${rules.password}` : rules?.password);

const update = (session: Session, input: UpdateInput, asker: Asker = 'host', now?: number) =>
  decideUpdate(stateOf(session, asker, now), input, hashOf(input), limits);
const replace = (session: Session, input: UpdateInput, asker: Asker = 'host', now?: number) =>
  decideReplace(stateOf(session, asker, now), input, hashOf(input), limits);
const setTimeoutPolicy = (session: Session, policy: TimeoutPolicyInput, asker: Asker = 'host', now?: number) =>
  decideTimeout(stateOf(session, asker, now), policy, limits);

const full: CreateInput = {
  title: 'Stand-up',
  description: 'Every day',
  visibility: 'PUBLIC',
  situation: 'Be brief',
  defaults: { model: 'small', temperature: 1 },
  metadata: { team: 'core', nothing: null, deep: { a: 1, b: 2 } },
  rules: {
    maxMembers: 5,
    lifetimeSeconds: 3_600,
    timeout: { timeoutSeconds: 600, autoRenew: false, maxDurationSeconds: 1_200, warningSeconds: 30 },
    allowlist: ['ada'],
    maxFiles: 3,
    maxTotalMegabytes: 7,
  },
};
const fullSession = (): Session => sessionOf({}, full);

describe.each([
  ['update', update],
  ['replace', replace],
] as const)('%s', (_, decide) => {
  test.each(over)('nothing is changed that is over: %s', (code, parts) => {
    expectProblem(decide(sessionOf(parts), { title: 'x' }), code);
  });

  test('a member changes nothing', () => {
    expectProblem(decide(sessionOf(), { title: 'x' }, 'member'), 'FORBIDDEN');
  });

  test('a stranger changes nothing', () => {
    expectProblem(decide(sessionOf(), { title: 'x' }, 'stranger'), 'NOT_A_MEMBER');
  });

  test.each(['host', 'owner'] as const)('a %s does, and it is one event', (asker) => {
    const session = sessionOf();
    const state = stateOf(session, asker);
    expect(decided(decide(session, { title: 'x', metadata: { a: 1 }, rules: { maxMembers: 4 } }, asker))).toMatchObject({
      sessionId: session.id,
      guard: { version: session.version, exclusive: true },
      set: { title: 'x', metadata: { a: 1 }, rules: { maxMembers: 4 }, updatedAt: state.now },
      touch: null,
      events: [{ type: 'SESSION_UPDATED', changed: ['title', 'metadata', 'rules.maxMembers'] }],
    });
  });

  test.each(settingFaults)('%s is refused', (_, input, code, path) => {
    const { detail } = expectProblem(decide(sessionOf(), input), code, path);
    expect(detail).toContain(path.join('.'));
  });

  test('at the bounds, nothing is', () => {
    expect(decided(decide(sessionOf(), settingsAtTheirBounds)).set).toMatchObject({ title: settingsAtTheirBounds.title });
  });

  test.each(awkward)('%j goes through as it is', (text) => {
    expect(decided(decide(sessionOf(), { title: text, defaults: { [text]: text } })).set).toMatchObject({
      title: text,
      defaults: { [text]: text },
    });
  });

  test('the capacity stays above the number of members', () => {
    const session = sessionOf({ activeMembers: 3 });
    expectProblem(decide(session, { rules: { maxMembers: 2 } }), 'CONFLICT', ['rules', 'maxMembers']);
    expect(decided(decide(session, { rules: { maxMembers: 3 } })).set.rules?.maxMembers).toBe(3);
  });

  test.each<readonly [string, UpdateInput]>([
    ['lifetime', { rules: { lifetimeSeconds: 60 } }],
    ['timeout', { rules: { timeout: { timeoutSeconds: 60 } } }],
    ['maximum duration', { rules: { timeout: { timeoutSeconds: 60, maxDurationSeconds: 60 } } }],
  ])('a %s that has run out already is refused: that is what ending is for', (_, input) => {
    expect(expectProblem(decide(sessionOf(), input, 'host', noon + 60_000), 'CONFLICT', ['rules']).detail).toContain('endSession');
    expect(decided(decide(sessionOf(), input, 'host', noon + 59_999)).set.expiresAt).toBe(noon + 60_000);
  });

  test('a password is set and never named', () => {
    const change = decided(decide(sessionOf(), { rules: { password: 'sesame' } }));
    expect(change.set.rules?.passwordHash).toBe('$sesame');
    expect(change.events).toEqual([{ type: 'SESSION_UPDATED', changed: ['rules.password'] }]);
  });

  test('new times are kept from the moment they are set', () => {
    const change = decided(decide(sessionOf(), { rules: { timeout: { timeoutSeconds: 90, warningSeconds: 20 } } }));
    expect(change.set).toMatchObject({ expiresAt: noon + 90_000, dueAt: noon + 70_000 });
  });

  test('times that stay as they are are not written: activity meanwhile moves them', () => {
    const session = fullSession();
    const { description, visibility, situation, defaults, metadata, rules } = full;
    const { set } = decided(decide(session, { title: 'x', description, visibility, situation, defaults, metadata, rules }));
    expect(set).toHaveProperty('title', 'x');
    expect(set).not.toHaveProperty('expiresAt');
    expect(set).not.toHaveProperty('dueAt');
  });
});

describe('update', () => {
  test('what is not given stays', () => {
    const session = fullSession();
    expect(update(session, {})).toBeNull();
    expect(update(session, { rules: {}, metadata: {}, defaults: {} })).toBeNull();
    const { title, description, visibility, situation, defaults, metadata, rules } = session;
    expect(decided(update(session, { title: 'New' })).set).toMatchObject({
      description,
      visibility,
      situation,
      defaults,
      metadata,
      rules,
      title: 'New',
    });
    expect(decided(update(session, { rules: { maxFiles: 4 } })).set).toMatchObject({ title, rules: { ...rules, maxFiles: 4 } });
  });

  test('what does not differ changes nothing', () => {
    expect(update(fullSession(), { ...full, defaults: { model: 'small' }, metadata: { team: 'core' } })).toBeNull();
  });

  test('null takes a value away', () => {
    const change = decided(
      update(sessionOf({ rules: { ...fullSession().rules, passwordHash: '$hash' } }, full), {
        title: null,
        description: null,
        situation: null,
        defaults: null,
        metadata: null,
        visibility: null,
        rules: {
          maxMembers: null,
          lifetimeSeconds: null,
          timeout: null,
          password: null,
          allowlist: null,
          allowlistOnly: false,
          maxFiles: null,
          maxTotalMegabytes: null,
        },
      }),
    );
    expect(change.set).toMatchObject({
      title: null,
      description: null,
      situation: null,
      defaults: {},
      metadata: {},
      // There is no session without one.
      visibility: 'PUBLIC',
      rules: {
        maxMembers: null,
        lifetimeSeconds: null,
        timeout: null,
        passwordHash: null,
        allowlistOnly: false,
        allowlist: [],
        maxFiles: null,
        maxTotalMegabytes: null,
      },
      expiresAt: null,
      dueAt: null,
    });
    expect(change.events[0]).toMatchObject({
      changed: expect.arrayContaining(['title', 'defaults', 'metadata', 'rules.password', 'rules.timeout', 'rules.allowlist']),
    });
  });

  test('objects are merged key by key, and null takes the key that it names away', () => {
    const { set } = decided(update(fullSession(), { metadata: { team: 'edge', deep: { c: 3 }, fresh: [1] }, defaults: { model: null } }));
    expect(set.metadata).toEqual({ team: 'edge', nothing: null, deep: { c: 3 }, fresh: [1] });
    expect(set.defaults).toEqual({ temperature: 1 });
  });

  test('a key that objects have by nature is a key as any other', () => {
    const metadata = JSON.parse('{ "__proto__": { "a": 1 }, "constructor": 2 }') as Record<string, unknown>;
    const { set } = decided(update(sessionOf(), { metadata }));
    expect(JSON.stringify(set.metadata)).toBe(JSON.stringify(metadata));
  });

  test('merging does not grow an object past its bound', () => {
    const session = sessionOf({}, { metadata: sized(limits.objectBytes - 20) });
    expectProblem(update(session, { metadata: { more: 'x'.repeat(40) } }), 'TOO_LARGE', ['metadata']);
  });

  test('a policy is merged field by field', () => {
    const { set } = decided(update(fullSession(), { rules: { timeout: { autoRenew: true, warningSeconds: null } } }));
    expect(set.rules?.timeout).toEqual({ timeoutSeconds: 600, autoRenew: true, maxDurationSeconds: 1_200, warningSeconds: null });
  });

  test('a list makes the session keep to it, and taking it away does not open the session', () => {
    expect(decided(update(sessionOf(), { rules: { allowlist: ['ada'] } })).set.rules).toMatchObject({ allowlistOnly: true });
    expect(decided(update(fullSession(), { rules: { allowlist: null } })).set.rules).toMatchObject({ allowlistOnly: true, allowlist: [] });
    expect(decided(update(fullSession(), { rules: { allowlist: [] } })).set.rules).toMatchObject({ allowlistOnly: true, allowlist: [] });
    const open = decided(update(fullSession(), { rules: { allowlistOnly: false } })).set.rules;
    expect(open).toMatchObject({ allowlistOnly: false, allowlist: ['ada'] });
    // The list is ignored on purpose, and stays so when somebody is added to it.
    const longer = update(sessionOf({ rules: { ...noRules, ...open } }), { rules: { allowlist: ['ada', 'grace'] } });
    expect(decided(longer).set.rules).toMatchObject({ allowlistOnly: false, allowlist: ['ada', 'grace'] });
  });

  test('what was warned of stays warned of', () => {
    const session = { ...fullSession(), warnedFor: noon + 600_000, dueAt: noon + 600_000 };
    const { set } = decided(update(session, { rules: { lifetimeSeconds: 7_200 } }));
    expect(set).not.toHaveProperty('dueAt');
    expect(decided(update(session, { rules: { timeout: { timeoutSeconds: 700 } } })).set).toMatchObject({
      expiresAt: noon + 700_000,
      dueAt: noon + 670_000,
    });
  });

  test('a warning that is moved alone is written', () => {
    const { set } = decided(update(fullSession(), { rules: { timeout: { warningSeconds: 60 } } }));
    expect(set).toMatchObject({ dueAt: noon + 540_000 });
  });
});

describe('replace', () => {
  test('what is left out is as in a new session', () => {
    const session = { ...fullSession(), rules: { ...fullSession().rules, passwordHash: '$hash' } };
    const fresh = sessionOf();
    const { title, description, visibility, situation, defaults, metadata, rules } = fresh;
    const change = decided(replace(session, {}));
    expect(change.set).toMatchObject({
      title,
      description,
      visibility,
      situation,
      defaults,
      metadata,
      rules,
      expiresAt: null,
      dueAt: null,
    });
    expect(change.events[0]).toMatchObject({
      changed: expect.arrayContaining([
        'title',
        'visibility',
        'defaults',
        'rules.password',
        'rules.lifetimeSeconds',
        'rules.allowlistOnly',
      ]),
    });
  });

  test('what is given takes the place of what was, unmerged', () => {
    const { set } = decided(
      replace(fullSession(), { title: 'New', metadata: { b: null }, defaults: { z: 1 }, rules: { timeout: { timeoutSeconds: 60 } } }),
    );
    expect(set).toMatchObject({ title: 'New', description: null, defaults: { z: 1 } });
    expect(set.metadata).toEqual({ b: null });
    expect(set.defaults).toEqual({ z: 1 });
    expect(set.rules?.timeout).toEqual({ timeoutSeconds: 60, autoRenew: true, maxDurationSeconds: null, warningSeconds: null });
    expect(set.rules?.maxMembers).toBeNull();
  });

  test('leaves alone who made it and who is in it', () => {
    const session = sessionOf({ owners: ['ada'], createdBy: 'user:a|1', activeMembers: 3, files: 2, fileBytes: 9, renewalCount: 4 });
    const { set } = decided(replace(session, { title: 'x' }));
    for (const field of ['owners', 'createdBy', 'activeMembers', 'agentId', 'status', 'warnedFor', 'lastActivityAt']) {
      expect(set).not.toHaveProperty(field);
    }
  });

  test('a session without settings is as it was', () => {
    expect(replace(sessionOf(), {})).toBeNull();
  });
});

describe('setTimeoutPolicy', () => {
  const session = (): Session => sessionOf({}, { rules: { timeout: { timeoutSeconds: 600, autoRenew: false, warningSeconds: 30 } } });

  test.each(over)('nothing is changed that is over: %s', (code, parts) => {
    expectProblem(setTimeoutPolicy(sessionOf(parts), { timeoutSeconds: 5 }), code);
  });

  test('a member changes nothing', () => {
    expectProblem(setTimeoutPolicy(sessionOf(), { timeoutSeconds: 5 }, 'member'), 'FORBIDDEN');
    expectProblem(setTimeoutPolicy(sessionOf(), { timeoutSeconds: 5 }, 'stranger'), 'NOT_A_MEMBER');
  });

  test('gives a session that has none a timeout', () => {
    const change = decided(setTimeoutPolicy(sessionOf(), { timeoutSeconds: 60 }));
    expect(change.set).toMatchObject({
      rules: { timeout: { timeoutSeconds: 60, autoRenew: true, maxDurationSeconds: null, warningSeconds: null } },
      expiresAt: noon + 60_000,
      dueAt: noon + 30_000,
    });
    expect(change.events).toEqual([{ type: 'SESSION_UPDATED', changed: ['rules.timeout'] }]);
  });

  test('leaves alone what the policy does not name', () => {
    expect(decided(setTimeoutPolicy(session(), { maxDurationSeconds: 900 })).set.rules?.timeout).toEqual({
      timeoutSeconds: 600,
      autoRenew: false,
      maxDurationSeconds: 900,
      warningSeconds: 30,
    });
    expect(setTimeoutPolicy(session(), {})).toBeNull();
    expect(setTimeoutPolicy(session(), { timeoutSeconds: null, autoRenew: null })).toBeNull();
  });

  test('counts from the last activity once that renews', () => {
    const active = { ...session(), lastActivityAt: noon + 300_000 };
    expect(decided(setTimeoutPolicy(active, { autoRenew: true }, 'host', noon + 400_000)).set.expiresAt).toBe(noon + 900_000);
  });

  test.each<readonly [string, TimeoutPolicyInput, readonly string[]]>([
    ['a timeout of nothing', { timeoutSeconds: 0 }, ['policy', 'timeoutSeconds']],
    ['a timeout over the bound', { timeoutSeconds: limits.maxTimeoutSeconds + 1 }, ['policy', 'timeoutSeconds']],
    ['a maximum duration of nothing', { maxDurationSeconds: 0 }, ['policy', 'maxDurationSeconds']],
    ['a negative warning', { warningSeconds: -1 }, ['policy', 'warningSeconds']],
    ['a warning that the timeout is too short for', { timeoutSeconds: 30 }, ['policy', 'warningSeconds']],
    ['a maximum duration shorter than the timeout', { maxDurationSeconds: 599 }, ['policy', 'maxDurationSeconds']],
  ])('%s is refused', (_, policy, path) => {
    const { detail } = expectProblem(setTimeoutPolicy(session(), policy), 'BAD_INPUT', path);
    expect(detail).toContain(path.join('.'));
  });

  test('a policy under which the session would be over is refused, by the name it has there', () => {
    expectProblem(setTimeoutPolicy(session(), { timeoutSeconds: 60 }, 'host', noon + 60_000), 'CONFLICT', ['policy']);
  });
});
