import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import { openBackends } from '../../backends/registry.ts';
import type { ResolvedConfig } from '../../config/config.ts';
import { hidden } from '../../config/config-error.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { isTree, valueAt } from '../../config/paths.ts';
import { readSecret, secretFile } from '../../config/secret-file.ts';
import { listSettings, type Setting } from '../../config/settings.ts';
import type { Backend } from '../../core/backend.ts';
import { reportBackends } from '../backend-report.ts';
import { loadConfigFor, type ParsedFlags } from '../config-flags.ts';
import { CommandFailure } from '../failure.ts';
import { storePlace } from '../../stores/registry.ts';
import { openStoreFor } from '../open-store-for.ts';
import { renderTable } from '../table.ts';

/**
 * `parley check`: the settings in force, what the store holds, and where there are services, how each backend is.
 *
 * @throws CommandFailure where a backend is not up.
 */
export async function check(flags: ParsedFlags): Promise<void> {
  const loaded = await loadConfigFor(flags);
  const { config, file } = loaded;
  process.stdout.write(`Configuration file: ${file ?? 'none'}\n\n`);
  process.stdout.write(renderTable([['SETTING', 'VALUE', 'FROM'], ...settingRows(loaded)]));
  process.stdout.write(`\nStore: ${await describeStore(config)}\n`);
  if (hasServices(config)) await checkBackends(config);
}

const hasServices = ({ backends }: ResolvedConfig): boolean => Object.values(backends).some(({ kind }) => kind !== 'LOCAL');

async function checkBackends(config: ResolvedConfig): Promise<void> {
  const { table, notUp } = await reportBackends(backendsOf(config));
  process.stdout.write(`\n${table}`);
  if (notUp.length > 0) throw new CommandFailure(`Expected every backend to be UP, but not so: ${notUp.join(', ')}`);
}

function backendsOf(config: ResolvedConfig): ReadonlyMap<string, Backend> {
  try {
    return openBackends(config.backends);
  } catch (error) {
    throw new CommandFailure('The backends cannot be opened', { cause: error });
  }
}

const ofBackend = (setting: Setting, name: string): Setting => ({ ...setting, path: setting.path.replace('<name>', name) });

/** The settings as they are called in this configuration: those of backends once for each that has them. */
function namedSettings({ config }: LoadedConfig): readonly Setting[] {
  const all = listSettings(config.environment);
  const ofBackends = all.filter(({ path: dotted, group }) => dotted.startsWith('backends.') && !group);
  return all.flatMap((setting) => {
    if (setting.path !== 'backends') return setting.path.startsWith('backends.') ? [] : [setting];
    // The gateway's own sessions have next to no settings: their backends are shown in one row.
    if (!hasServices(config)) return [setting];
    return Object.entries(config.backends).flatMap(([name, { kind }]) =>
      ofBackends.filter(({ kinds }) => kinds === null || kinds.includes(kind)).map((own) => ofBackend(own, name)),
    );
  });
}

function settingRows(loaded: LoadedConfig): readonly (readonly string[])[] {
  const settings = namedSettings(loaded);
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
  if (config.store.driver === 'sqlite' && (await isUnused(dataDir))) {
    return `nothing in ${dataDir} yet, the first start makes it`;
  }
  const store = await openStoreFor(config);
  try {
    await store.check();
    const sessions = await store.sessions.list({ page: { limit: 1 }, audience: { all: true }, now: Date.now() });
    const keys = (await store.apiKeys.list()).filter(({ revokedAt }) => revokedAt === null);
    return `${config.store.driver} ${storePlace(config.store, dataDir)}, ${count(sessions.totalCount, 'session')}, ${count(keys.length, 'API key')} in force`;
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`;

/** Whether there is nothing in the folder yet, and the first start can make it. */
async function isUnused(dataDir: string): Promise<boolean> {
  try {
    if (!(await isEmpty(dataDir))) return false;
    await access(await nearestFolder(dataDir), constants.W_OK);
    return true;
  } catch (error) {
    throw new CommandFailure(`The data directory ${dataDir} cannot be used`, { cause: error });
  }
}

/** The folder, or what there is of the way to it. */
async function nearestFolder(folder: string): Promise<string> {
  const parent = path.dirname(folder);
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  return isThere || parent === folder ? folder : nearestFolder(parent);
}

async function isEmpty(dataDir: string): Promise<boolean> {
  try {
    return (await readdir(dataDir)).every((name) => name === path.basename(secretFile(dataDir)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw error;
  }
}
