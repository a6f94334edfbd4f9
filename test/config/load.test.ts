import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { type LoadOptions, loadConfig } from '../../src/config/load.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'parley-config-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const write = (name: string, content: string): Promise<void> => writeFile(path.join(cwd, name), content);
const load = (options: LoadOptions = {}) => loadConfig({ cwd, environ: {}, ...options });
const messagesOf = async (options: LoadOptions = {}): Promise<readonly string[]> => {
  const error: unknown = await load(options).then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error === null) return [];
  if (error instanceof ConfigError) return error.issues.map(({ message }) => message);
  throw error;
};

describe('the file', () => {
  test.each([
    ['parley.config.ts', 'const port: number = 4321;\nexport default { server: { port } };'],
    ['parley.config.mts', 'export default { server: { port: 4321 } } satisfies object;'],
    ['parley.config.js', 'export default { server: { port: 4321 } };'],
    ['parley.config.mjs', 'export default { server: { port: 4321 } };'],
    ['parley.config.json', '\uFEFF{ "$schema": "x", "server": { "port": 4321 } }'],
    ['parley.config.ts', 'export default () => ({ server: { port: 4321 } });'],
    ['parley.config.ts', 'export default async () => ({ server: { port: 4321 } });'],
    ['parley.config.ts', 'export default Promise.resolve({ server: { port: 4321 } });'],
  ])('%s: %s', async (name, content) => {
    // Without a type, a .js file in a folder of its own is guessed by its syntax.
    await write('package.json', '{ "type": "module" }');
    await write(name, content);
    const loaded = await load();
    expect(loaded.config.server.port).toBe(4321);
    expect(loaded.file).toBe(path.join(cwd, name));
    expect(loaded.sourceOf('server.port')).toBe('file');
  });

  test('is not needed', async () => {
    const loaded = await load();
    expect(loaded.file).toBe(null);
    expect(loaded.config.server.port).toBe(4000);
  });

  test('can be named by an option, and by PARLEY_CONFIG; the option wins', async () => {
    await mkdir(path.join(cwd, 'etc'));
    await write('etc/one.json', '{ "server": { "port": 1 } }');
    await write('etc/two.json', '{ "server": { "port": 2 } }');
    await write('parley.config.json', '{ "server": { "port": 3 } }');
    const environ = { PARLEY_CONFIG: 'etc/one.json' };
    expect((await load()).config.server.port).toBe(3);
    expect((await load({ environ })).config.server.port).toBe(1);
    expect((await load({ environ, configFile: path.join(cwd, 'etc/two.json') })).config.server.port).toBe(2);
  });

  test('names the backends whose secrets variables give', async () => {
    await write('parley.config.json', '{ "backends": { "my-chat": { "kind": "SIPHER" } }, "defaultBackend": "my-chat" }');
    const loaded = await load({ environ: { PARLEY_BACKEND_MY_CHAT_API_KEY: 'k' } });
    expect(loaded.config.backends['my-chat']).toMatchObject({ kind: 'SIPHER', apiKey: 'k' });
    expect(await messagesOf()).toEqual([
      expect.stringContaining('Expected `backends.my-chat.apiKey` (PARLEY_BACKEND_MY_CHAT_API_KEY) to be '),
    ]);
    expect(await messagesOf({ environ: { PARLEY_BACKEND_CHAT_API_KEY: 'k', PARLEY_TYPO: '1', PORT: 'x' } })).toEqual([
      'Unknown environment variable `PARLEY_TYPO`: docs/configuration.md lists them all',
      'Unknown environment variable `PARLEY_BACKEND_CHAT_API_KEY`: did you mean `PARLEY_BACKEND_MY_CHAT_API_KEY`?',
      expect.stringContaining('Expected PORT (`server.port`)'),
      expect.stringContaining('Expected `backends.my-chat.apiKey`'),
    ]);
  });

  test('is overridden by variables, and those by flags', async () => {
    await write('parley.config.json', '{ "server": { "port": 1, "host": "file" }, "log": { "level": "warn" } }');
    const { config } = await load({ environ: { PORT: '2', HOST: 'env' }, flags: { 'server.port': '3' } });
    expect(config).toMatchObject({ server: { port: 3, host: 'env' }, log: { level: 'warn' } });
  });
});

