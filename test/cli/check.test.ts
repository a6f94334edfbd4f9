import { execFile } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createFolder } from './folder.ts';
import { runParley } from './parley-process.ts';

const secret = 'a-secret-of-more-than-32-characters';

test('prints each setting in force with where it comes from, and no secret', async () => {
  await using folder = await createFolder();
  // Types and an import of the package's own helper: what a user writes, run as the user runs it.
  const helper = new URL('../../src/config/define-config.ts', import.meta.url).href;
  const file = await folder.write(
    'parley.config.mts',
    `import { defineConfig } from '${helper}';
     const port: number = 5001;
     export default defineConfig({ server: { port, host: '::1' }, auth: { jwt: { jwksUrl: 'https://user:pass@id.example/keys', issuer: 'me', audience: 'parley' } } });`,
  );
  const { code, stdout, stderr } = await runParley(['check', '--port', '5002'], {
    cwd: folder.path,
    env: { PARLEY_SECRET: secret, PARLEY_LOG_LEVEL: 'debug' },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const rows = new Map(stdout.split('\n').map((line) => [line.split(/ +/)[0], line.replaceAll(/ {2,}/g, ' | ')]));
  expect(stdout).toContain(`Configuration file: ${file}\n`);
  expect(rows.get('server.port')).toBe('server.port | 5002 | --port');
  expect(rows.get('server.host')).toBe('server.host | ::1 | file');
  expect(rows.get('log.level')).toBe('log.level | debug | PARLEY_LOG_LEVEL');
  expect(rows.get('secret')).toBe('secret | (hidden) | PARLEY_SECRET');
  expect(rows.get('store.driver')).toBe('store.driver | sqlite | default');
  expect(rows.get('auth.jwt.jwksUrl')).toBe('auth.jwt.jwksUrl | (hidden) | file');
  expect(rows.get('auth.jwt.issuer')).toBe('auth.jwt.issuer | me | file');
  expect(rows.get('backends')).toBe('backends | {"local":{"kind":"LOCAL","minimumTier":null}} | default');
  expect(stdout).not.toContain(secret);
  expect(stdout).not.toContain('user:pass');
});

test('says what the store holds, and makes nothing where there is none', async () => {
  await using folder = await createFolder();
  const cwd = folder.path;
  const empty = await runParley(['check'], { cwd });
  expect(empty.stdout).toContain('Configuration file: none\n');
  expect(empty.stdout).toContain('Store: nothing in ./data yet, the first start makes it\n');
  await expect(access(path.join(cwd, 'data'))).rejects.toThrow('ENOENT');

  await runParley(['keys', 'create', '--name', 'test'], { cwd });
  const { code, stdout } = await runParley(['check'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain('Store: sqlite in ./data, 0 sessions, 1 API key in force\n');

  const memory = await runParley(['check', '--store-driver', 'memory'], { cwd });
  expect(memory.stdout).toContain('Store: in memory, nothing is kept\n');
});

test('shows the settings of each backend, none of its secrets, and fails where one is not up', async () => {
  await using folder = await createFolder();
  // Nothing listens there.
  const url = 'http://127.0.0.1:1';
  const backends = {
    local: { kind: 'LOCAL' },
    'my-agents': { kind: 'ELIZA', url, apiKey: 'hunter2', breaker: { failures: 3 } },
  };
  await folder.write('parley.config.json', JSON.stringify({ backends }));
  const { code, stdout, stderr } = await runParley(['check', '--store-driver', 'memory'], {
    cwd: folder.path,
    env: { PARLEY_BACKEND_MY_AGENTS_SOCKET_API_KEY: 'hunter3' },
  });
  expect(code).toBe(1);
  // Also where it is tried again before that is said.
  expect(stdout).toMatch(/^my-agents +ELIZA +DOWN +- +Backend my-agents cannot be reached: ECONNREFUSED/m);
  expect(stderr).toContain('my-agents');
  expect(stderr).not.toContain('    at ');
  const rows = new Map(stdout.split('\n').map((line) => [line.split(/ +/)[0], line.replaceAll(/ {2,}/g, ' | ')]));
  expect(rows.has('backends')).toBe(false);
  expect(rows.get('backends.local.kind')).toBe('backends.local.kind | LOCAL | file');
  expect(rows.has('backends.local.url')).toBe(false);
  expect(rows.get('backends.my-agents.url')).toBe(`backends.my-agents.url | ${url} | file`);
  expect(rows.get('backends.my-agents.apiKey')).toBe('backends.my-agents.apiKey | (hidden) | file');
  expect(rows.get('backends.my-agents.socketApiKey')).toBe(
    'backends.my-agents.socketApiKey | (hidden) | PARLEY_BACKEND_MY_AGENTS_SOCKET_API_KEY',
  );
  expect(rows.get('backends.my-agents.breaker.failures')).toBe('backends.my-agents.breaker.failures | 3 | file');
  expect(rows.get('backends.my-agents.breaker.openMs')).toBe('backends.my-agents.breaker.openMs | 10000 | default');
  expect(rows.has('backends.my-agents.kickField')).toBe(false);
  expect(stdout + stderr).not.toMatch(/hunter[23]/);
});

test('lists all mistakes at once on standard error and ends with 1', async () => {
  await using folder = await createFolder();
  await folder.write('parley.config.json', '{ "server": { "prot": 1 }, "secret": "hunter2", "log": { "level": "loud" } }');
  const { code, stdout, stderr } = await runParley(['check', '--store-driver', 'oracle'], {
    cwd: folder.path,
    env: { PORT: 'http', PARLEY_GRAPHQL: '1' },
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toEqual([
    'The configuration has 6 mistakes:',
    '  - Unknown environment variable `PARLEY_GRAPHQL`: did you mean `PARLEY_GRAPHIQL`?',
    '  - Expected `secret` to be `null`, or text of 32 to 1,024 characters, got (hidden)',
    '  - Expected PORT (`server.port`) to be a whole number from 0 to 65,535, got `http` (string)',
    '  - Unknown setting `server.prot`: did you mean `server.port`?',
    '  - Expected --store-driver (`store.driver`) to be one of `sqlite`, `postgres`, `memory`, got `oracle` (string)',
    expect.stringContaining('  - Expected `log.level` to be one of '),
  ]);
});

test.each([
  ['a module with a mistake in its syntax', 'parley.config.ts', 'export default {', 'The configuration file cannot be loaded: '],
  [
    'TypeScript that cannot be stripped',
    'parley.config.ts',
    'enum A { B }\nexport default {};',
    'The configuration file cannot be loaded: ',
  ],
  ['a module that throws', 'parley.config.mjs', "throw new Error('no vault');", 'The configuration file cannot be loaded: Error: no vault'],
  ['no JSON', 'parley.config.json', '{', 'The configuration file is not valid JSON'],
])('a configuration file that cannot be read: %s', async (_, name, content, message) => {
  await using folder = await createFolder();
  const file = await folder.write(name, content);
  const { code, stdout, stderr } = await runParley(['check'], { cwd: folder.path });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain(file);
  expect(stderr).not.toContain('    at ');
});

test('refuses production without a secret, as start does', async () => {
  await using folder = await createFolder();
  for (const command of ['check', 'start']) {
    const { code, stdout, stderr } = await runParley([command], { cwd: folder.path, env: { NODE_ENV: 'production' } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('Expected `secret` (PARLEY_SECRET) to be text of 32 to 1,024 characters in production, got nothing');
  }
  await expect(access(path.join(folder.path, 'data'))).rejects.toThrow('ENOENT');
});

test.each([
  ['secret', 'short', 0o600, 'secret'],
  ['secret', `${'a'.repeat(64)}\n`, 0o644, '0644'],
])('finds what would stop the start in the data folder: %s', async (name, content, mode, message) => {
  await using folder = await createFolder();
  await mkdir(path.join(folder.path, 'data'));
  await writeFile(path.join(folder.path, 'data', name), content, { mode });
  const { code, stderr } = await runParley(['check'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});

test('names a data directory that cannot be used, and why', async () => {
  await using folder = await createFolder();
  await writeFile(path.join(folder.path, 'data'), 'a file');
  const { code, stderr } = await runParley(['check'], { cwd: folder.path, env: { PARLEY_SECRET: 's'.repeat(32) } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^The data directory \.?\S*data cannot be used \(ENOTDIR: .*\)\n$/);
});

test('ends quietly where nobody reads on', async () => {
  await using folder = await createFolder();
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  // The reader is gone before the second line is written.
  const piped = promisify(execFile)('sh', ['-c', '"$0" "$1" check | true', process.execPath, main], { cwd: folder.path });
  expect(await piped).toEqual({ stdout: '', stderr: '' });
});
