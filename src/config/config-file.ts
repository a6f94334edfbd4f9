import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from './config-error.ts';

/** Names of a configuration file, in the order they are looked for. */
export const configFileNames: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map((extension) => `parley.config.${extension}`);

const mistake = (file: string, rule: string, value: string, message: string): ConfigError =>
  new ConfigError([{ path: '', source: 'file', rule, value, message: `${message} (${file})` }]);

const isFile = async (file: string): Promise<boolean> => {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
};

/**
 * The configuration file: the named one, or the one in the folder, or null where it has none.
 * @throws ConfigError where the named one does not exist, or the folder has several.
 */
export async function findConfigFile(folder: string, named: string | null): Promise<string | null> {
  if (named !== null) {
    const file = path.resolve(folder, named);
    if (!configFileNames.some((name) => path.extname(name) === path.extname(file))) {
      const rule = 'a .ts, .mts, .js, .mjs or .json file';
      throw mistake(file, rule, path.extname(file), `Expected the configuration file to be ${rule}`);
    }
    if (await isFile(file)) return file;
    throw mistake(file, 'an existing file', 'nothing', 'There is no such configuration file');
  }
  const candidates = configFileNames.map((name) => path.join(folder, name));
  const present = await Promise.all(candidates.map(isFile));
  const found = candidates.filter((_, index) => present[index]);
  if (found.length > 1) {
    const names = found.map((file) => path.basename(file)).join(', ');
    throw mistake(
      folder,
      'one configuration file',
      names,
      `Expected one configuration file, found ${names}: delete all but one, or name one with --config`,
    );
  }
  return found[0] ?? null;
}

/**
 * What the file says: the content of a JSON file; the default export of a module, called where it is a function, and awaited.
 * @throws ConfigError where it cannot be had.
 */
export async function readConfigFile(file: string): Promise<unknown> {
  if (path.extname(file) === '.json') return parseJson(file, await readFile(file, 'utf8'));
  const module = await imported(file);
  if (!('default' in module)) {
    const names = Object.keys(module);
    const found = names.length === 0 ? 'nothing' : names.join(', ');
    throw mistake(
      file,
      'a default export',
      found,
      `Expected the configuration file to have a default export, found ${found}: write \`export default defineConfig({ … })\``,
    );
  }
  try {
    return await (typeof module.default === 'function' ? (module.default as () => unknown)() : module.default);
  } catch (error) {
    const rule = 'settings, a promise of them, or a function that answers with them';
    throw mistake(file, rule, 'an error', `What the configuration file exports failed: ${describe(error)}`);
  }
}

async function imported(file: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (error) {
    throw mistake(file, 'a module that loads', 'an error', `The configuration file cannot be loaded: ${describe(error)}`);
  }
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The parser's own message quotes the content, which may be a secret: only the place is taken from it.
    const place = error instanceof Error ? (/\(line \d+ column \d+\)/.exec(error.message)?.[0] ?? '') : '';
    throw mistake(file, 'valid JSON', 'other text', `The configuration file is not valid JSON ${place}`.trimEnd());
  }
}

// The first line only: what follows in errors of the compiler is source text.
const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message.split('\n')[0] ?? ''}` : typeof error === 'string' ? error : 'it threw no Error';
