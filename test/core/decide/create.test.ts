import { describe, expect, test } from 'vitest';
import { checkCreate, decideCreate } from '../../../src/core/decide/create.ts';
import { textLimits } from '../../../src/core/limits.ts';
import type { CreateInput } from '../../../src/core/use-cases.ts';
import { type Fault, awkward, settingFaults, settingsAtTheirBounds, unstorable } from '../../support/core-bounds.ts';
import { creationOf, decided, expectProblem, limits, noon } from '../../support/core-fixtures.ts';

const create = (input: CreateInput = {}, parts: Parameters<typeof creationOf>[0] = {}) => decided(decideCreate(input, creationOf(parts)));

test('a session of which nothing is said is private, open and never over, and its creator is its host', () => {
  const creation = creationOf({ identity: { name: 'Ada', address: '0xAda' }, principal: 'wallet:0xada' });
  const { session, members, events, at } = decided(decideCreate({}, creation));
  expect(session).toEqual({
    id: creation.sessionId,
    backend: 'local',
    handle: 'a-handle',
    title: null,
    description: null,
    visibility: 'PRIVATE',
    status: 'ACTIVE',
    createdAt: noon,
    updatedAt: noon,
    lastActivityAt: noon,
    renewedAt: null,
    expiresAt: null,
    dueAt: null,
    warnedFor: null,
    renewalCount: 0,
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
    owners: [],
    createdBy: 'wallet:0xada',
    defaults: {},
    metadata: {},
    agentId: null,
    situation: null,
    upstream: null,
    activeMembers: 1,
    files: 0,
    fileBytes: 0,
    version: 1,
    seq: 0,
  });
  expect(members).toEqual([
    {
      id: creation.memberId,
      sessionId: creation.sessionId,
      name: 'Ada',
      address: '0xAda',
      role: 'HOST',
      status: 'ACTIVE',
      joinedAt: noon,
      leftAt: null,
      principal: 'wallet:0xada',
      banned: false,
      upstream: null,
    },
  ]);
  expect(events).toEqual([{ type: 'MEMBER_JOINED', memberId: creation.memberId }]);
  expect(at).toBe(noon);
});

test('what is said is kept', () => {
  const said = {
    title: 'Stand-up',
    description: 'Every day',
    visibility: 'TEMPORARY',
    situation: 'Be brief',
    agentId: 'agent-7',
    owners: ['grace'],
    defaults: { model: 'small' },
    metadata: { team: 'core', nothing: null },
  } as const;
  expect(create(said).session).toMatchObject(said);
});

test('null is as good as not given', () => {
  const nulls = {
    backend: null,
    handle: null,
    title: null,
    description: null,
    visibility: null,
    identity: null,
    owners: null,
    defaults: null,
    metadata: null,
    agentId: null,
    situation: null,
    idempotencyKey: null,
    rules: {
      maxMembers: null,
      lifetimeSeconds: null,
      timeout: null,
      password: null,
      allowlistOnly: null,
      allowlist: null,
      maxFiles: null,
      maxTotalMegabytes: null,
    },
  };
  expect(checkCreate(nulls, limits)).toBeNull();
  expect(checkCreate({ rules: null }, limits)).toBeNull();
  const creation = creationOf();
  expect(decideCreate(nulls, creation)).toEqual(decideCreate({}, creation));
});

test.each([
  ['no rule of time', {}, null, null],
  ['a lifetime', { lifetimeSeconds: 600 }, 600, 540],
  ['a short lifetime: its warning comes half way', { lifetimeSeconds: 10 }, 10, 5],
  ['a timeout of which nothing is said', { timeout: {} }, 1_800, 1_740],
  ['a timeout', { timeout: { timeoutSeconds: 90 } }, 90, 45],
  ['a timeout that activity does not renew', { timeout: { timeoutSeconds: 90, autoRenew: false } }, 90, 45],
  ['a warning', { timeout: { timeoutSeconds: 90, warningSeconds: 20 } }, 90, 70],
  ['no warning', { timeout: { timeoutSeconds: 90, warningSeconds: 0 } }, 90, 90],
  ['a maximum duration that is the timeout', { timeout: { timeoutSeconds: 90, maxDurationSeconds: 90, warningSeconds: 0 } }, 90, 90],
  ['both, the lifetime ending first', { lifetimeSeconds: 60, timeout: { timeoutSeconds: 90, warningSeconds: 15 } }, 60, 45],
  ['both, the timeout ending first', { lifetimeSeconds: 600, timeout: { timeoutSeconds: 90, warningSeconds: 15 } }, 90, 75],
] as const)('%s', (_, rules, expires, due) => {
  const instant = (seconds: number | null) => (seconds === null ? null : noon + seconds * 1_000);
  expect(create({ rules }).session).toMatchObject({ expiresAt: instant(expires), dueAt: instant(due) });
});

