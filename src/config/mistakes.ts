import type { z } from 'zod';
import { backendVariable } from './backend-variables.ts';
import { backendNameRule, issuesOfNoKind } from './backends-schema.ts';
import { hidden, type ConfigIssue, type ConfigSource } from './config-error.ts';
import { kindAt, knownSettings, patternOf, settingAt } from './known-settings.ts';
import { nearest } from './nearest.ts';
import { overrideNames, type Override } from './overrides.ts';
import { valueAt, type Tree } from './paths.ts';
import { showUnlessSecret } from './show-value.ts';

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
  const variable = overrideNames.find((name) => name.path === path)?.variable ?? backendVariable(path);
  return source === 'default' && variable !== null ? `\`${path}\` (${variable})` : `\`${path}\``;
}

/** A setting that breaks its rule. */
export function brokenRule(path: string, rule: string, value: unknown, origins: Origins, next = ''): ConfigIssue {
  const override = overrideOf(path, origins);
  const given = override?.path === path ? override.text : value;
  const shown = showUnlessSecret(given, settingAt(path.split('.'), origins.file)?.secret ?? false);
  const source = sourceOf(path, origins);
  return { path, source, rule, value: shown, message: `Expected ${nameOf(path, override, source)} to be ${rule}, got ${shown}${next}` };
}

const parentOf = (path: string): string => path.split('.').slice(0, -1).join('.');
const leafOf = (path: string): string => path.split('.').at(-1) ?? path;

/** What to do about a key that a group of settings does not have. */
function nextOf(group: readonly string[], key: string, file: Tree): string {
  const kind = kindAt(group, file);
  const others = knownSettings.get(patternOf([...group, key])) ?? [];
  if (others.length > 0 && kind !== null) {
    const having = others.flatMap(({ kinds }) => kinds ?? []).map((other) => `\`${other}\``);
    return `backends of kind ${having.join(', ')} have it, and \`${group.slice(0, 2).join('.')}\` is of kind \`${kind}\``;
  }
  const all = [...knownSettings.keys()];
  const siblings = all
    .filter((known) => parentOf(known) === patternOf(group) && settingAt([...group, leafOf(known)], file) !== undefined)
    .map(leafOf);
  const sibling = nearest(key, siblings);
  // A setting of that very name in another group: `port` for `server.port`.
  const elsewhere = all.filter((known) => leafOf(known).toLowerCase() === key.toLowerCase() && !known.startsWith('backends.'));
  const meant = sibling === null ? elsewhere.slice(0, 3) : [[...group, sibling].join('.')];
  return meant.length === 0 ? `known here are ${siblings.join(', ')}` : `did you mean ${meant.map((path) => `\`${path}\``).join(' or ')}?`;
}

/** A key that a group of settings does not have. */
function unknownKey(group: readonly string[], key: string, { file }: Origins): ConfigIssue {
  const path = [...group, key].join('.');
  const message = `Unknown setting \`${path}\`: ${nextOf(group, key, file)}`;
  return { path, source: 'file', rule: 'a known setting', value: hidden, message };
}

/** What the schema found. A backend of no known kind it has not looked into any further. */
function* detailed(issues: readonly z.core.$ZodIssue[], tree: Tree): Generator<z.core.$ZodIssue> {
  for (const issue of issues) {
    yield issue;
    const [group, name, setting] = issue.path;
    if (issue.code !== 'invalid_union' || group !== 'backends' || name === undefined || setting !== 'kind') continue;
    for (const within of issuesOfNoKind(valueAt(tree, [group, String(name)]))) yield { ...within, path: [group, name, ...within.path] };
  }
}

/** What the schema found, one mistake per setting. */
export function mistakesIn(issues: readonly z.core.$ZodIssue[], tree: Tree, origins: Origins): readonly ConfigIssue[] {
  const found = new Map<string, ConfigIssue>();
  for (const issue of detailed(issues, tree)) {
    let path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      for (const mistake of issue.keys.map((key) => unknownKey(path, key, origins))) found.set(mistake.path, mistake);
      continue;
    }
    if (issue.code === 'invalid_key') {
      const dotted = path.join('.');
      found.set(dotted, brokenRule(dotted, `called by ${backendNameRule}`, path.at(-1), origins));
      continue;
    }
    // An item of a list is reported as the list.
    const { file } = origins;
    while (settingAt(path, file) === undefined && path.length > 0) path = path.slice(0, -1);
    const dotted = path.join('.');
    if (!found.has(dotted)) found.set(dotted, brokenRule(dotted, settingAt(path, file)?.rule ?? 'an object', valueAt(tree, path), origins));
  }
  return [...found.values()];
}
