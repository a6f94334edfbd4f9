import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { copy, letThrough, only, parseDockerfile, type Stage, variablesOf } from '../support/dockerfile.ts';
import { readDeployed } from '../support/deployment.ts';
import { freePort } from '../support/gateway-process.ts';
import { post } from '../support/graphql-client.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const stages = parseDockerfile(await readDeployed('Dockerfile'));
const last = stages.at(-1) as Stage;
const user = only(last, 'USER');

// Its steps give a folder to another user.
const isRoot = process.getuid?.() === 0;
if (!isRoot)
  console.error('The tests of the steps of the Dockerfile are SKIPPED: they give a folder to another user, which only root can.');

test('stands on the Node that everything else is tested on', async () => {
  const { devDependencies } = JSON.parse(await readDeployed('package.json')) as { readonly devDependencies: Record<string, string> };
  const [, major = ''] = /^\^(\d+)\./.exec(devDependencies['node'] ?? '') ?? [];
  expect(new Set(stages.map(({ image }) => image))).toEqual(new Set([`node:${major}-bookworm-slim`]));
});

test('runs as somebody without rights, named by number', () => {
  expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(last.instructions.at(-1)?.name).toBe('CMD');
});

/** Each stage has a folder in the place of its root, and what its instructions name there is looked for in it. */
describe.skipIf(!isRoot)('the steps of the Dockerfile, done one after the other without an engine', { timeout: 120_000 }, () => {
  let root = '';
  const folderOf = (stage: string): string => join(root, stage);
  const places = ['/app', '/build', '/var/lib/parley'];
  const within = (stage: string, text: string): string =>
    places.reduce((rest, place) => rest.replaceAll(new RegExp(`(?<![\\w.])${place}\\b`, 'g'), join(folderOf(stage), place)), text);
  /** With the Node of the tests, and none that packages bring. */
  const environment = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, HOME: process.env['HOME'] ?? '' };
  const ofImage = (): Readonly<Record<string, string>> => ({
    PATH: environment.PATH,
    ...Object.fromEntries(Object.entries(variablesOf(last)).map(([name, value]) => [name, within(last.name, value)])),
  });

  async function perform(stage: Stage, context: string): Promise<void> {
    let workdir = folderOf(stage.name);
    await mkdir(workdir, { recursive: true });
    for (const { name, rest } of stage.instructions) {
      if (name === 'WORKDIR') await mkdir((workdir = within(stage.name, rest)), { recursive: true });
      if (name === 'COPY') {
        const words = rest.split(' ');
        const from = words[0]?.startsWith('--from=') === true ? (words.shift() ?? '').slice('--from='.length) : null;
        const to = words.pop() ?? '';
        const names = words.map((word) => (from === null ? join(context, word) : within(from, word)));
        await copy(names, join(workdir, to), { into: to.endsWith('/'), link: from !== null });
      }
      // What the repository has installed by the same lock file: only what is left out at run time is worth the time of an installation.
      if (name === 'RUN' && rest.startsWith('npm ci --ignore-scripts ')) {
        await symlink(join(repository, 'node_modules'), join(workdir, 'node_modules'));
      } else if (name === 'RUN') {
        await mkdir(join(folderOf(stage.name), 'var/lib'), { recursive: true });
        // What is in npm's cache need not be fetched again.
        await run('sh', ['-c', within(stage.name, rest)], { cwd: workdir, env: { ...environment, npm_config_prefer_offline: 'true' } });
      }
    }
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'parley-image-'));
    await chmod(root, 0o755);
    const context = join(root, 'context');
    await mkdir(context);
    const names = letThrough(await readDeployed('.dockerignore'));
    for (const name of names) await copy([join(repository, name)], join(context, name), { into: false, link: false });
    for (const stage of stages) await perform(stage, context);
  }, 300_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  test('leave out what is for development', async () => {
    const app = within(last.name, '/app');
    expect((await readdir(app)).toSorted()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json', 'schema']);
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(app, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const isThere = async (name: string): Promise<boolean> =>
      stat(join(app, 'node_modules', name)).then(
        () => true,
        () => false,
      );
    for (const name of Object.keys(dependencies)) expect([name, await isThere(name)]).toEqual([name, true]);
    const stayed = ['node', 'typescript', 'esbuild', 'vitest', 'react', 'monaco-editor', 'oxlint'];
    for (const name of stayed) {
      expect(devDependencies).toHaveProperty(name);
      expect([name, await isThere(name)]).toEqual([name, false]);
    }
  });

  test('make an image that refuses to start without a secret', async () => {
    const [command = '', ...args] = JSON.parse(within(last.name, only(last, 'ENTRYPOINT'))) as string[];
    const env = ofImage();
    const failed: unknown = await run(command, [...args, ...(JSON.parse(only(last, 'CMD')) as string[])], { env }).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('PARLEY_SECRET') });
  });

  test('make an image that runs, is found healthy, and stops when it is told to', async () => {
    const [uid = 0, gid = 0] = user.split(':').map(Number);
    const port = await freePort();
    const env = { ...ofImage(), PORT: `${port}`, HOST: '127.0.0.1', PARLEY_SECRET: 'a-secret-of-the-tests-that-is-long-enough' };
    const [command = '', ...args] = JSON.parse(within(last.name, only(last, 'ENTRYPOINT'))) as string[];
    const own = { cwd: within(last.name, '/app'), env, uid, gid };

    const { stdout } = await run(command, [...args, 'keys', 'create', '--name', 'server', '--json'], own);
    const { key } = JSON.parse(stdout) as { readonly key: string };
    const child = spawn(command, [...args, ...(JSON.parse(only(last, 'CMD')) as string[])], { ...own, stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = once(child, 'exit');
    try {
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [, health = ''] = / CMD (\[.*\])$/.exec(only(last, 'HEALTHCHECK')) ?? [];
      const [probe = '', ...probing] = JSON.parse(health) as string[];
      await vi.waitFor(() => run(probe, probing, own), { timeout: 60_000, interval: 200 });

      const url = `http://127.0.0.1:${port}`;
      const mutation = 'mutation { createSession(input: { rules: { password: "open sesame" } }) { __typename } }';
      // With the password hasher, which is compiled code.
      expect((await post(url, mutation, {}, { 'x-api-key': key })).data).toEqual({ createSession: { __typename: 'SessionAdmission' } });
      const file = await stat(join(within(last.name, '/var/lib/parley'), 'parley.sqlite')).catch(() => null);
      expect([file?.uid, output]).toEqual([uid, expect.stringContaining('Parley is listening')]);

      child.kill(only(last, 'STOPSIGNAL') as NodeJS.Signals);
      expect(await exited).toEqual([0, null]);
      await expect(run(probe, probing, own)).rejects.toMatchObject({ code: 1 });
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  });

  test('let a configuration file beside the program import it by its name', async () => {
    const app = within(last.name, '/app');
    await writeFile(
      join(app, 'parley.config.ts'),
      "import { defineConfig } from 'parley';\nexport default defineConfig({ server: { drainSeconds: 3 } });\n",
    );
    const [command = '', ...args] = JSON.parse(within(last.name, only(last, 'ENTRYPOINT'))) as string[];
    const env = { ...ofImage(), PARLEY_SECRET: 'a-secret-of-the-tests-that-is-long-enough' };
    const { stdout } = await run(command, [...args, 'check'], { cwd: app, env });
    expect(stdout).toMatch(/server\.drainSeconds\s+3\b/);
  });
});
