import type { z } from 'zod';
import { hidden, type ConfigIssue, type ConfigSource } from './config-error.ts';
import { nearest } from './nearest.ts';
import { overrideNames, type Override } from './overrides.ts';
import { valueAt, type Tree } from './paths.ts';
import { backendNameRule } from './schema.ts';
import { listSettings, type Setting } from './settings.ts';
import { showUnlessSecret } from './show-value.ts';

const settings: ReadonlyMap<string, Setting> = new Map(listSettings('development').map((setting) => [setting.path, setting]));

/** How the list of settings calls a place of a configuration: `backends.<name>.kind` for `backends.chat.kind`. */
const patternOf = (path: readonly string[]): string =>
  path.map((key, index) => (index === 1 && path[0] === 'backends' ? '<name>' : key)).join('.');

const settingAt = (path: readonly string[]): Setting | undefined => settings.get(patternOf(path));

/** Where the values of a configuration come from. */
export interface Origins {
  readonly file: Tree;
  readonly overrides: readonly Override[];
}

/** The override that gives a setting, or else a part of it. The last wins. */
export function overrideOf(path: string, { file, overrides }: Origins): Override | null {
  const whole = overrides.findLast((override) => override.path === path);
  if (whole !== undefined || valueAt(file, path.split('.')) !== undefined) return whole ?? null;
  return overrides.findLast((override) => override.path.startsWith(`${path}.`)) ?? null;
}

export const sourceOf = (path: string, origins: Origins): ConfigSource =>
  overrideOf(path, origins)?.source ?? (valueAt(origins.file, path.split('.')) === undefined ? 'default' : 'file');

/** The setting by the name that whoever has to mend it looks for. */
function nameOf(path: string, override: Override | null, source: ConfigSource): string {
  if (override?.path === path) return `${override.name} (\`${path}\`)`;
  const variable = overrideNames.find((name) => name.path === path)?.variable;
  return source === 'default' && variable !== undefined ? `\`${path}\` (${variable})` : `\`${path}\``;
}

/** A setting that breaks its rule. */
export function brokenRule(path: string, rule: string, value: unknown, origins: Origins, next = ''): ConfigIssue {
  const override = overrideOf(path, origins);
  const given = override?.path === path ? override.text : value;
  const shown = showUnlessSecret(given, settingAt(path.split('.'))?.secret ?? false);
  const source = sourceOf(path, origins);
  return { path, source, rule, value: shown, message: `Expected ${nameOf(path, override, source)} to be ${rule}, got ${shown}${next}` };
}

const parentOf = (path: string): string => path.split('.').slice(0, -1).join('.');
const leafOf = (path: string): string => path.split('.').at(-1) ?? path;

/** A key that a group of settings does not have. */
function unknownKey(group: readonly string[], key: string): ConfigIssue {
  const path = [...group, key].join('.');
  const siblings = [...settings.keys()].filter((known) => parentOf(known) === patternOf(group)).map(leafOf);
  const sibling = nearest(key, siblings);
  // A setting of that very name in another group: `port` for `server.port`.
  const elsewhere = [...settings.keys()].filter((known) => leafOf(known).toLowerCase() === key.toLowerCase());
  const meant = sibling !== null ? [...group, sibling].join('.') : elsewhere.length === 1 ? elsewhere[0] : undefined;
  const next = meant === undefined ? `known here are ${siblings.join(', ')}` : `did you mean \`${meant}\`?`;
  return { path, source: 'file', rule: 'a known setting', value: hidden, message: `Unknown setting \`${path}\`: ${next}` };
}

/** What the schema found, one mistake per setting. */
export function mistakesIn(issues: readonly z.core.$ZodIssue[], tree: Tree, origins: Origins): readonly ConfigIssue[] {
  const found = new Map<string, ConfigIssue>();
  for (const issue of issues) {
    let path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      for (const mistake of issue.keys.map((key) => unknownKey(path, key))) found.set(mistake.path, mistake);
      continue;
    }
    if (issue.code === 'invalid_key') {
      const dotted = path.join('.');
      found.set(dotted, brokenRule(dotted, `called by ${backendNameRule}`, path.at(-1), origins));
      continue;
    }
    // An item of a list is reported as the list.
    while (settingAt(path) === undefined && path.length > 0) path = path.slice(0, -1);
    const dotted = path.join('.');
    if (!found.has(dotted)) found.set(dotted, brokenRule(dotted, settingAt(path)?.rule ?? 'an object', valueAt(tree, path), origins));
  }
  return [...found.values()];
}
