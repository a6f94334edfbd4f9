import type { Feature } from '../backend.ts';
import { list } from '../checks.ts';
import { decideReplace, decideUpdate } from '../decide/settings.ts';
import { canonicalList } from '../identity.ts';
import { type SessionLimits, listEntries, textLimits } from '../limits.ts';
import type { Addresses } from '../ports.ts';
import { type Problem, isProblem } from '../problem.ts';
import type { UpdateInput, UseCases } from '../use-cases.ts';
import type { SessionPasswords } from './passwords.ts';
import type { Runner } from './runner.ts';

export interface SettingsOptions {
  readonly addresses: Addresses;
  readonly limits: SessionLimits;
  readonly passwords: SessionPasswords;
  readonly runner: Runner;
}

/** The commands that change a session's settings: PATCH and PUT. */
export function createSettings({ addresses, limits, passwords, runner }: SettingsOptions): Pick<UseCases, 'update' | 'replace'> {
  const settings =
    (feature: Feature, decide: typeof decideUpdate): UseCases['update'] =>
    async (caller, input) => {
      const path = ['rules', 'allowlist'];
      const given = input.rules?.allowlist;
      const allowlist = list(path, given, listEntries, textLimits.listEntry) ?? (await canonicalList(path, given, addresses));
      if (isProblem(allowlist)) return allowlist;
      const ready: UpdateInput = given ? { ...input, rules: { ...input.rules, allowlist } } : input;
      let hash: string | null | undefined | Problem;
      return runner.command(caller, input, { feature }, async (state) => {
        // Refusals that need no hash come without one: hashing is work that a stranger must not be able to order.
        const refused = decide(state, ready, typeof input.rules?.password === 'string' ? '' : input.rules?.password, limits);
        if (isProblem(refused)) return refused;
        hash ??= await passwords.hashOf(input.rules);
        return isProblem(hash) ? hash : decide(state, ready, hash, limits);
      });
    };
  return { update: settings('UPDATE', decideUpdate), replace: settings('REPLACE', decideReplace) };
}
