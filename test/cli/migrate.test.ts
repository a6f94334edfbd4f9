import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFolder, type Folder } from './folder.ts';
import { runParley } from './parley-process.ts';

/** A data directory with a store that holds one API key. */
async function withKey(folder: Folder, name: string): Promise<void> {
  const { code } = await runParley(['keys', 'create', '--name', name, '--data-dir', name], { cwd: folder.path });
  expect(code).toBe(0);
}

const args = ['migrate', '--from', 'sqlite:old', '--to', 'sqlite:new'] as const;

test('copies, says what it did and what is left to do, and verifies', { timeout: 120_000 }, async () => {
  await using folder = await createFolder();
  const run = (...words: readonly string[]) => runParley(words, { cwd: folder.path });
  await withKey(folder, 'old');
  await writeFile(join(folder.path, 'old', 'secret'), `${'s'.repeat(64)}\n`, { mode: 0o600 });
  const first = await run(...args);
  expect(first.code).toBe(0);
  expect(first.stderr).toMatch(/^Copying .+parley\.sqlite to .+parley\.sqlite\n/);
  expect(first.stdout).toMatch(/^TABLE +ROWS +WRITTEN +REMOVED +CHECKSUM\n/);
  expect(first.stdout).toMatch(/^api_keys +1 +1 +0 +[0-9a-f]{16}$/m);
  expect(first.stdout).toContain('is an exact copy of');
  expect(first.stdout).toContain('PARLEY_SECRET');
  expect(first.stdout + first.stderr).not.toContain('sssss');
  // What is there is not written again.
  const again = await run(...args);
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^api_keys +1 +0 +0 /m)]);
  const compared = await run(...args, '--verify-only');
  expect([compared.code, compared.stdout]).toEqual([0, expect.stringContaining('holds the same as')]);
  expect((await run('keys', 'list', '--data-dir', 'new')).stdout).toContain('old');

  // It is a store in use now: compared, and not written to.
  await withKey(folder, 'new');
  const file = join(folder.path, 'new', 'parley.sqlite');
  const before = await readFile(file);
  const late = await run(...args);
  expect([late.code, late.stdout]).toEqual([1, '']);
  expect(late.stderr).toContain('to be empty or a copy of the store');
  const differing = await run(...args, '--verify-only');
  expect(differing.code).toBe(1);
  expect(differing.stderr).toMatch(/api_keys \S+: only in the target/);
  expect((await readFile(file)).equals(before)).toBe(true);
});

test.each([
  [['--from', 'sqlite:old', '--to', 'sqlite:old'], 'name the same one'],
  [['--from', 'sqlite:nowhere', '--to', 'sqlite:new'], 'nowhere'],
  [['--from', 'memory:', '--to', 'sqlite:new'], 'A store in memory ends with its process'],
  [['--from', 'sqlite:old', '--to', 'mysql://ada:planted@127.0.0.1/parley'], 'postgres://'],
  [['--from', 'sqlite:old', '--to', 'postgres://ada:planted@127.0.0.1:1/parley'], '127.0.0.1:1'],
])('refuses %j', { timeout: 60_000 }, async (addresses, said) => {
  await using folder = await createFolder();
  await withKey(folder, 'old');
  const { code, stdout, stderr } = await runParley(['migrate', ...addresses], { cwd: folder.path });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain('planted');
  expect(stderr).not.toContain('    at ');
});
