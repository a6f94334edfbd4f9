import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { listSettings, type Setting } from '../../src/config/settings.ts';

const files = ['config.ts', 'backend-settings.ts'].map((name) => readFile(new URL(`../../src/config/${name}`, import.meta.url), 'utf8'));
const source = (await Promise.all(files)).join('\n');

/** What the editor shows as default of each property of that name: `port` to `4000`. */
const shown = [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)\??:/g)].map(([, comment = '', name = '']) => ({
  name,
  default: /@default (.*?)(?: \/\/.*)?$/m.exec(comment)?.[1] ?? null,
}));

/** Those of one name that differ by the kind of backend are several. */
const idOf = ({ path, kinds }: Setting): string => `${path} of ${kinds?.join(', ') ?? 'any'}`;
const production = new Map(listSettings('production').map((setting) => [idOf(setting), setting.default]));

/** As TypeScript writes it. */
function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return JSON.stringify(value);
}

function defaultOf(setting: Setting): string | null {
  const { default: value } = setting;
  if (value === undefined) return null;
  const other = production.get(idOf(setting));
  return literal(other) === literal(value) ? literal(value) : `${literal(value)} in development, ${literal(other)} in production`;
}

// The default of `backends` is an object, those of the wallet follow from other settings: words in both places.
const compared = listSettings('development').filter(
  ({ path, group, defaultText }) => !group && defaultText === null && path !== 'backends' && !path.endsWith('.kind'),
);

test.each(compared.map((setting) => [idOf(setting), defaultOf(setting), setting] as const))(
  'the editor shows the default of %s: %s',
  (_, value, { path }) => {
    const name = path.split('.').at(-1);
    const candidates = shown
      .filter((property) => property.name === name)
      .map((property) => property.default?.replaceAll(/(?<=\d)_(?=\d)/g, '') ?? null);
    expect(candidates).toContain(value);
  },
);
