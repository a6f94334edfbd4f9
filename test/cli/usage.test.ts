import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { runParley } from './parley-process.ts';

const cwd = tmpdir();
const run = (...args: readonly string[]) => runParley(args, { cwd });

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.each([['--help'], ['help'], ['-h']])('%s names the commands and the exit codes', async (flag) => {
  const { code, stdout, stderr } = await run(flag);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const word of ['start', 'check', 'schema', 'migrate', 'keys', 'Exit codes: 0 done, 1 failed, 2 wrong usage'])
    expect(stdout).toContain(word);
});

test('the help of a command describes its flags', async () => {
  const { code, stdout } = await run('start', '--help');
  expect(code).toBe(0);
  for (const flag of ['--port <number>', '--host <address>', '--config <file>', '--data-dir <folder>', '--log-level <level>']) {
    expect(stdout).toContain(flag);
  }
  expect(stdout).toContain('Port that the gateway listens on.');
});

test('the help of migrate says what it does with what', async () => {
  const { code, stdout } = await run('migrate', '--help');
  expect(code).toBe(0);
  for (const word of ['--from <address>', '--to <address>', '--verify-only', 'sqlite:', 'postgres://']) expect(stdout).toContain(word);
});

test('the help of check says when it fails', async () => {
  const { stdout } = await run('check', '--help');
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('Fails where a backend is not UP.');
});

test.each([
  [['strat'], "unknown command 'strat'\n(Did you mean start?)"],
  [['--prot', '80'], "unknown option '--prot'\n(Did you mean --port?)"],
  [['check', '--verbose'], "unknown option '--verbose'"],
  [['start', 'now'], 'too many arguments'],
  [['--port'], "option '--port <number>' argument missing"],
  [['keys', 'create'], "required option '--name <name>' not specified"],
  [['migrate', '--from', 'sqlite:here'], "required option '--to <address>' not specified"],
  [['keys', 'revoke'], "missing required argument 'id'"],
  [['keys', 'delete'], "unknown command 'delete'"],
])('wrong usage ends with 2 and an explanation: %j', async (args, message) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});
