import type { z } from 'zod';
import { completedBackend } from './backends-schema.ts';
import type { Environment, ResolvedConfig } from './config.ts';
import { ConfigError, type ConfigIssue, type ConfigSource } from './config-error.ts';
import { brokenRule, mistakesIn, overrideOf, sourceOf, type Origins } from './mistakes.ts';
import type { Override } from './overrides.ts';
import { frozen, isTree, valueAt, withoutValueAt, withValueAt, type Tree } from './paths.ts';
import { configSchema, type ParsedConfig } from './schema.ts';
import { showUnlessSecret } from './show-value.ts';
import { busSchemes } from './values.ts';

/** What is said about the configuration, weakest first. */
export interface Layers {
  /** What the configuration file says: a `ParleyConfig`, if all is well. `{}` where there is none. */
  readonly file: unknown;
  /** What variables and flags say. A later one wins. */
  readonly overrides?: readonly Override[];
  /** Mistakes found on the way here, reported together with those found here. */
  readonly issues?: readonly ConfigIssue[];
}

export interface Resolution {
  readonly config: ResolvedConfig;
  /** Where the setting at a dotted path comes from. */
  sourceOf(path: string): ConfigSource;
  /** The variable or flag that it comes from, null where it is none. */
  nameOf(path: string): string | null;
}

/**
 * Puts the layers over the defaults, checks the whole once, and freezes it.
 * @throws ConfigError with every mistake.
 */
export function resolveConfig({ file, overrides = [], issues = [] }: Layers): Resolution {
  if (!isTree(file)) {
    const rule = 'an object of settings';
    const value = showUnlessSecret(file, typeof file === 'string');
    throw new ConfigError([
      ...issues,
      { path: '', source: 'file', rule, value, message: `Expected the configuration to be ${rule}, got ${value}` },
    ]);
  }
  // Editors find the schema of a JSON file by this key.
  const { $schema: _editorHint, ...settings } = file;
  const origins: Origins = { file: settings, overrides };
  const tree = overrides.reduce<Tree>((merged, { path, value }) => withValueAt(merged, path.split('.'), value), settings);

  const environment: Environment = tree['environment'] === 'production' ? 'production' : 'development';
  const schema = configSchema(environment);
  const parsed = schema.safeParse(tree);
  const mistakes = parsed.success ? [] : mistakesIn(parsed.error.issues, tree, origins);
  // What is right so far is held to the rules between settings too, so that nobody mends a file twice.
  const sound = parsed.success ? parsed.data : soundPart(schema, withoutMistakes(tree, mistakes), origins);
  const all = [
    ...issues,
    ...mistakes,
    ...missingSecret(tree, environment, origins),
    ...(sound === undefined ? [] : contradictions(sound, mistakes, origins)),
  ];
  if (all.length > 0 || !parsed.success) throw new ConfigError(all);
  return {
    config: frozen(completed(parsed.data)),
    sourceOf: (path) => sourceOf(path, origins),
    nameOf: (path) => overrideOf(path, origins)?.name ?? null,
  };
}

/** What is left after the mistakes, completed with defaults. Taking one away can uncover another: a backend without its kind. */
function soundPart(schema: z.ZodType<ParsedConfig>, tree: Tree, origins: Origins, rounds = 5): ParsedConfig | undefined {
  const { data, error } = schema.safeParse(tree);
  if (error === undefined || rounds === 0) return data;
  return soundPart(schema, withoutMistakes(tree, mistakesIn(error.issues, tree, origins)), origins, rounds - 1);
}

function withoutMistakes(tree: Tree, mistakes: readonly ConfigIssue[]): Tree {
  return mistakes.reduce<Tree>((rest, { path }) => {
    const place = path.split('.');
    // A setting that must be given takes its whole group with it.
    const gone = valueAt(rest, place) === undefined ? place.slice(0, -1) : place;
    return withoutValueAt(rest, gone);
  }, tree);
}

function missingSecret(tree: Tree, environment: Environment, origins: Origins): readonly ConfigIssue[] {
  if (environment === 'development' || (tree['secret'] ?? null) !== null) return [];
  const next = ': set PARLEY_SECRET, for example to what `openssl rand -base64 48` prints';
  return [brokenRule('secret', 'text of 32 to 1,024 characters in production', tree['secret'], origins, next)];
}

/** Settings that are right by themselves and wrong together. */
function contradictions(config: ParsedConfig, mistakes: readonly ConfigIssue[], origins: Origins): readonly ConfigIssue[] {
  const doubtful = (path: string): boolean => mistakes.some((mistake) => mistake.path === path || mistake.path.startsWith(`${path}.`));
  const found: ConfigIssue[] = [];
  const names = Object.keys(config.backends);
  if (!names.includes(config.defaultBackend) && !doubtful('backends') && !doubtful('defaultBackend')) {
    const rule = `the name of one of the backends (${names.join(', ')})`;
    found.push(brokenRule('defaultBackend', rule, config.defaultBackend, origins));
  }
  if (config.store.driver === 'postgres' && config.store.url === null && !doubtful('store')) {
    found.push(brokenRule('store.url', 'a postgres:// URL', null, origins, ': `store.driver` is `postgres`'));
  }
  const { minTimeoutSeconds, maxTimeoutSeconds } = config.sessions;
  if (minTimeoutSeconds > maxTimeoutSeconds && !doubtful('sessions')) {
    const rule = `at least \`sessions.minTimeoutSeconds\` (${minTimeoutSeconds})`;
    found.push(brokenRule('sessions.maxTimeoutSeconds', rule, maxTimeoutSeconds, origins));
  }
  const { driver, url } = config.bus;
  if (!doubtful('bus')) {
    const schemes: readonly string[] = driver === 'in-process' ? [] : busSchemes[driver];
    if (driver === 'in-process' && url !== null) {
      // Whoever has a server has several gateways, and with this driver they would not hear each other.
      found.push(brokenRule('bus.url', '`null` with `bus.driver` `in-process`', url, origins, ': name the driver that it is for'));
    } else if (driver !== 'in-process' && !schemes.some((scheme) => url?.startsWith(scheme))) {
      const rule = `a URL that begins with ${schemes.map((scheme) => `\`${scheme}\``).join(' or ')}, with \`bus.driver\` \`${driver}\``;
      found.push(brokenRule('bus.url', rule, url ?? undefined, origins));
    }
  }
  const { metrics, environment } = config;
  if (environment === 'production' && metrics.enabled && metrics.port === null && metrics.token === null && !doubtful('metrics')) {
    // The gateway's own port is open to whoever uses the gateway.
    const rule = "text, with metrics on the gateway's own port in production";
    const next = ': set it, or `metrics.port` (PARLEY_METRICS_PORT) for a listener that clients do not reach';
    found.push(brokenRule('metrics.token', rule, null, origins, next));
  }
  return found;
}

function completed(config: ParsedConfig): ResolvedConfig {
  const { wallet } = config.auth;
  const domain = wallet.domain ?? (config.server.port === 0 ? 'localhost' : `localhost:${config.server.port}`);
  const scheme = /^(?:localhost|127\.0\.0\.1)(?::|$)/i.test(domain) ? 'http' : 'https';
  const backends = Object.fromEntries(Object.entries(config.backends).map(([name, backend]) => [name, completedBackend(backend)]));
  return { ...config, backends, auth: { ...config.auth, wallet: { ...wallet, domain, uri: wallet.uri ?? `${scheme}://${domain}` } } };
}
