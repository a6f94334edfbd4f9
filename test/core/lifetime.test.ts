import { expect, test } from 'vitest';
import { dueAtOf, expiryOf, warningAt } from '../../src/core/lifetime.ts';
import { noRules } from '../../src/core/rules.ts';
import type { Rules, TimeoutPolicy } from '../../src/core/session.ts';

const policy: TimeoutPolicy = { timeoutSeconds: 100, autoRenew: true, maxDurationSeconds: null, warningSeconds: null };
const rules = (timeout: Partial<TimeoutPolicy> | null, lifetimeSeconds: number | null = null): Rules => ({
  ...noRules,
  lifetimeSeconds,
  timeout: timeout && { ...policy, ...timeout },
});

test.each<readonly [string, Rules, { lastActivityAt?: number; renewedAt?: number | null }, number | null]>([
  ['nothing bounds it', rules(null), {}, null],
  ['a lifetime counts from creation', rules(null, 50), { lastActivityAt: 40_000, renewedAt: 40_000 }, 50_000],
  ['a timeout counts from activity where that renews', rules({}), { lastActivityAt: 40_000, renewedAt: 20_000 }, 140_000],
  ['else from the last renewal', rules({ autoRenew: false }), { lastActivityAt: 40_000, renewedAt: 20_000 }, 120_000],
  ['else from creation', rules({ autoRenew: false }), { lastActivityAt: 40_000 }, 100_000],
  ['a maximum duration counts from creation', rules({ maxDurationSeconds: 120 }), { lastActivityAt: 40_000 }, 120_000],
  ['and bounds renewal on purpose', rules({ autoRenew: false, maxDurationSeconds: 110 }), { renewedAt: 20_000 }, 110_000],
  ['of two ends the earlier one holds', rules({}, 130), { lastActivityAt: 40_000 }, 130_000],
  ['of two ends the earlier one holds, the other way', rules({}, 150), { lastActivityAt: 40_000 }, 140_000],
])('%s', (_, given, instants, expected) => {
  expect(expiryOf(given, { createdAt: 0, lastActivityAt: 0, renewedAt: null, expiresAt: null, upstream: null, ...instants })).toBe(
    expected,
  );
});

test.each<readonly [string, Rules, number | null]>([
  ['as the policy says', rules({ warningSeconds: 7 }), 993_000],
  ['none where it says none', rules({ warningSeconds: 0 }), null],
  ['a minute before where nothing says', rules({ timeoutSeconds: 1_000 }), 940_000],
  ['half way where the timeout is short', rules({ timeoutSeconds: 10 }), 995_000],
  ['half way where the lifetime is short', rules(null, 3), 998_500],
  ['half way of the shorter one', rules({ timeoutSeconds: 90 }, 20), 990_000],
])('a warning: %s', (_, given, expected) => {
  expect(warningAt(given, 1_000_000)).toBe(expected);
});

test('what is due next is the warning, then the expiry', () => {
  const given = rules({ warningSeconds: 7 });
  expect(dueAtOf(given, null, null)).toBeNull();
  expect(dueAtOf(given, 100_000, null)).toBe(93_000);
  expect(dueAtOf(given, 100_000, 90_000)).toBe(93_000);
  expect(dueAtOf(given, 100_000, 100_000)).toBe(100_000);
  expect(dueAtOf(rules({ warningSeconds: 0 }), 100_000, null)).toBe(100_000);
});
