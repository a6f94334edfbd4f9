/** Reads the text of a variable or flag. What it cannot read it answers as it came, for the schema to refuse. */
type ReadText = (text: string) => unknown;

/** A setting that can be given from outside the configuration file. */
export interface OverrideName {
  /** The setting, dotted: `server.port`. */
  readonly path: string;
  readonly variable: string;
  /** As commander declares it: `--port <number>`. Null = there is only the variable. */
  readonly flag: string | null;
  readonly read: ReadText;
}

/** A setting given from outside the configuration file. */
export interface Override {
  readonly path: string;
  readonly source: 'env' | 'flag';
  /** The variable, or the flag without its argument. */
  readonly name: string;
  readonly text: string;
  readonly value: unknown;
}

const text: ReadText = (given) => given;
const number: ReadText = (given) => (/^-?\d{1,15}$/.test(given) ? Number(given) : given);
const boolean: ReadText = (given) =>
  new Map<string, boolean>([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ]).get(given.toLowerCase()) ?? given;
const items = (given: string): string[] =>
  given
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

// 'test' is what test runners set: the gateway has no third set of defaults for it.
const environment: ReadText = (given) => (given === 'test' ? 'development' : given);
const origins: ReadText = (given) => (given.trim() === '*' ? '*' : items(given));
const proxies: ReadText = (given) => (typeof boolean(given) === 'boolean' ? boolean(given) : items(given));
const numbers: ReadText = (given) => items(given).map(number);
const numberOrNever: ReadText = (given) => (given === 'never' ? null : number(given));

const named = (path: string, variable: string, read: ReadText, flag: string | null = null): OverrideName => ({
  path,
  variable,
  flag,
  read,
});

