import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const secretBytes = 48;
const shape = /^[\w-]{64}$/;
const othersBits = 0o077;

/** The file cannot serve as the secret. The message names it and says what to do. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError';
}

/** Where the secret of a data folder is. */
export const secretFile = (dataDir: string): string => path.join(dataDir, 'secret');

/**
 * The secret that is kept in `<dataDir>/secret`, made at the first call: 48 random bytes in base64url. Of several processes that start at
 * once on the same folder, all get the same.
 * @throws SecretFileError where the file is damaged, or others than its owner may use it.
 */
export async function readOrCreateSecret(dataDir: string): Promise<string> {
  const file = secretFile(dataDir);
  const existing = await readSecret(dataDir);
  if (existing !== null) return existing;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await createSecret(file);
  const created = await readSecret(dataDir);
  if (created === null) throw new SecretFileError(`The secret file ${file} was removed while it was being made: start again`);
  return created;
}

/**
 * The secret that is kept there; null where there is none yet.
 * @throws SecretFileError as above.
 */
export async function readSecret(dataDir: string): Promise<string | null> {
  const file = secretFile(dataDir);
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw new SecretFileError(`The secret file ${file} cannot be read`, { cause: error });
  }
  // Windows has no such bits: there the folder's access list counts.
  const { mode } = await stat(file);
  if (process.platform !== 'win32' && (mode & othersBits) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(4, '0');
    throw new SecretFileError(
      `Expected the secret file ${file} to have mode 0600, got ${found}: others may have read it. Delete it to have a new one made (all tokens end), or \`chmod 600\` it`,
    );
  }
  const secret = content.endsWith('\n') ? content.slice(0, -1) : content;
  if (shape.test(secret)) return secret;
  const next = 'put it back from a backup, or delete it to have a new one made (all tokens end)';
  throw new SecretFileError(
    `Expected the secret file ${file} to hold 64 characters of base64url, got ${content.length} characters that are not: ${next}`,
  );
}

async function createSecret(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${randomBytes(secretBytes).toString('base64url')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Unlike a rename, a link never replaces what another process has put there meanwhile.
    await link(draft, file);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw new SecretFileError(`The secret file ${file} cannot be made`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;