test('a list that nobody asked to ignore is kept to', () => {
  const rulesOf = (rules: NonNullable<CreateInput['rules']>) => create({ rules }).session.rules;
  expect(rulesOf({ allowlist: ['ada'] })).toMatchObject({ allowlistOnly: true, allowlist: ['ada'] });
  expect(rulesOf({ allowlist: ['ada'], allowlistOnly: false })).toMatchObject({ allowlistOnly: false, allowlist: ['ada'] });
  expect(rulesOf({ allowlist: [] })).toMatchObject({ allowlistOnly: false });
  expect(rulesOf({ allowlistOnly: true })).toMatchObject({ allowlistOnly: true, allowlist: [] });
});

test('the password is kept as its hash alone', () => {
  const { session } = create({ rules: { password: 'open sesame' } }, { passwordHash: '$argon2id$x' });
  expect(session.rules.passwordHash).toBe('$argon2id$x');
  expect(JSON.stringify(session)).not.toContain('open sesame');
});

describe('the bounds of each field', () => {
  const faults: readonly Fault<CreateInput>[] = [
    ...settingFaults,
    ['an empty name', { identity: { name: ' ' } }, 'BAD_INPUT', ['identity', 'name']],
    ['a name that is too long', { identity: { name: 'x'.repeat(textLimits.name + 1) } }, 'BAD_INPUT', ['identity', 'name']],
    ...unstorable.map((name): Fault<CreateInput> => [
      `a name with ${JSON.stringify(name)}`,
      { identity: { name } },
      'BAD_INPUT',
      ['identity', 'name'],
    ]),
    ...['', ' ', 'a b', '-a', 'ä', 'a/b', 'x'.repeat(textLimits.handle + 1), 'a\n'].map((handle): Fault<CreateInput> => [
      `a handle of ${JSON.stringify(handle)}`,
      { handle },
      'BAD_INPUT',
      ['handle'],
    ]),
    ['an empty owner', { owners: [''] }, 'BAD_INPUT', ['owners', '0']],
    ['too many owners', { owners: Array.from({ length: 1_001 }, (_, n) => `u${n}`) }, 'TOO_LARGE', ['owners']],
    ['an empty agent', { agentId: '' }, 'BAD_INPUT', ['agentId']],
    ['an agent with a NUL', { agentId: 'a\0' }, 'BAD_INPUT', ['agentId']],
    ['an empty idempotency key', { idempotencyKey: '' }, 'BAD_INPUT', ['idempotencyKey']],
    ['an idempotency key that is too long', { idempotencyKey: 'x'.repeat(256) }, 'BAD_INPUT', ['idempotencyKey']],
  ];

  test.each(faults)('%s is refused', (_, input, code, path) => {
    const refusal = checkCreate(input, limits) ?? decideCreate(input, creationOf());
    const { detail } = expectProblem(refusal, code, path);
    expect(detail).toContain(path.join('.'));
    expect(detail?.isWellFormed()).toBe(true);
  });

  test('at the bounds, nothing is', () => {
    const input: CreateInput = {
      ...settingsAtTheirBounds,
      handle: 'x'.repeat(textLimits.handle),
      identity: { name: 'x'.repeat(textLimits.name) },
      owners: Array.from({ length: 1_000 }, () => 'x'.repeat(textLimits.listEntry)),
      idempotencyKey: 'x'.repeat(textLimits.idempotencyKey),
    };
    expect(checkCreate(input, limits)).toBeNull();
    expect(create(input).session.title).toBe(input.title);
  });

  test.each(awkward)('%j goes through as it is', (text) => {
    const input: CreateInput = { title: text, identity: { name: text }, metadata: { [text]: [text] } };
    expect(checkCreate(input, limits)).toBeNull();
    expect(create(input).session).toMatchObject({ title: text, metadata: { [text]: [text] } });
  });

  test('a value is shown short and whole: no emoji is cut in two', () => {
    for (const pad of ['', 'x']) {
      const refusal = expectProblem(checkCreate({ handle: `${pad}${'💥'.repeat(100)}` }, limits), 'BAD_INPUT', ['handle']);
      expect(refusal.detail?.isWellFormed()).toBe(true);
      expect(refusal.detail?.length).toBeLessThan(250);
    }
  });
});
