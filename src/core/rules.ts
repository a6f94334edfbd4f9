import { sameJson } from './canonical-json.ts';
import { type Check, firstOf, bytes, integer, list } from './checks.ts';
import { type SessionLimits, listEntries, maxFileMegabytes, passwordBytes, textLimits } from './limits.ts';
import { type Problem, problem } from './problem.ts';
import type { Rules, TimeoutPolicy } from './session.ts';
import type { RulesInput, TimeoutPolicyInput } from './use-cases.ts';

/** A session without rules: open, unbounded, never over by itself. */
export const noRules: Rules = {
  maxMembers: null,
  lifetimeSeconds: null,
  timeout: null,
  passwordHash: null,
  allowlistOnly: false,
  allowlist: [],
  maxFiles: null,
  maxTotalMegabytes: null,
};

/** In place of a hash where the service checks the password itself: what a member gives is for it to judge. */
export const servicePassword = 'upstream';

/** What a timeout policy has where its input names nothing. */
const defaultTimeout: TimeoutPolicy = { timeoutSeconds: 1_800, autoRenew: true, maxDurationSeconds: null, warningSeconds: null };

const maxFilesLimit = 1_000_000;

function checkTimeout(input: TimeoutPolicyInput | null | undefined, path: readonly string[], limits: SessionLimits): Check {
  if (input === null || input === undefined) return null;
  const { minTimeoutSeconds: min, maxTimeoutSeconds: max } = limits;
  return firstOf(
    integer([...path, 'timeoutSeconds'], input.timeoutSeconds, min, max),
    integer([...path, 'maxDurationSeconds'], input.maxDurationSeconds, min, max),
    integer([...path, 'warningSeconds'], input.warningSeconds, 0, max),
  );
}

/** Whether each field of the rules is within its bounds. */
export function checkRules(input: RulesInput | null | undefined, limits: SessionLimits): Check {
  if (input === null || input === undefined) return null;
  return firstOf(
    integer(['rules', 'maxMembers'], input.maxMembers, 1, limits.maxMembersLimit),
    integer(['rules', 'lifetimeSeconds'], input.lifetimeSeconds, limits.minTimeoutSeconds, limits.maxTimeoutSeconds),
    checkTimeout(input.timeout, ['rules', 'timeout'], limits),
    bytes(['rules', 'password'], input.password, passwordBytes),
    list(['rules', 'allowlist'], input.allowlist, listEntries, textLimits.listEntry),
    integer(['rules', 'maxFiles'], input.maxFiles, 0, maxFilesLimit),
    integer(['rules', 'maxTotalMegabytes'], input.maxTotalMegabytes, 0, maxFileMegabytes),
  );
}

export const checkPolicy = (input: TimeoutPolicyInput, limits: SessionLimits): Check => checkTimeout(input, ['policy'], limits);

const given = <T>(value: T | undefined, before: T): T => (value === undefined ? before : value);

/** The policy with the input's fields over it, or why the two do not go together. */
export function mergeTimeout(before: TimeoutPolicy | null, input: TimeoutPolicyInput, path: readonly string[]): TimeoutPolicy | Problem {
  const base = before ?? defaultTimeout;
  const merged: TimeoutPolicy = {
    timeoutSeconds: input.timeoutSeconds ?? base.timeoutSeconds,
    autoRenew: input.autoRenew ?? base.autoRenew,
    maxDurationSeconds: given(input.maxDurationSeconds, base.maxDurationSeconds),
    warningSeconds: given(input.warningSeconds, base.warningSeconds),
  };
  const { timeoutSeconds, maxDurationSeconds, warningSeconds } = merged;
  if (maxDurationSeconds !== null && maxDurationSeconds < timeoutSeconds) {
    return problem(
      'BAD_INPUT',
      `Expected \`${path.join('.')}.maxDurationSeconds\` to be at least timeoutSeconds (${timeoutSeconds}), got ${maxDurationSeconds}.`,
      {
        path: [...path, 'maxDurationSeconds'],
      },
    );
  }
  if (warningSeconds !== null && warningSeconds >= timeoutSeconds) {
    return problem(
      'BAD_INPUT',
      `Expected \`${path.join('.')}.warningSeconds\` to be less than timeoutSeconds (${timeoutSeconds}), got ${warningSeconds}.`,
      {
        path: [...path, 'warningSeconds'],
      },
    );
  }
  return merged;
}

/**
 * The rules with the input's fields over them: what is not given stays, null takes a rule away.
 *
 * @param passwordHash - Of `input.password`; undefined where it is not given.
 */
export function mergeRules(before: Rules, input: RulesInput, passwordHash: string | null | undefined): Rules | Problem {
  const timeout = input.timeout ? mergeTimeout(before.timeout, input.timeout, ['rules', 'timeout']) : given(input.timeout, before.timeout);
  if (timeout !== null && 'kind' in timeout) return timeout;
  const allowlist = input.allowlist === null ? [] : given(input.allowlist, before.allowlist);
  return {
    maxMembers: given(input.maxMembers, before.maxMembers),
    lifetimeSeconds: given(input.lifetimeSeconds, before.lifetimeSeconds),
    timeout,
    passwordHash: given(passwordHash, before.passwordHash),
    // A first list that nobody asked to ignore is meant to be kept to; emptying a list opens no session.
    allowlistOnly: input.allowlistOnly ?? (before.allowlistOnly || (before.allowlist.length === 0 && allowlist.length > 0)),
    allowlist,
    maxFiles: given(input.maxFiles, before.maxFiles),
    maxTotalMegabytes: given(input.maxTotalMegabytes, before.maxTotalMegabytes),
  };
}

const ruleNames = [
  'maxMembers',
  'lifetimeSeconds',
  'timeout',
  'passwordHash',
  'allowlistOnly',
  'allowlist',
  'maxFiles',
  'maxTotalMegabytes',
] as const;

/** The rules that differ, by the names that clients know them by. */
export const changedRules = (before: Rules, after: Rules): readonly string[] =>
  ruleNames.filter((name) => !sameJson(before[name], after[name])).map((name) => `rules.${name === 'passwordHash' ? 'password' : name}`);
