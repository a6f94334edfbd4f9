import type { Backend, Feature } from '../backend.ts';
import { list } from '../checks.ts';
import { decideReplace, decideUpdate } from '../decide/settings.ts';
import { change } from '../decide/state.ts';
import { canonicalList } from '../identity.ts';
import { type SessionLimits, listEntries, textLimits } from '../limits.ts';
import type { Addresses } from '../ports.ts';
import { type Problem, isProblem } from '../problem.ts';
import type { SettingsRequest } from '../service.ts';
import type { JsonObject } from '../session.ts';
import type { UpdateInput, UseCases } from '../use-cases.ts';
import type { SessionPasswords } from './passwords.ts';
import type { Runner, ServicePart } from './runner.ts';

/** What of a change of settings its service is told; the rest follows from the decision. */
type Wanted = Pick<SettingsRequest, 'mode' | 'input'>;

export type SettingsPart = (wanted: Wanted) => ServicePart;

/** The service's part in a change of settings. */
export const createSettingsPart =
  (signal: AbortSignal): SettingsPart =>
  (wanted) =>
  ({ effects: { settings } }, at, { set }) => {
    if (settings === undefined) return null;
    return at().then((asked) => {
      const { title, description, visibility, rules, defaults, metadata, situation } = { ...asked.session, ...set };
      return settings(asked, { ...wanted, after: { title, description, visibility, rules, defaults, metadata, situation } }, signal);
    });
  };

/** The object without what goes to the service and nowhere else. */
export const shownOf = (object: JsonObject, secret: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !secret.includes(key)));

/** The input without what goes to the service and nowhere else. */
export function withoutSecrets<T extends { readonly defaults?: JsonObject | null | undefined }>(input: T, secret: readonly string[]): T {
  const { defaults } = input;
  if (!defaults || !secret.some((key) => Object.hasOwn(defaults, key))) return input;
  return { ...input, defaults: shownOf(defaults, secret) };
}

export interface SettingsOptions {
  readonly addresses: Addresses;
  readonly limits: SessionLimits;
  readonly passwords: SessionPasswords;
  readonly runner: Runner;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly settingsPart: SettingsPart;
}

/** The commands that change a session's settings: PATCH and PUT. */
export function createSettings({
  addresses,
  limits,
  passwords,
  runner,
  backends,
  settingsPart,
}: SettingsOptions): Pick<UseCases, 'update' | 'replace'> {
  const settings =
    (feature: Feature, mode: Wanted['mode'], decide: typeof decideUpdate): UseCases['update'] =>
    async (caller, input) => {
      const path = ['rules', 'allowlist'];
      const given = input.rules?.allowlist;
      const allowlist = list(path, given, listEntries, textLimits.listEntry) ?? (await canonicalList(path, given, addresses));
      if (isProblem(allowlist)) return allowlist;
      const ready: UpdateInput = given ? { ...input, rules: { ...input.rules, allowlist } } : input;
      let hash: string | null | undefined | Problem;
      const { sessionId: _, ...wanted } = ready;
      return runner.command(caller, input, { feature, part: settingsPart({ mode, input: wanted }) }, async (state) => {
        const backend = backends.get(state.session.backend);
        const own = withoutSecrets(ready, backend?.service?.secretDefaults ?? []);
        // Refusals that need no hash come without one: hashing is work that a stranger must not be able to order.
        const refused = decide(state, own, typeof input.rules?.password === 'string' ? '' : input.rules?.password, limits);
        if (isProblem(refused)) return refused;
        hash ??= await passwords.hashOf(input.rules, backend?.features.PASSWORD === 'UPSTREAM');
        if (isProblem(hash)) return hash;
        const decided = decide(state, own, hash, limits);
        // What only the service keeps has changed, too, and what is shown may be as before.
        return (
          decided ??
          (own === ready
            ? null
            : change(state, { set: { updatedAt: state.now }, events: [{ type: 'SESSION_UPDATED', changed: ['defaults'] }] }))
        );
      });
    };
  return { update: settings('UPDATE', 'UPDATE', decideUpdate), replace: settings('REPLACE', 'REPLACE', decideReplace) };
}
