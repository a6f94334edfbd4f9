import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { listSettings, type Setting } from '../../src/config/settings.ts';

const source = await readFile(new URL('../../src/config/config.ts', import.meta.url), 'utf8');

/** What the editor shows as default of each property of that name: `port` to `4000`. */
const shown = [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)\??:/g)].map(([, comment = '', name = '']) => ({
  name,
  default: /@default (.*?)(?: \/\/.*)?$/m.exec(comment)?.[1] ?? null,
}));

const production = new Map(listSettings('production').map((setting) => [setting.path, setting.default]));

/** As TypeScript writes it. */
function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return JSON.stringify(value);
}

function defaultOf({ path, default: value }: Setting): string | null {
  if (value === undefined) return null;
  const other = production.get(path);
  return literal(other) === literal(value) ? literal(value) : `${literal(value)} in development, ${literal(other)} in production`;
}

// The default of `backends` is an object, those of the wallet follow from other settings: words in both places.
const compared = listSettings('development').filter(
  ({ path, group, defaultText }) => !group && defaultText === null && path !== 'backends' && !path.endsWith('.kind'),
);

test.each(compared.map((setting) => [setting.path, defaultOf(setting)] as const))(
  'the editor shows the default of %s: %s',
  (path, value) => {
    const name = path.split('.').at(-1);
    const candidates = shown
      .filter((property) => property.name === name)
      .map((property) => property.default?.replaceAll(/(?<=\d)_(?=\d)/g, '') ?? null);
    expect(candidates).toContain(value);
  },
);
