import { describe, expect, test } from 'vitest';
import { changeOfFixed } from '../../../src/backends/quicksync/settings.ts';
import { noRules, servicePassword } from '../../../src/core/rules.ts';
import type { SessionAt, SettingsRequest } from '../../../src/core/service.ts';
import type { Rules } from '../../../src/core/session.ts';
import { noUpstream } from '../../../src/core/decide/facts.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { recordOf } from './world.ts';

const fixed: Rules = {
  ...noRules,
  maxMembers: 4,
  lifetimeSeconds: 60,
  passwordHash: servicePassword,
  allowlistOnly: true,
  allowlist: ['0xAb00000000000000000000000000000000000001'],
};

const at = (rules: Rules, defaulted: readonly string[] = []): SessionAt => ({
  session: recordOf('s', rules, { upstream: { ...noUpstream, data: { defaulted } } }),
  secret: null,
  as: null,
});

const change = (
  before: SessionAt,
  after: Partial<Rules>,
  input: SettingsRequest['input'] = {},
  mode: SettingsRequest['mode'] = 'UPDATE',
): SettingsRequest => ({ mode, input, after: { ...before.session, rules: { ...before.session.rules, ...after } } });

describe('what the service fixed cannot be changed', () => {
  test.each<readonly [string, Partial<Rules>]>([
    ['maxMembers', { maxMembers: 5 }],
    ['maxMembers', { maxMembers: null }],
    ['lifetimeSeconds', { lifetimeSeconds: 61 }],
    ['allowlistOnly', { allowlistOnly: false }],
    ['allowlist', { allowlist: [] }],
  ])('%s to %o', (rule, after) => {
    const session = at(fixed);
    for (const mode of ['UPDATE', 'REPLACE'] as const) {
      const request = change(session, after, { rules: { password: undefined } }, mode);
      expectProblem(changeOfFixed(session, request, 'qs'), 'UNSUPPORTED', ['rules', rule]);
    }
  });

  test.each([
    [fixed, 'UPDATE', 'a new one'],
    [noRules, 'UPDATE', 'a new one'],
    [fixed, 'UPDATE', null],
    [fixed, 'REPLACE', undefined],
  ] as const)('the password of %# in an %s to %s', (rules, mode, password) => {
    const session = at(rules);
    const after = mode === 'REPLACE' ? { passwordHash: null } : {};
    expectProblem(changeOfFixed(session, change(session, after, { rules: { password } }, mode), 'qs'), 'UNSUPPORTED', [
      'rules',
      'password',
    ]);
  });
});

describe('all else is the gateway’s', () => {
  test.each<readonly [string, Rules, Partial<Rules>, SettingsRequest['input'], SettingsRequest['mode']]>([
    ['a title', fixed, {}, { title: 'Other' }, 'UPDATE'],
    ['a timeout', fixed, { timeout: { timeoutSeconds: 5, autoRenew: true, maxDurationSeconds: null, warningSeconds: null } }, {}, 'UPDATE'],
    ['files', fixed, { maxFiles: 1, maxTotalMegabytes: 2 }, {}, 'UPDATE'],
    ['the same list in another case', fixed, { allowlist: fixed.allowlist.map((each) => each.toLowerCase()) }, {}, 'UPDATE'],
    ['no password where there is none', noRules, {}, { rules: { password: null } }, 'UPDATE'],
    ['everything, where nothing is fixed', noRules, {}, {}, 'REPLACE'],
  ])('%s', (_, rules, after, input, mode) => {
    const session = at(rules);
    expect(changeOfFixed(session, change(session, after, input, mode), 'qs')).toEqual({});
  });

  test('a capacity that the service chose itself is kept where a replacement asks for none', () => {
    const rules = { ...noRules, maxMembers: 10 };
    const session = at(rules, ['maxMembers']);
    expect(changeOfFixed(session, change(session, { maxMembers: null }, {}, 'REPLACE'), 'qs')).toEqual({ rules: { maxMembers: 10 } });
    expectProblem(changeOfFixed(session, change(session, { maxMembers: 11 }, {}, 'REPLACE'), 'qs'), 'UNSUPPORTED', ['rules', 'maxMembers']);
  });
});
