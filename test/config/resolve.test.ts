import { describe, expect, test } from 'vitest';
import type { ParleyConfig } from '../../src/config/config.ts';
import { ConfigError, type ConfigIssue } from '../../src/config/config-error.ts';
import { readEnvironment } from '../../src/config/env.ts';
import { resolveConfig } from '../../src/config/resolve.ts';

const secret = 'a-secret-of-more-than-32-characters';

const issuesOf = (file: unknown, environ: Readonly<Record<string, string>> = {}): readonly ConfigIssue[] => {
  try {
    const environment = readEnvironment(environ);
    const ofBackends = environment.forBackendsOf(file);
    resolveConfig({
      file,
      overrides: [...environment.overrides, ...ofBackends.overrides],
      issues: [...environment.issues, ...ofBackends.issues],
    });
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
};
const messagesOf = (file: unknown, environ: Readonly<Record<string, string>> = {}): readonly string[] =>
  issuesOf(file, environ).map(({ message }) => message);

describe('defaults', () => {
  test('development opens what a newcomer needs', () => {
    const { config } = resolveConfig({ file: {} });
    expect(config).toMatchObject({
      environment: 'development',
      secret: null,
      server: { host: '127.0.0.1', port: 4000, corsOrigins: '*' },
      auth: { anonymous: true, wallet: { domain: 'localhost:4000', uri: 'http://localhost:4000' }, jwt: null },
      graphql: { graphiql: true, introspection: true },
      backends: { local: { kind: 'LOCAL', minimumTier: null } },
    });
  });

  test('production closes it again', () => {
    const { config } = resolveConfig({ file: { environment: 'production', secret } });
    expect(config).toMatchObject({
      server: { host: '0.0.0.0', corsOrigins: [] },
      auth: { anonymous: false },
      graphql: { graphiql: false, introspection: false },
    });
  });

  test('production leaves open what is asked for', () => {
    const file = { environment: 'production', secret, auth: { anonymous: true }, graphql: { graphiql: true, introspection: true } };
    const { config } = resolveConfig({ file });
    expect(config).toMatchObject({ auth: { anonymous: true }, graphql: { graphiql: true, introspection: true } });
  });

  test('undefined counts as left out', () => {
    const file: ParleyConfig = { secret: undefined, server: { port: undefined }, backends: undefined };
    expect(resolveConfig({ file }).config).toEqual(resolveConfig({ file: {} }).config);
  });

  test('metrics are open in development, and in production only behind a token or on a port of their own', () => {
    expect(resolveConfig({ file: {} }).config.metrics).toEqual({ enabled: true, port: null, host: '127.0.0.1', token: null });
    const inProduction = (metrics: ParleyConfig['metrics']): object => ({ environment: 'production', secret, metrics });
    expect(resolveConfig({ file: inProduction({}) }).config.metrics).toEqual({ enabled: false, port: null, host: '0.0.0.0', token: null });
    expect(messagesOf(inProduction({ enabled: true }))).toEqual([
      "Expected `metrics.token` (PARLEY_METRICS_TOKEN) to be text, with metrics on the gateway's own port in production, got null: set it, or `metrics.port` (PARLEY_METRICS_PORT) for a listener that clients do not reach",
    ]);
    expect(messagesOf(inProduction({ enabled: true, token: 'a token' }))).toEqual([]);
    expect(messagesOf(inProduction({ enabled: true, port: 0 }))).toEqual([]);
    expect(messagesOf(inProduction({ enabled: true, token: 'not\nfit' })).join()).toContain('got (hidden)');
  });

  test('the wallet URI follows the domain, the domain the port', () => {
    const walletOf = (file: ParleyConfig) => resolveConfig({ file }).config.auth.wallet;
    expect(walletOf({ server: { port: 8080 } })).toMatchObject({ domain: 'localhost:8080', uri: 'http://localhost:8080' });
    expect(walletOf({ server: { port: 0 } })).toMatchObject({ domain: 'localhost', uri: 'http://localhost' });
    expect(walletOf({ auth: { wallet: { domain: 'app.example' } } })).toMatchObject({ uri: 'https://app.example' });
  });
});

describe('the answer', () => {
  test('is frozen at every depth and apart from what was given', () => {
    const file = { backends: { chat: { kind: 'LOCAL' } }, defaultBackend: 'chat', auth: { wallet: { chainIds: [10] } } };
    const { config } = resolveConfig({ file });
    for (const part of [
      config,
      config.server,
      config.graphql.limits,
      config.backends,
      config.backends['chat'],
      config.auth.wallet.chainIds,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    file.auth.wallet.chainIds.push(1);
    expect(config.auth.wallet.chainIds).toEqual([10]);
  });

  test('is a configuration again: it resolves to itself', () => {
    const file: ParleyConfig = { environment: 'production', secret, server: { port: 0 }, auth: { memberTokenSeconds: null } };
    const { config } = resolveConfig({ file });
    expect(resolveConfig({ file: config satisfies ParleyConfig }).config).toEqual(config);
  });

  test('says where each setting comes from', () => {
    const { overrides } = readEnvironment({ PORT: '5000', PARLEY_LOG_LEVEL: 'debug' });
    const flag = { path: 'server.port', source: 'flag', name: '--port', text: '6000', value: 6000 } as const;
    const resolved = resolveConfig({ file: { server: { port: 1, host: '::1' } }, overrides: [...overrides, flag] });
    expect(resolved.config.server.port).toBe(6000);
    expect(['server.port', 'server.host', 'log.level', 'dataDir'].map((path) => resolved.sourceOf(path))).toEqual([
      'flag',
      'file',
      'env',
      'default',
    ]);
    expect(resolved.nameOf('log.level')).toBe('PARLEY_LOG_LEVEL');
  });
});

describe('mistakes', () => {
  test('include a database without its URL, and never show one', () => {
    expect(messagesOf({ store: { driver: 'postgres' } })).toEqual([
      'Expected `store.url` (PARLEY_STORE_URL) to be a postgres:// URL, got null: `store.driver` is `postgres`',
    ]);
    expect(messagesOf({ store: { driver: 'postgres', url: 'mysql://me:planted@db/parley', poolSize: 0 } })).toEqual([
      'Expected `store.url` to be `null`, or a `postgres://` URL, got (hidden)',
      'Expected `store.poolSize` to be a whole number from 1 to 1,000, got 0 (number)',
    ]);
    expect(resolveConfig({ file: { store: { driver: 'postgres', url: 'postgres://db/parley' } } }).config.store).toMatchObject({
      poolSize: 10,
    });
  });

  test('are all reported together, each once, with name, rule and value', () => {
    const file = {
      server: { port: 70_000, corsOrigins: ['https://app.example/path', 'https://ok.example'], drainSeconds: 1.5 },
      store: { driver: 'oracle' },
      auth: { memberTokenSeconds: 0, wallet: { chainIds: [1, 1] } },
      backends: { 'Not Good': { kind: 'LOCAL' }, chat: { kind: 'SMTP', minimumTier: 'GOLD' } },
      live: 'fast',
    };
    expect(messagesOf(file)).toEqual([
      'Expected `server.port` to be a whole number from 0 to 65,535, got 70000 (number)',
      'Expected `server.corsOrigins` to be `*`, or a list of origins such as `https://app.example` (scheme, host and port only), got ["https://app.example/path","https://ok.example"] (array)',
      'Expected `server.drainSeconds` to be a whole number from 0 to 3,600, got 1.5 (number)',
      'Expected `store.driver` to be one of `sqlite`, `postgres`, `memory`, got `oracle` (string)',
      'Expected `backends.Not Good` to be called by a name of 1 to 63 lower-case letters, digits and dashes, a letter first, got `Not Good` (string)',
      'Expected `backends.chat.kind` to be one of `LOCAL`, `QUICKSYNC`, `SIPHER`, `MACHANI`, `ELIZA`, `JULEP`, got `SMTP` (string)',
      'Expected `backends.chat.minimumTier` to be `null`, or one of `FREE`, `PRO`, `ENTERPRISE`, got `GOLD` (string)',
      'Expected `auth.memberTokenSeconds` to be `null`, or a whole number from 1 to 315,360,000, got 0 (number)',
      'Expected `auth.wallet.chainIds` to be a list of 1 to 100 different EIP-155 chain ids such as `1`, `10`, got [1,1] (array)',
      'Expected `live` to be an object, got `fast` (string)',
    ]);
  });

  test('are data: path, source, rule, value', () => {
    expect(issuesOf({ server: { host: 4 } }, { PORT: 'http' })).toMatchObject([
      { path: 'server.host', source: 'file', rule: 'text of 1 to 255 characters', value: '4 (number)' },
      { path: 'server.port', source: 'env', rule: 'a whole number from 0 to 65,535', value: '`http` (string)' },
    ]);
  });

  test.each([
    [{ server: { prot: 1 } }, 'Unknown setting `server.prot`: did you mean `server.port`?'],
    [{ port: 1 }, 'Unknown setting `port`: did you mean `server.port` or `metrics.port`?'],
    [{ Server: {} }, 'Unknown setting `Server`: did you mean `server`?'],
    [{ log: { colour: true } }, 'Unknown setting `log.colour`: known here are level'],
    [{ backends: { local: { kind: 'LOCAL', colour: 'x' } } }, 'Unknown setting `backends.local.colour`: known here are kind, minimumTier'],
    [
      { auth: { passwordAttempts: { limits: 1 } } },
      'Unknown setting `auth.passwordAttempts.limits`: did you mean `auth.passwordAttempts.limit`?',
    ],
  ])('an unknown setting is named with the nearest known one: %j', (file, message) => {
    expect(messagesOf(file)).toEqual([message]);
  });

  test('the $schema of a JSON file is the editor’s', () => {
    expect(messagesOf({ $schema: './schema.json' })).toEqual([]);
  });

  test.each([
    [{ defaultBackend: 'chat' }, 'Expected `defaultBackend` to be the name of one of the backends (local), got `chat` (string)'],
    [
      { backends: { chat: { kind: 'LOCAL' }, talk: { kind: 'LOCAL' } } },
      'Expected `defaultBackend` (PARLEY_DEFAULT_BACKEND) to be the name of one of the backends (chat, talk), got `local` (string)',
    ],
    [
      { sessions: { minTimeoutSeconds: 60, maxTimeoutSeconds: 30 } },
      'Expected `sessions.maxTimeoutSeconds` to be at least `sessions.minTimeoutSeconds` (60), got 30 (number)',
    ],
    [
      { bus: { driver: 'redis' } },
      'Expected `bus.url` (PARLEY_BUS_URL) to be a URL that begins with `redis://` or `rediss://`, with `bus.driver` `redis`, got nothing',
    ],
    [
      { bus: { driver: 'postgres', url: 'nats://user:open-sesame@bus.internal' } },
      'Expected `bus.url` to be a URL that begins with `postgres://` or `postgresql://`, with `bus.driver` `postgres`, got (hidden)',
    ],
    [
      { bus: { url: 'redis://:open-sesame@bus.internal' } },
      'Expected `bus.url` to be `null` with `bus.driver` `in-process`, got (hidden): name the driver that it is for',
    ],
    [
      { bus: { driver: 'nats', url: 'http://bus.internal' } },
      'Expected `bus.url` to be `null`, or a URL with a host that begins with `postgres://`, `postgresql://`, `redis://`, `rediss://`, `nats://`, `tls://`, got (hidden)',
    ],
    [
      { bus: { driver: 'redis', url: 'redis:///0?host=/run/redis' } },
      'Expected `bus.url` to be `null`, or a URL with a host that begins with `postgres://`, `postgresql://`, `redis://`, `rediss://`, `nats://`, `tls://`, got (hidden)',
    ],
    [
      { bus: { channel: 'two words' } },
      'Expected `bus.channel` to be 1 to 63 letters, digits, dashes and underscores, a letter first, got `two words` (string)',
    ],
    [
      { backends: {} },
      'Expected `backends` to be one or more backends, each under a name of 1 to 63 lower-case letters, digits and dashes, a letter first, got an object',
    ],
  ])('settings that contradict each other: %j', (file, message) => {
    expect(messagesOf(file)).toEqual([message]);
  });

  test.each([
    ['postgres', 'postgres://parley@db.internal/parley'],
    ['postgres', 'postgresql://db.internal'],
    ['postgres', 'postgres:///parley?host=/run/postgresql'],
    ['redis', 'redis://bus.internal:6379'],
    ['redis', 'rediss://user:pass@bus.internal'],
    ['nats', 'nats://token@bus.internal'],
    ['nats', 'tls://bus.internal:4222'],
  ])('a bus by variables: %s at %s', (driver, url) => {
    expect(messagesOf({}, { PARLEY_BUS_DRIVER: driver, PARLEY_BUS_URL: url, PARLEY_BUS_CHANNEL: 'staging' })).toEqual([]);
  });

  test('contradictions are found beside other mistakes', () => {
    const file = { sessions: { minTimeoutSeconds: 60, maxTimeoutSeconds: 30 }, backends: { chat: { kind: 'SMTP' } }, nothing: true };
    expect(issuesOf(file).map(({ path }) => path)).toEqual(['backends.chat.kind', 'nothing', 'sessions.maxTimeoutSeconds']);
  });

  test('half of a JWT issuer names what is missing and how to give it', () => {
    expect(messagesOf({}, { PARLEY_JWT_ISSUER: 'https://id.example' })).toEqual([
      'Expected `auth.jwt.jwksUrl` (PARLEY_JWT_JWKS_URL) to be an `http://` or `https://` URL, got nothing',
      'Expected `auth.jwt.audience` (PARLEY_JWT_AUDIENCE) to be text of 1 to 1,024 characters, got nothing',
    ]);
  });

  test.each([[null], [42], [[]], ['x'], [() => ({})]])('a configuration that is no object of settings: %s', (file) => {
    expect(messagesOf(file)).toEqual([expect.stringContaining('Expected the configuration to be an object of settings, got ')]);
  });

  test('a key called __proto__ is unknown, not a way in', () => {
    const file: unknown = JSON.parse('{"__proto__": {"server": {"port": 1}}, "constructor": {}}');
    expect(
      issuesOf(file)
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['__proto__', 'constructor']);
  });
});

describe('a secret', () => {
  test('must be given in production', () => {
    expect(issuesOf({ environment: 'production' })).toMatchObject([{ path: 'secret', source: 'default', value: 'nothing' }]);
    expect(messagesOf({}, { NODE_ENV: 'production' })).toEqual([
      'Expected `secret` (PARLEY_SECRET) to be text of 32 to 1,024 characters in production, got nothing: set PARLEY_SECRET, for example to what `openssl rand -base64 48` prints',
    ]);
  });

  test('is missed in production beside other mistakes', () => {
    const found = issuesOf({ server: { port: -1 } }, { NODE_ENV: 'production' });
    expect(found.map(({ path }) => path)).toEqual(['server.port', 'secret']);
  });

  test.each([
    [{ secret: 'hunter2' }, {}],
    [{ secret: ['hunter2'] }, {}],
    [{ secret: { value: 'hunter2' } }, {}],
    [{}, { PARLEY_SECRET: 'hunter2' }],
    [{ secrets: 'hunter2' }, {}],
    [{}, { PARLEY_SECRETS: 'hunter2' }],
    [{ auth: { jwt: 'hunter2' } }, {}],
    [{ auth: { jwt: { jwksUrl: 'hunter2', issuer: 'a', audience: 'b' } } }, {}],
    ['hunter2', {}],
    [{ auth: { jwt: ['hunter2'] } }, {}],
    [{ backends: [{ token: 'hunter2' }] }, {}],
  ])('is never printed: %j %j', (file, environ) => {
    const found = issuesOf(file, environ);
    expect(found.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test('says (hidden) where its value would stand', () => {
    expect(messagesOf({}, { PARLEY_SECRET: 'hunter2' })).toEqual([
      'Expected PARLEY_SECRET (`secret`) to be `null`, or text of 32 to 1,024 characters, got (hidden)',
    ]);
  });
});
