import { backendPrefix, readBackendVariables } from './backend-variables.ts';
import { hidden, type ConfigIssue } from './config-error.ts';
import { nearest } from './nearest.ts';
import { configFileName, overrideNames, type Override } from './overrides.ts';
import { isTree } from './paths.ts';

/** Environment variables by name, as in `process.env`. */
export type Environ = Readonly<Record<string, string | undefined>>;

/** What the environment says. */
export interface EnvironmentReading {
  /** `PARLEY_CONFIG`. */
  readonly configFile: string | null;
  readonly overrides: readonly Override[];
  /** Variables that begin with `PARLEY_` and mean nothing, whatever the configuration file says. */
  readonly issues: readonly ConfigIssue[];
  /** The same of the variables for backends, which only the content of the configuration file gives a meaning. */
  forBackendsOf(file: unknown): Pick<EnvironmentReading, 'overrides' | 'issues'>;
}

const prefix = 'PARLEY_';
const known = [...overrideNames.map(({ variable }) => variable), configFileName.variable];

// Kubernetes puts the address of every service of a namespace into the environment of its pods: with a service called `parley`
// these are there without anybody's doing.
const serviceLink = /_SERVICE_(?:HOST|PORT)(?:_\w+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;
const isServiceLink = (name: string, value: string): boolean =>
  serviceLink.test(name) || (name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value));

function unknownVariable(name: string): ConfigIssue {
  // Compared without the prefix, so that PARLEY_PORT finds PORT.
  const bare = nearest(name.slice(prefix.length), known.map(withoutPrefix));
  const meant = known.find((candidate) => withoutPrefix(candidate) === bare);
  const next = meant === undefined ? 'docs/configuration.md lists them all' : `did you mean \`${meant}\`?`;
  const rule = 'one of the variables that Parley reads';
  return { path: name, source: 'env', rule, value: hidden, message: `Unknown environment variable \`${name}\`: ${next}` };
}

const withoutPrefix = (name: string): string => (name.startsWith(prefix) ? name.slice(prefix.length) : name);

/** Reads the variables that Parley knows. An empty one counts as not set. */
export function readEnvironment(environ: Environ = process.env): EnvironmentReading {
  const given = (name: string): string | null => environ[name] || null;
  const others = Object.entries(environ)
    .map(([name, value = '']) => [name, value] as const)
    .filter(([name, value]) => name.startsWith(prefix) && !known.includes(name) && !isServiceLink(name, value));
  return {
    configFile: given(configFileName.variable),
    overrides: overrideNames.flatMap(({ path, variable, read }): Override[] => {
      const text = given(variable);
      return text === null ? [] : [{ path, source: 'env', name: variable, text, value: read(text) }];
    }),
    issues: others.filter(([name]) => !name.startsWith(backendPrefix)).map(([name]) => unknownVariable(name)),
    forBackendsOf: (file) =>
      readBackendVariables(
        others.filter(([name]) => name.startsWith(backendPrefix)),
        isTree(file) ? file : {},
      ),
  };
}