/** Every setting that a variable or flag can give, but for secrets of backends. What has neither is for the configuration file. */
export const overrideNames: readonly OverrideName[] = [
  named('environment', 'NODE_ENV', environment),
  named('dataDir', 'PARLEY_DATA_DIR', text, '--data-dir <folder>'),
  named('secret', 'PARLEY_SECRET', text),
  named('server.host', 'HOST', text, '--host <address>'),
  named('server.port', 'PORT', number, '--port <number>'),
  named('server.bodyLimitBytes', 'PARLEY_BODY_LIMIT_BYTES', number),
  named('server.trustProxy', 'PARLEY_TRUST_PROXY', proxies),
  named('server.corsOrigins', 'PARLEY_CORS_ORIGINS', origins),
  named('server.drainSeconds', 'PARLEY_DRAIN_SECONDS', number),
  named('server.drainDelaySeconds', 'PARLEY_DRAIN_DELAY_SECONDS', number),
  named('store.driver', 'PARLEY_STORE_DRIVER', text, '--store-driver <driver>'),
  named('store.durability', 'PARLEY_STORE_DURABILITY', text),
  named('store.url', 'PARLEY_STORE_URL', text),
  named('store.poolSize', 'PARLEY_STORE_POOL_SIZE', number),
  named('store.waitMs', 'PARLEY_STORE_WAIT_MS', number),
  named('store.statementMs', 'PARLEY_STORE_STATEMENT_MS', number),
  named('bus.driver', 'PARLEY_BUS_DRIVER', text),
  named('bus.url', 'PARLEY_BUS_URL', text),
  named('bus.channel', 'PARLEY_BUS_CHANNEL', text),
  named('defaultBackend', 'PARLEY_DEFAULT_BACKEND', text),
  named('auth.anonymous', 'PARLEY_AUTH_ANONYMOUS', boolean),
  named('auth.memberTokenSeconds', 'PARLEY_MEMBER_TOKEN_SECONDS', numberOrNever),
  named('auth.walletTokenSeconds', 'PARLEY_WALLET_TOKEN_SECONDS', number),
  named('auth.challengeSeconds', 'PARLEY_CHALLENGE_SECONDS', number),
  named('auth.wallet.domain', 'PARLEY_WALLET_DOMAIN', text),
  named('auth.wallet.uri', 'PARLEY_WALLET_URI', text),
  named('auth.wallet.chainIds', 'PARLEY_WALLET_CHAIN_IDS', numbers),
  named('auth.jwt.jwksUrl', 'PARLEY_JWT_JWKS_URL', text),
  named('auth.jwt.issuer', 'PARLEY_JWT_ISSUER', text),
  named('auth.jwt.audience', 'PARLEY_JWT_AUDIENCE', text),
  named('auth.jwt.nameClaim', 'PARLEY_JWT_NAME_CLAIM', text),
  named('auth.passwordAttempts.limit', 'PARLEY_PASSWORD_ATTEMPTS_LIMIT', number),
  named('auth.passwordAttempts.windowSeconds', 'PARLEY_PASSWORD_ATTEMPTS_WINDOW_SECONDS', number),
  named('graphql.graphiql', 'PARLEY_GRAPHIQL', boolean),
  named('graphql.introspection', 'PARLEY_INTROSPECTION', boolean),
  named('graphql.limits.maxDepth', 'PARLEY_MAX_DEPTH', number),
  named('graphql.limits.maxAliases', 'PARLEY_MAX_ALIASES', number),
  named('graphql.limits.maxCost', 'PARLEY_MAX_COST', number),
  named('graphql.limits.maxTokens', 'PARLEY_MAX_TOKENS', number),
  named('graphql.limits.maxListSize', 'PARLEY_MAX_LIST_SIZE', number),
  named('live.connectionInitTimeoutMs', 'PARLEY_CONNECTION_INIT_TIMEOUT_MS', number),
  named('live.keepAliveMs', 'PARLEY_KEEP_ALIVE_MS', number),
  named('live.maxBufferedBytes', 'PARLEY_MAX_BUFFERED_BYTES', number),
  named('live.maxSubscriptionsPerConnection', 'PARLEY_MAX_SUBSCRIPTIONS_PER_CONNECTION', number),
  named('live.maxMessageBytes', 'PARLEY_MAX_MESSAGE_BYTES', number),
  named('live.pollMs', 'PARLEY_POLL_MS', number),
  named('live.lingerMs', 'PARLEY_LINGER_MS', number),
  named('sessions.minTimeoutSeconds', 'PARLEY_MIN_TIMEOUT_SECONDS', number),
  named('sessions.maxTimeoutSeconds', 'PARLEY_MAX_TIMEOUT_SECONDS', number),
  named('sessions.maxMembersLimit', 'PARLEY_MAX_MEMBERS_LIMIT', number),
  named('sessions.contentBytes', 'PARLEY_CONTENT_BYTES', number),
  named('sessions.objectBytes', 'PARLEY_OBJECT_BYTES', number),
  named('sessions.objectDepth', 'PARLEY_OBJECT_DEPTH', number),
  named('retention.idempotencyHours', 'PARLEY_IDEMPOTENCY_HOURS', number),
  named('retention.timelineDays', 'PARLEY_TIMELINE_DAYS', numberOrNever),
  named('retention.timelineEvents', 'PARLEY_TIMELINE_EVENTS', numberOrNever),
  named('retention.messageDays', 'PARLEY_MESSAGE_DAYS', numberOrNever),
  named('retention.messageCount', 'PARLEY_MESSAGE_COUNT', numberOrNever),
  named('retention.endedSessionDays', 'PARLEY_ENDED_SESSION_DAYS', numberOrNever),
  named('metrics.enabled', 'PARLEY_METRICS', boolean),
  named('metrics.port', 'PARLEY_METRICS_PORT', numberOrNever),
  named('metrics.host', 'PARLEY_METRICS_HOST', text),
  named('metrics.token', 'PARLEY_METRICS_TOKEN', text),
  named('log.level', 'PARLEY_LOG_LEVEL', text, '--log-level <level>'),
];

/** The path of the configuration file: the one name that is about no setting. */
export const configFileName = { variable: 'PARLEY_CONFIG', flag: '--config <file>' } as const;

/** The flags that were given, by the path of their setting. */
export type FlagValues = Readonly<Record<string, string>>;

/** What flags say, as overrides. */
export const flagOverrides = (flags: FlagValues): readonly Override[] =>
  overrideNames.flatMap(({ path, flag, read }) => {
    const given = flags[path];
    return flag === null || given === undefined
      ? []
      : [{ path, source: 'flag', name: flag.split(' ')[0] ?? flag, text: given, value: read(given) }];
  });
