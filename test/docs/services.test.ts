import { readdir, readFile } from 'node:fs/promises';
import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { openBackends } from '../../src/backends/registry.ts';
import { backendKinds } from '../../src/config/backends-schema.ts';
import type { ParleyConfig } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { type Backend, type FeatureProvider, features } from '../../src/core/backend.ts';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/services.md', root), 'utf8');
/** Those of services and LOCAL, by their headings. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((text): [string, string] => [text.slice(0, text.indexOf('\n')), text])
    .filter(([title]) => title !== 'What holds for all'),
);

const providers: readonly FeatureProvider[] = ['UPSTREAM', 'GATEWAY', 'UNAVAILABLE'];

/** The entry of `backends` that a section shows, as one would put it into the file. Its credentials are not in the environment. */
function exampleIn(text: string): NonNullable<ParleyConfig['backends']> {
  const [, code = ''] = /^```ts\n(.*?)^```/ms.exec(text) ?? [];
  const entries = code.replaceAll(/process\.env\.\w+ \?\? ''/g, "'a-key'").replaceAll(/process\.env\.\w+ \?\? null/g, 'null');
  expect(entries).not.toContain('process');
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the page is ours
  return new Function(`return {${entries}}`)() as NonNullable<ParleyConfig['backends']>;
}

/** The tables of features in a section, in their order: who does what. */
const claimsIn = (text: string): readonly string[][] =>
  [...text.matchAll(/^\| UPSTREAM \|.*\n\| GATEWAY \|.*\n\| UNAVAILABLE \|.*\n/gm)].map(([table]) =>
    table.split('\n').flatMap((row) => {
      const [, provider = '', names = ''] = row.split('|').map((cell) => cell.trim());
      return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => `${name} ${provider}`);
    }),
  );

const claimsOf = (backend: Backend): string[] =>
  providers.flatMap((provider) => features.filter((name) => backend.features[name] === provider).map((name) => `${name} ${provider}`));

async function claimsWith(backends: NonNullable<ParleyConfig['backends']>): Promise<string[][]> {
  const opened = [
    ...openBackends(resolveConfig({ file: { backends, defaultBackend: Object.keys(backends)[0] ?? '' } }).config.backends).values(),
  ];
  for (const { service } of opened) await service?.[Symbol.asyncDispose]();
  return opened.map(claimsOf);
}

test('there is a section for every kind', () => {
  const kinds = [...sections.values()].flatMap((text) => Object.values(exampleIn(text)).map(({ kind }) => kind));
  expect(kinds.toSorted()).toEqual(backendKinds.toSorted());
});

describe.each([...sections])('%s', (title, text) => {
  test('the example is a configuration, and the features are those of the connector', async () => {
    const example = exampleIn(text);
    const [[name, settings] = ['', { kind: 'LOCAL' as const }]] = Object.entries(example);
    const variants = settings.kind === 'JULEP' ? [settings, { ...settings, contract: 'v0.3' as const }] : [settings];
    const real = await Promise.all(variants.map((each) => claimsWith({ [name]: each })));
    expect(claimsIn(text)).toEqual(real.flat());
  });

  test('what REST calls are mapped to is in the schema', async () => {
    const [, rows = ''] = text.split('| REST | GraphQL |');
    const names = [...rows.matchAll(/^\| [^|]+ \| ([^|]+) \|$/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word),
    );
    const folder = new URL('schema/', root);
    const files = (await readdir(folder)).filter((file) => file.endsWith('.graphql'));
    const schema = buildSchema((await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))).join('\n'));
    const types = Object.values(schema.getTypeMap());
    const known = new Set(
      types.map(({ name }) => name).concat(types.flatMap((type) => ('getFields' in type ? Object.keys(type.getFields()) : []))),
    );
    expect(names.filter((word) => !known.has(word))).toEqual([]);
    expect(names.length > 0).toBe(title !== 'LOCAL');
  });
});

test('with chats turned off, QuickSync leaves messages to the gateway, as the page says', async () => {
  const [claims = []] = await claimsWith({ files: { kind: 'QUICKSYNC', apiKey: 'a-key', chats: false } });
  expect(claims).toEqual(expect.arrayContaining(['MESSAGES GATEWAY', 'HISTORY GATEWAY']));
});
