import { type Problem, problem } from '../../core/problem.ts';
import type { Facts, SessionAt, SettingsRequest } from '../../core/service.ts';
import type { Rules } from '../../core/session.ts';
import { identityKey } from '../../core/viewer.ts';
import { isDefaulted } from './mapping.ts';

type FixedRule = 'maxMembers' | 'lifetimeSeconds' | 'allowlistOnly' | 'allowlist' | 'password';

const sameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.map(identityKey).sort().join() === other.map(identityKey).sort().join();

/** The first rule that a change would make another, of those that the service fixes when a session is made. */
function brokenRule(at: SessionAt, { input, mode, after }: SettingsRequest): FixedRule | null {
  const before = at.session.rules;
  const password = input.rules?.password;
  const keepsDefault = after.rules.maxMembers === null && isDefaulted(at, 'maxMembers');
  if (before.maxMembers !== after.rules.maxMembers && !keepsDefault) return 'maxMembers';
  if (before.lifetimeSeconds !== after.rules.lifetimeSeconds) return 'lifetimeSeconds';
  if (before.allowlistOnly !== after.rules.allowlistOnly) return 'allowlistOnly';
  if (!sameList(before.allowlist, after.rules.allowlist)) return 'allowlist';
  // Whether a given one is the same as before only the service could tell, and it is not asked.
  if (typeof password === 'string') return 'password';
  const takesAway = password === null || (mode === 'REPLACE' && password === undefined);
  return takesAway && before.passwordHash !== null ? 'password' : null;
}

/**
 * Whether a change can be made: the service has no endpoint for it, so all that it does not hold itself is the gateway's to change.
 *
 * @returns UNSUPPORTED with the rule's path, or what of the rules stays as the service chose it.
 */
export function changeOfFixed(at: SessionAt, request: SettingsRequest, backend: string): Facts | Problem {
  const rule = brokenRule(at, request);
  if (rule !== null) {
    const detail = `Backend ${backend} fixes \`rules.${rule}\` when a session is created, and has no way to change it: create another session.`;
    return problem('UNSUPPORTED', detail, { path: ['rules', rule], backend });
  }
  const kept: Partial<Rules> = { maxMembers: at.session.rules.maxMembers };
  return request.after.rules.maxMembers === at.session.rules.maxMembers ? {} : { rules: kept };
}
