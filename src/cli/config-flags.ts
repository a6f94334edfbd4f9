import { type Command, Option } from 'commander';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { configFileName, type FlagValues, overrideNames } from '../config/overrides.ts';
import { listSettings } from '../config/settings.ts';

const descriptions = new Map(listSettings('development').map(({ path, description }) => [path, description]));

const configFlag = new Option(
  configFileName.flag,
  'Configuration file. Without it, parley.config.ts, .mts, .js, .mjs or .json in the working directory.',
);
const settingFlags = overrideNames.flatMap(({ path, flag }) =>
  flag === null ? [] : [{ path, option: new Option(flag, descriptions.get(path)) }],
);

/** Gives a command the flags that choose and override the configuration. */
export function addConfigFlags(command: Command): Command {
  for (const option of [configFlag, ...settingFlags.map((flag) => flag.option)]) command.addOption(option);
  return command;
}

/** The values of a command's flags, as commander has parsed them. */
export type ParsedFlags = Readonly<Record<string, unknown>>;

/** @throws ConfigError with every mistake. */
export function loadConfigFor(parsed: ParsedFlags): Promise<LoadedConfig> {
  const textOf = (option: Option): string | undefined => {
    const value = parsed[option.attributeName()];
    return typeof value === 'string' ? value : undefined;
  };
  const flags: FlagValues = Object.fromEntries(
    settingFlags.flatMap(({ path, option }) => {
      const text = textOf(option);
      return text === undefined ? [] : [[path, text]];
    }),
  );
  const configFile = textOf(configFlag);
  return loadConfig({ flags, ...(configFile === undefined ? {} : { configFile }) });
}
