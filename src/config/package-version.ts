import { readFile } from 'node:fs/promises';

// The same distance from src/config/ and from dist/config/.
const packageFile = new URL('../../package.json', import.meta.url);

/** The version in package.json. */
export async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { readonly version: string };
  return version;
}
