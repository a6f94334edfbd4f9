import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

/** The names in the first column, `*` standing for any rest of a name. */
const named = (section: string): readonly RegExp[] =>
  [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.+')}$`)),
  );

test('every dependency is justified, and nothing else is', async () => {
  const [page, manifest] = await Promise.all([read('docs/dependencies.md'), read('package.json')]);
  const { dependencies, devDependencies } = JSON.parse(manifest) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const [, atRunTime = '', forDevelopment = ''] = page.split(/^## /m);
  for (const [section, installed] of [
    [atRunTime, Object.keys(dependencies)],
    [forDevelopment, Object.keys(devDependencies)],
  ] as const) {
    const patterns = named(section);
    expect(installed.filter((name) => !patterns.some((pattern) => pattern.test(name)))).toEqual([]);
    expect(patterns.filter((pattern) => !installed.some((name) => pattern.test(name))).map(String)).toEqual([]);
  }
});
