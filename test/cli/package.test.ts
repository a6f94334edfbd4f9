import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFolder, type Folder } from './folder.ts';
import { runParley, startParley } from './parley-process.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const modules = path.join(repository, 'node_modules');

let folder: Folder;
let installed: string;
let main: string;

// As `npm pack` and `npm install` of the tarball would, but without a registry: the packages that it depends on are linked, and no others.
beforeAll(async () => {
  folder = await createFolder();
  await run(process.execPath, [path.join(repository, 'scripts/build.ts')]);
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder.path], { cwd: repository });
  const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
  await run('tar', ['-xzf', filename], { cwd: folder.path });

  installed = path.join(folder.path, 'node_modules/parley');
  await mkdir(path.dirname(installed));
  await symlink(path.join(folder.path, 'package'), installed);
  const manifest = await readFile(path.join(installed, 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(manifest) as { readonly dependencies: Readonly<Record<string, string>> };
  // Beside the package itself, since a link is followed before a module's neighbours are looked for.
  for (const name of Object.keys(dependencies)) {
    const link = path.join(folder.path, 'node_modules', name);
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(path.join(modules, name), link);
  }
  main = path.join(installed, 'dist/cli/main.js');
}, 120_000);
afterAll(() => folder[Symbol.asyncDispose]());

test('holds what is needed and nothing else', async () => {
  expect((await readdir(installed)).toSorted()).toEqual(expect.arrayContaining(['README.md', 'dist', 'docs', 'package.json', 'schema']));
  const files = (await readdir(installed, { recursive: true })).filter((name) => !name.startsWith('dist/graphiql'));
  expect(files.filter((name) => /(?:^src|^test|^bench|^scripts|\.tsx?$|\.tsbuildinfo$)/.test(name) && !name.endsWith('.d.ts'))).toEqual([]);
  expect(files).toContain('dist/index.d.ts');
  // Whoever may read it may run it.
  expect((await stat(main)).mode & 0o111).toBe(0o111);
});

test('prints its version', async () => {
  const { version } = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8')) as { readonly version: string };
  expect(await runParley(['--version'], { cwd: folder.path, main })).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('prints the schema', async () => {
  const { code, stdout } = await runParley(['schema'], { cwd: folder.path, main });
  expect(code).toBe(0);
  expect(stdout).toContain('type Subscription {');
});

test('runs a gateway with its page, by a configuration in TypeScript', async () => {
  await using project = await createFolder();
  await symlink(path.join(folder.path, 'node_modules'), path.join(project.path, 'node_modules'));
  await project.write(
    'parley.config.mts',
    "import { defineConfig } from 'parley';\nconst port: number = 0;\nexport default defineConfig({ server: { port } });\n",
  );
  await using parley = await startParley(['start'], { cwd: project.path, main });
  const page = await fetch(`${parley.url}/`);
  expect(page.status).toBe(200);
  const script = /src="([^"]+)"/.exec(await page.text())?.[1] ?? '';
  expect((await fetch(new URL(script, `${parley.url}/`))).status).toBe(200);
  const answer = await fetch(`${parley.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'mutation { createSession(input: {}) { __typename } }' }),
  });
  expect(await answer.json()).toEqual({ data: { createSession: { __typename: 'SessionAdmission' } } });
  parley.signal('SIGTERM');
  expect(await parley.finished).toMatchObject({ code: 0, stderr: '' });
});

test('has types that hold its users to the configuration', async () => {
  await using project = await createFolder();
  await symlink(path.join(folder.path, 'node_modules'), path.join(project.path, 'node_modules'));
  await project.write(
    'program.mts',
    `import { createGateway, defineConfig, type Gateway } from 'parley';
     defineConfig({ server: { port: 1 } });
     // @ts-expect-error: the types are there, and know that there is no such setting
     defineConfig({ server: { prot: 1 } });
     export const gateway: Promise<Gateway> = createGateway({});
     // @ts-expect-error
     export const wrong: Promise<number> = createGateway({});`,
  );
  const compiler = path.join(modules, 'typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2024,esnext.disposable', '--types', ''];
  const mistakes = await run(process.execPath, [compiler, ...options, 'program.mts'], { cwd: project.path }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { readonly stdout: string }).stdout,
  );
  expect(mistakes).toBe('');
}, 60_000);
