import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readOrCreateSecret, SecretFileError } from '../../src/config/secret-file.ts';

let dataDir: string;
let file: string;
beforeEach(async () => {
  dataDir = path.join(await mkdtemp(path.join(tmpdir(), 'parley-secret-')), 'data');
  file = path.join(dataDir, 'secret');
});
afterEach(() => rm(path.dirname(dataDir), { recursive: true, force: true }));

const failure = async (): Promise<string> => {
  const error: unknown = await readOrCreateSecret(dataDir).catch((cause: unknown) => cause);
  if (error instanceof SecretFileError) return error.message;
  throw new Error('Expected a SecretFileError', { cause: error });
};

describe('the secret file', () => {
  test('is made with its folder, for its owner only, and used again', async () => {
    const secret = await readOrCreateSecret(dataDir);
    expect(secret).toMatch(/^[\w-]{64}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe(`${secret}\n`);
    expect(await readOrCreateSecret(dataDir)).toBe(secret);
    expect(await readdir(dataDir)).toEqual(['secret']);
  });

  test('is the same for all who ask at once', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => readOrCreateSecret(dataDir)));
    expect(new Set(secrets).size).toBe(1);
  });

  test('is the same for processes that start at once', async () => {
    const module = new URL('../../src/config/secret-file.ts', import.meta.url).href;
    const program = `const { readOrCreateSecret } = await import(process.argv[1]); console.log(await readOrCreateSecret(process.argv[2]));`;
    const secrets = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', program, module, dataDir], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
        return output.trim();
      }),
    );
    expect(secrets[0]).toMatch(/^[\w-]{64}$/);
    expect(new Set(secrets).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['secret']);
  });

  test.each([0o644, 0o640, 0o604])('is refused when others may use it: mode %o', async (mode) => {
    await readOrCreateSecret(dataDir);
    await chmod(file, mode);
    expect(await failure()).toBe(
      `Expected the secret file ${file} to have mode 0600, got 0${mode.toString(8)}: others may have read it. Delete it to have a new one made (all tokens end), or \`chmod 600\` it`,
    );
  });

  test.each([
    ['nothing', ''],
    ['half a secret', 'a'.repeat(31)],
    ['two of them', `${'a'.repeat(64)}\n${'b'.repeat(64)}\n`],
    ['something else', `${'!'.repeat(64)}\n`],
  ])('is refused when it holds %s, and the message does not show it', async (_, content) => {
    await mkdir(dataDir);
    await writeFile(file, content, { mode: 0o600 });
    const message = await failure();
    expect(message).toContain(`Expected the secret file ${file} to hold 64 characters of base64url, got ${content.length} characters`);
    expect(message).not.toContain('aaaa');
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  test('is refused when it is no file, or cannot be made', async () => {
    await mkdir(file, { recursive: true });
    expect(await failure()).toBe(`The secret file ${file} cannot be read`);
    await rm(dataDir, { recursive: true });
    await writeFile(dataDir, '');
    expect(await failure()).toContain(file);
  });
});
