import { ConfigError, type ConfigIssue } from './config-error.ts';
import { findConfigFile, readConfigFile } from './config-file.ts';
import { readEnvironment, type Environ } from './env.ts';
import { flagOverrides, type FlagValues, type Override } from './overrides.ts';
import { resolveConfig, type Resolution } from './resolve.ts';

export interface LoadOptions {
  /** Folder in which the configuration file is looked for. @default the working directory */
  readonly cwd?: string;
  /** The configuration file, relative to `cwd`. @default PARLEY_CONFIG, else the file in `cwd`, if any */
  readonly configFile?: string;
  /** What flags say, by the path of their setting. */
  readonly flags?: FlagValues;
  /** @default process.env */
  readonly environ?: Environ;
}

export interface LoadedConfig extends Resolution {
  /** The configuration file, absolute; null where there is none. */
  readonly file: string | null;
}

/**
 * Reads the configuration: the file, over it the environment, over that the flags.
 * @throws ConfigError with every mistake.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const { cwd = process.cwd(), configFile, flags = {}, environ } = options;
  const environment = readEnvironment(environ);
  const given = [...environment.overrides, ...flagOverrides(flags)];
  let found: { readonly file: string | null; readonly content: unknown };
  try {
    const file = await findConfigFile(cwd, configFile ?? environment.configFile);
    found = { file, content: file === null ? {} : await readConfigFile(file) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError([...error.issues, ...environment.issues, ...mistakesIn(given)]);
  }
  const ofBackends = environment.forBackendsOf(found.content);
  const overrides = [...given, ...ofBackends.overrides];
  const issues = [...environment.issues, ...ofBackends.issues];
  return { ...resolveConfig({ file: found.content, overrides, issues }), file: found.file };
}

/** What is wrong with variables and flags whatever the file says. */
function mistakesIn(overrides: readonly Override[]): readonly ConfigIssue[] {
  try {
    resolveConfig({ file: {}, overrides });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues.filter(({ source }) => source !== 'default');
  }
}
