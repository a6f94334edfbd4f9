import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const script = join(import.meta.dirname, '../../scripts/build-graphiql.ts');

let folder: string;
let first: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-graphiql-build-'));
  first = await build('first');
}, 180_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** What a build makes: the bytes by path. */
async function build(name: string): Promise<ReadonlyMap<string, Buffer>> {
  const directory = join(folder, name);
  await promisify(execFile)(process.execPath, [script, directory]);
  const entries = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return new Map(
    await Promise.all(entries.map(async (entry) => [entry.name, await readFile(join(entry.parentPath, entry.name))] as const)),
  );
}

const digests = (files: ReadonlyMap<string, Buffer>): string[] =>
  [...files].map(([name, body]) => `${name} ${createHash('sha256').update(body).digest('hex')}`).toSorted();

test('the same sources give the same bytes', async () => {
  expect(digests(await build('second'))).toEqual(digests(first));
}, 180_000);

test('the page names files that are there, and the endpoint is left to the server', () => {
  const html = first.get('index.html')?.toString() ?? '';
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(named).toHaveLength(4);
  for (const path of named) expect([...first.keys()].map((name) => `graphiql/${name}`)).toContain(path);
  expect(html.match(/\{\{\w+\}\}/g)).toEqual(['{{endpoint}}', '{{endpoint}}']);
});

test('the style sheets name files that are there and hold no font', () => {
  const sheets = [...first].filter(([name]) => name.endsWith('.css'));
  expect(sheets).toHaveLength(2);
  for (const [, body] of sheets) {
    const urls = [...body.toString().matchAll(/url\((?:"|')?([^"')]+)/g)].map(([, address = '']) => address);
    for (const address of urls.filter((each) => !each.startsWith('data:image/'))) {
      expect([...first.keys()]).toContain(address.replace(/^\.\//, '').replace(/[?#].*$/, ''));
    }
  }
});

test('of the languages that Monaco knows, GraphQL and JSON are bundled', () => {
  const scripts = [...first].filter(([name]) => name.endsWith('.js')).map(([, body]) => body.toString());
  const knows = (language: string): boolean => scripts.some((script) => script.includes(`id:"${language}"`));
  expect(['graphql', 'json', 'typescript', 'css', 'html', 'python', 'sql'].filter(knows)).toEqual(['graphql', 'json']);
  const bytes = [...first.values()].reduce((sum, body) => sum + body.length, 0);
  expect(bytes).toBeLessThan(8_000_000);
});
