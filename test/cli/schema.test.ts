import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { createFolder } from './folder.ts';
import { runParley } from './parley-process.ts';

test('prints the schema, whole and described', async () => {
  await using folder = await createFolder();
  const { code, stdout, stderr } = await runParley(['schema'], { cwd: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const schema = buildSchema(stdout);
  expect(schema.getQueryType()?.getFields()['session']?.description).toMatch(/\w/);
  expect(schema.getSubscriptionType()?.getFields()['sessionEvents']).toBeDefined();
});

test('--output writes the same to a file', async () => {
  await using folder = await createFolder();
  const options = { cwd: folder.path };
  expect(await runParley(['schema', '--output', 'parley.graphql'], options)).toEqual({ code: 0, stdout: '', stderr: '' });
  const { stdout } = await runParley(['schema'], options);
  expect(await readFile(path.join(folder.path, 'parley.graphql'), 'utf8')).toBe(stdout);
});

test('a file that cannot be written is named', async () => {
  await using folder = await createFolder();
  const { code, stderr } = await runParley(['schema', '-o', 'no/such/folder.graphql'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^The schema cannot be written to no\/such\/folder\.graphql \(ENOENT/);
});
