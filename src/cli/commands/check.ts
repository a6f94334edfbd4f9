import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ResolvedConfig } from '../../config/config.ts';
import { hidden } from '../../config/config-error.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { isTree, valueAt } from '../../config/paths.ts';
import { readSecret, secretFile } from '../../config/secret-file.ts';
import { listSettings, type Setting } from '../../config/settings.ts';
import { loadConfigFor, type ParsedFlags } from '../config-flags.ts';
import { openStoreFor } from '../open-store-for.ts';
import { renderTable } from '../table.ts';

/** `parley check`: the settings in force, and what the store holds. */
export async function check(flags: ParsedFlags): Promise<void> {
  const loaded = await loadConfigFor(flags);
  const { config, file } = loaded;
  process.stdout.write(`Configuration file: ${file ?? 'none'}\n\n`);
  process.stdout.write(renderTable([['SETTING', 'VALUE', 'FROM'], ...settingRows(loaded)]));
  process.stdout.write(`\nStore: ${await describeStore(config)}\n`);
}

function settingRows(loaded: LoadedConfig): readonly (readonly string[])[] {
  const settings = listSettings(loaded.config.environment).filter(({ path: dotted }) => !dotted.includes('<name>'));
  return settings.flatMap((setting) => {
    const dotted = setting.path;
    const value = valueAt(loaded.config, dotted.split('.'));
    // A group is shown by its parts; those of a group that is null are not there.
    const isGroup = isTree(value) && settings.some((other) => other.path.startsWith(`${dotted}.`));
    if (value === undefined || isGroup) return [];
    return [[dotted, display(setting, value), loaded.nameOf(dotted) ?? loaded.sourceOf(dotted)]];
  });
}

function display({ secret }: Setting, value: unknown): string {
  if (value === null) return 'null';
  if (secret) return hidden;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function describeStore(config: ResolvedConfig): Promise<string> {
  if (config.store.driver === 'memory') return 'in memory, nothing is kept';
  const { dataDir, secret } = config;
  if (secret === null) await readSecret(dataDir);
  // Opening makes what is missing, and it would belong to whoever runs this command.
  if (await isEmpty(dataDir)) return `nothing in ${dataDir} yet, the first start makes it`;
  const store = await openStoreFor(config);
  try {
    await store.check();
    const sessions = await store.sessions.list({ page: { limit: 1 }, audience: { all: true }, now: Date.now() });
    const keys = (await store.apiKeys.list()).filter(({ revokedAt }) => revokedAt === null);
    return `${config.store.driver} in ${dataDir}, ${count(sessions.totalCount, 'session')}, ${count(keys.length, 'API key')} in force`;
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`;

async function isEmpty(dataDir: string): Promise<boolean> {
  try {
    return (await readdir(dataDir)).every((name) => name === path.basename(secretFile(dataDir)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw error;
  }
}
