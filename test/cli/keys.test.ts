import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createFolder } from './folder.ts';
import { runParley } from './parley-process.ts';

/** All bytes of a folder's files. */
async function contentOf(folder: string): Promise<Buffer> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  return Buffer.concat(await Promise.all(entries.map(({ name }) => readFile(path.join(folder, name)))));
}

// Seven processes, one after the other.
test('a key is printed once, kept as its hash, listed without it, and revoked', async () => {
  await using folder = await createFolder();
  const run = (...args: readonly string[]) => runParley(['keys', ...args], { cwd: folder.path });

  const created = await run('create', '--name', 'Partner', '--tier', 'pro');
  expect(created.code).toBe(0);
  const key = created.stdout.trim();
  // The key alone, so that a script can keep it; the words beside it go to the person.
  expect(created.stdout).toBe(`${key}\n`);
  expect(key).toMatch(/^pk_[0-9a-f]{16}_[\w-]{43}$/);
  expect(created.stderr).toContain('It is not shown again');
  const id = key.split('_')[1] ?? '';

  const stored = await contentOf(path.join(folder.path, 'data'));
  expect(stored.includes(key)).toBe(false);
  expect(stored.includes(key.slice(key.lastIndexOf('_') + 1))).toBe(false);
  expect(stored.includes(createHash('sha256').update(key).digest('hex'))).toBe(true);

  const listed = await run('list');
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^ID +NAME +TIER +CREATED +REVOKED\n/);
  expect(listed.stdout).toMatch(new RegExp(`^${id} +Partner +PRO +\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$`, 'm'));
  expect(listed.stdout).not.toContain(key.slice(20));

  expect(await run('revoke', id)).toEqual({ code: 0, stdout: `API key ${id} is revoked.\n`, stderr: '' });
  const again = await run('revoke', id);
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toContain('is revoked already');
  expect((await run('list')).stdout).toMatch(new RegExp(`^${id} .*Z +\\d{4}-.*Z$`, 'm'));
}, 90_000);

test('--json is for programs', async () => {
  await using folder = await createFolder();
  const run = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await runParley(['keys', ...args, '--json'], { cwd: folder.path })).stdout);

  expect(await run('list')).toEqual([]);
  const created = (await run('create', '--name', 'Bot')) as { readonly id: string; readonly key: string };
  expect(created).toEqual({
    id: expect.any(String),
    name: 'Bot',
    tier: 'FREE',
    createdAt: expect.any(String),
    revokedAt: null,
    key: expect.any(String),
  });
  const { key, ...record } = created;
  expect(key).toContain(created.id);
  expect(await run('list')).toEqual([record]);
  expect(await run('revoke', created.id)).toEqual({ id: created.id, revoked: true });
  expect(await run('list')).toEqual([{ ...record, revokedAt: expect.any(String) }]);
});

test.each([
  [['create', '--name', ' '], 'The name of an API key must have 1 to 100 characters'],
  [['create', '--name', 'x', '--tier', 'GOLD'], 'The tier must be one of FREE, PRO, ENTERPRISE, got "GOLD"'],
  [['revoke', '0123456789abcdef'], 'There is no API key with the id "0123456789abcdef"'],
  [['list', '--store-driver', 'memory'], 'API keys need a store that outlives the process'],
])('what cannot be done is explained and ends with 1: %j', async (args, message) => {
  await using folder = await createFolder();
  const { code, stdout, stderr } = await runParley(['keys', ...args], { cwd: folder.path });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('    at ');
});

test('a store that does not open is named', async () => {
  await using folder = await createFolder();
  const file = await folder.write('taken', '');
  const { code, stderr } = await runParley(['keys', 'list', '--data-dir', 'taken'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stderr).toContain(file);
  expect(stderr).not.toContain('    at ');
});