describe('a mistake', () => {
  test('a named file that is not there', async () => {
    expect(await messagesOf({ configFile: 'nothing.json' })).toEqual([
      `There is no such configuration file (${path.join(cwd, 'nothing.json')})`,
    ]);
    expect(await messagesOf({ configFile: 'parley.yaml' })).toEqual([
      `Expected the configuration file to be a .ts, .mts, .js, .mjs or .json file (${path.join(cwd, 'parley.yaml')})`,
    ]);
  });

  test('two files', async () => {
    await write('parley.config.json', '{}');
    await write('parley.config.ts', 'export default {};');
    expect(await messagesOf()).toEqual([
      expect.stringContaining('found parley.config.ts, parley.config.json: delete all but one, or name one with --config'),
    ]);
  });

  test.each([
    [
      'export const config = {};',
      'Expected the configuration file to have a default export, found config: write `export default defineConfig({ … })`',
    ],
    ['export {};', 'Expected the configuration file to have a default export, found nothing: write `export default defineConfig({ … })`'],
    ['export default undefined;', 'Expected the configuration to be an object of settings, got nothing'],
    ['export default () => {};', 'Expected the configuration to be an object of settings, got nothing'],
    ["throw new RangeError('No vault here');", 'The configuration file cannot be loaded: RangeError: No vault here'],
    ["export default () => { throw new Error('No vault here'); };", 'What the configuration file exports failed: Error: No vault here'],
    ["export default async () => { throw 'No vault here'; };", 'What the configuration file exports failed: No vault here'],
    ["export default Promise.reject(new Error('No vault here'));", 'What the configuration file exports failed: Error: No vault here'],
    ["import { x } from './no-such-file.ts'; export default x;", 'The configuration file cannot be loaded: Error: Cannot find module'],
    ['export default {', 'The configuration file cannot be loaded: '],
  ])('a module that cannot be used: %s', async (content, message) => {
    await write('parley.config.ts', content);
    expect(await messagesOf()).toEqual([expect.stringContaining(message)]);
  });

  test('JSON that does not parse is placed, not quoted', async () => {
    await write('parley.config.json', '{\n  "secret": "hunter2",\n  "log" {}\n}');
    const [message, ...others] = await messagesOf();
    expect(others).toEqual([]);
    expect(message).toContain('The configuration file is not valid JSON (line 3 column 9)');
    expect(message).not.toContain('hunter2');
    await write('parley.config.json', 'hunter2');
    expect((await messagesOf()).join()).toMatch(/not valid JSON \(.*parley\.config\.json\)$/);
  });

  test('a folder in place of the file counts as none', async () => {
    await mkdir(path.join(cwd, 'parley.config.ts'));
    expect((await load()).file).toBe(null);
  });

  test('of file, variables and flags together: all are reported, each with its source', async () => {
    await write('parley.config.json', '{ "log": { "level": "loud" }, "sever": {} }');
    const error: unknown = await load({ environ: { PORT: 'x', PARLEY_TYPO: '1' }, flags: { dataDir: '' } }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(ConfigError);
    const { issues, message } = error as ConfigError;
    expect(issues.map(({ path, source }) => [path, source])).toEqual([
      ['PARLEY_TYPO', 'env'],
      ['dataDir', 'flag'],
      ['server.port', 'env'],
      ['log.level', 'file'],
      ['sever', 'file'],
    ]);
    expect(message).toMatch(/^The configuration has 5 mistakes:\n {2}- /);
    expect(message).toContain('Expected --data-dir (`dataDir`) to be text of 1 to 4,096 characters, got `` (string)');
  });

  test('in the file does not hide those of variables', async () => {
    await write('parley.config.ts', 'throw new Error("no");');
    const environ = { PORT: 'x', PARLEY_TYPO: '1', NODE_ENV: 'production', PARLEY_BACKEND_CHAT_API_KEY: 'k' };
    const messages = await messagesOf({ environ });
    // Whether the secret is missing, and which backends there are, nobody knows: the file may have it.
    expect(messages.map((message) => message.split(' ').slice(0, 3).join(' '))).toEqual([
      'The configuration file',
      'Unknown environment variable',
      'Expected PORT (`server.port`)',
    ]);
  });
});
