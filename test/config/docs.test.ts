import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { backendVariables } from '../../src/config/backend-variables.ts';
import { backendKinds } from '../../src/config/backends-schema.ts';
import { configFileNames } from '../../src/config/config-file.ts';
import { configFileName, overrideNames } from '../../src/config/overrides.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { listSettings, type Setting } from '../../src/config/settings.ts';

const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** Those of one name that differ by the kind of backend are several. */
const idOf = ({ path, kinds }: Setting): string => (kinds === null ? path : `${path} of ${kinds.join(', ')}`);
const production = new Map(listSettings('production').map((setting) => [idOf(setting), setting]));
const documented = listSettings('development').filter(({ group }) => !group);

const code = (value: unknown): string =>
  `\`${typeof value === 'string' ? value : JSON.stringify(value).replaceAll(/([:,{])(?=\S)|(?=\})/g, '$1 ')}\``;

function defaultOf(setting: Setting): string {
  const { default: value, defaultText } = setting;
  if (defaultText !== null) return defaultText;
  if (value === undefined) return '(required)';
  const other = production.get(idOf(setting))?.default;
  return JSON.stringify(other) === JSON.stringify(value) ? code(value) : `${code(value)}; in production ${code(other)}`;
}

function namesOf(path: string): string {
  const ofBackend = backendVariables.find((name) => name.path === path);
  if (ofBackend !== undefined) return code(ofBackend.variable);
  const names = overrideNames.find((name) => name.path === path);
  if (names === undefined) return '';
  return names.flag === null ? code(names.variable) : `${code(names.variable)}, ${code(names.flag)}`;
}

/** Which kinds of backend have the setting, in front of what it is. */
function kindsOf({ kinds }: Setting): string {
  if (kinds === null) return '';
  return kinds.length === backendKinds.length - 1 ? 'Services: ' : `${kinds.map(code).join(', ')}: `;
}

/** A setting as the page has it. */
const rowOf = (setting: Setting): string =>
  `| \`${setting.path}\` | ${setting.rule} | ${defaultOf(setting)} | ${namesOf(setting.path)} | ${kindsOf(setting)}${setting.description} |`;

const rows = page.split('\n').filter((line) => /^\| `[\w.<>$]+` \|/.test(line));

test.each(documented.map((setting) => [idOf(setting), rowOf(setting)] as const))('the page has %s as the schema has it', (_, row) => {
  expect(rows.filter((line) => line === row)).toEqual([row]);
});

test('the page has no setting that the schema does not have', () => {
  const known = new Set(documented.map(rowOf));
  expect(rows.filter((row) => !known.has(row))).toEqual([]);
  expect(rows.length).toBe(documented.length);
});

test('the page names no variable or flag that does not exist', () => {
  const named = [...overrideNames, ...backendVariables].map(({ variable }) => variable);
  const variables = new Set([...named, configFileName.variable]);
  const flags = new Set([...overrideNames.map(({ flag }) => flag?.split(' ')[0]), configFileName.flag.split(' ')[0]]);
  expect([...page.matchAll(/\bPARLEY_[A-Z_<>]+/g)].map(([name]) => name).filter((name) => !variables.has(name))).toEqual([]);
  expect([...page.matchAll(/(?<=[`\s])--[a-z][a-z-]+/g)].map(([name]) => name).filter((name) => !flags.has(name))).toEqual([]);
});

test('the page names the files that are looked for', () => {
  expect(configFileNames.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('the example is a valid configuration and shows every group', () => {
  const example = /```ts\n(import \{ defineConfig \} from 'parley';\n[\s\S]*?)```/.exec(page)?.[1];
  const body = /export default defineConfig\(([\s\S]*)\);\n$/.exec(example ?? '')?.[1];
  // oxlint-disable-next-line typescript/no-implied-eval -- the page is our own, and its example is to be run as it stands.
  const file = new Function('process', `return (${body});`)({ env: { VAULT_SECRET: undefined, SIPHER_KEY: 'a key' } }) as object;
  const { config } = resolveConfig({ file });
  expect(Object.keys(config).filter((group) => !(group in file) && group !== 'secret' && group !== 'environment')).toEqual([]);
});
