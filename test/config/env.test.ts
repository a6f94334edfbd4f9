import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { type Environ, readEnvironment } from '../../src/config/env.ts';
import { overrideNames } from '../../src/config/overrides.ts';
import { valueAt } from '../../src/config/paths.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { listSettings } from '../../src/config/settings.ts';

const configOf = (environ: Environ) => {
  const { overrides, issues } = readEnvironment(environ);
  return resolveConfig({ file: {}, overrides, issues }).config;
};
const messagesOf = (environ: Environ): readonly string[] => {
  try {
    configOf(environ);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(({ message }) => message);
    throw error;
  }
  return [];
};

/** For every variable a text that it takes, and what that means. */
const samples: Readonly<Record<string, readonly [string, unknown]>> = {
  NODE_ENV: ['development', 'development'],
  PARLEY_DATA_DIR: ['/var/lib/parley', '/var/lib/parley'],
  PARLEY_SECRET: ['x'.repeat(32), 'x'.repeat(32)],
  HOST: ['::', '::'],
  PARLEY_TRUST_PROXY: ['10.0.0.0/8, loopback', ['10.0.0.0/8', 'loopback']],
  PARLEY_CORS_ORIGINS: ['https://a.example, http://localhost:3000', ['https://a.example', 'http://localhost:3000']],
  PARLEY_STORE_DRIVER: ['memory', 'memory'],
  PARLEY_STORE_DURABILITY: ['normal', 'normal'],
  PARLEY_STORE_URL: ['postgres://user:pass@db.example/parley', 'postgres://user:pass@db.example/parley'],
  PARLEY_STORE_POOL_SIZE: ['7', 7],
  PARLEY_BUS_DRIVER: ['redis', 'redis'],
  PARLEY_BUS_URL: ['redis://bus.internal', 'redis://bus.internal'],
  PARLEY_BUS_CHANNEL: ['staging', 'staging'],
  PARLEY_DEFAULT_BACKEND: ['local', 'local'],
  PARLEY_AUTH_ANONYMOUS: ['false', false],
  PARLEY_MEMBER_TOKEN_SECONDS: ['never', null],
  PARLEY_WALLET_DOMAIN: ['app.example', 'app.example'],
  PARLEY_WALLET_URI: ['https://app.example/in', 'https://app.example/in'],
  PARLEY_WALLET_CHAIN_IDS: ['1, 10', [1, 10]],
  PARLEY_JWT_JWKS_URL: ['https://id.example/keys', 'https://id.example/keys'],
  PARLEY_JWT_ISSUER: ['https://id.example', 'https://id.example'],
  PARLEY_JWT_AUDIENCE: ['parley', 'parley'],
  PARLEY_JWT_NAME_CLAIM: ['email', 'email'],
  PARLEY_GRAPHIQL: ['0', false],
  PARLEY_INTROSPECTION: ['FALSE', false],
  PARLEY_METRICS: ['true', true],
  PARLEY_METRICS_HOST: ['::1', '::1'],
  PARLEY_METRICS_TOKEN: ['a token', 'a token'],
  PARLEY_LOG_LEVEL: ['silent', 'silent'],
};
const numeric = ['1025', 1_025] as const;
// A file of digits is also what the bounds of every number but these allow.
const small: Readonly<Record<string, readonly [string, unknown]>> = { PARLEY_OBJECT_DEPTH: ['7', 7], PARLEY_MAX_DEPTH: ['7', 7] };

describe('each variable', () => {
  const all = Object.fromEntries(overrideNames.map(({ variable }) => [variable, samples[variable] ?? small[variable] ?? numeric]));
  const environ = Object.fromEntries(Object.entries(all).map(([variable, [text]]) => [variable, text]));

  test.each(overrideNames.map(({ variable, path }) => [variable, path] as const))('%s gives %s', (variable, path) => {
    const { overrides, issues } = readEnvironment(environ);
    expect(issues).toEqual([]);
    expect(overrides).toContainEqual({ path, source: 'env', name: variable, text: all[variable]?.[0], value: all[variable]?.[1] });
  });

  test('is accepted by the schema and arrives at its setting', () => {
    const config = configOf(environ);
    const arrived = overrideNames.map(({ variable, path }) => [variable, valueAt(config, path.split('.'))]);
    expect(arrived).toEqual(Object.entries(all).map(([variable, [, value]]) => [variable, value]));
  });

  test('names a setting that exists, and no setting is without one but the backends', () => {
    const leaves = listSettings('development').filter(({ group, path }) => !group && path !== 'auth.jwt' && !path.startsWith('backends'));
    expect(overrideNames.map(({ path }) => path).toSorted()).toEqual(leaves.map(({ path }) => path).toSorted());
    expect(new Set(overrideNames.map(({ variable }) => variable)).size).toBe(overrideNames.length);
  });
});

describe('a text', () => {
  test.each([
    ['PARLEY_CORS_ORIGINS', '*', 'server.corsOrigins', '*'],
    ['PARLEY_TRUST_PROXY', 'true', 'server.trustProxy', true],
    ['PARLEY_TRUST_PROXY', '2001:db8::/32', 'server.trustProxy', ['2001:db8::/32']],
    ['PARLEY_GRAPHIQL', '1', 'graphql.graphiql', true],
    ['NODE_ENV', 'test', 'environment', 'development'],
  ])('%s=%s', (variable, text, path, value) => {
    expect(valueAt(configOf({ [variable]: text }), path.split('.'))).toEqual(value);
  });

  test('that is empty counts as not given', () => {
    expect(configOf({ PORT: '', PARLEY_SECRET: '', NODE_ENV: '', PARLEY_GRAPHIQL: '' })).toEqual(configOf({}));
  });

  test.each([
    ['PORT', '80x', 'Expected PORT (`server.port`) to be a whole number from 0 to 65,535, got `80x` (string)'],
    ['PORT', '0x50', 'Expected PORT (`server.port`) to be a whole number from 0 to 65,535, got `0x50` (string)'],
    ['PORT', '-1', 'Expected PORT (`server.port`) to be a whole number from 0 to 65,535, got `-1` (string)'],
    ['PORT', ' 80', 'Expected PORT (`server.port`) to be a whole number from 0 to 65,535, got ` 80` (string)'],
    ['PARLEY_GRAPHIQL', 'yes', 'Expected PARLEY_GRAPHIQL (`graphql.graphiql`) to be `true` or `false`, got `yes` (string)'],
    ['NODE_ENV', 'staging', 'Expected NODE_ENV (`environment`) to be one of `development`, `production`, got `staging` (string)'],
    [
      'PARLEY_CORS_ORIGINS',
      'app.example',
      'Expected PARLEY_CORS_ORIGINS (`server.corsOrigins`) to be `*`, or a list of origins such as `https://app.example` (scheme, host and port only), got `app.example` (string)',
    ],
    [
      'PARLEY_TRUST_PROXY',
      '10.0.0.0/33',
      'Expected PARLEY_TRUST_PROXY (`server.trustProxy`) to be `true`, `false`, or a list of addresses and networks such as `10.0.0.0/8` or `loopback`, got `10.0.0.0/33` (string)',
    ],
    [
      'PARLEY_WALLET_DOMAIN',
      'https://app.example',
      'Expected PARLEY_WALLET_DOMAIN (`auth.wallet.domain`) to be a host name or IPv4 address with an optional port such as `app.example` or `localhost:4000`, got `https://app.example` (string)',
    ],
  ])('that is malformed: %s=%s', (variable, text, message) => {
    expect(messagesOf({ [variable]: text })).toEqual([message]);
  });
});

describe('an unknown variable', () => {
  test.each([
    ['PARLEY_PORT', 'Unknown environment variable `PARLEY_PORT`: did you mean `PORT`?'],
    ['PARLEY_DATADIR', 'Unknown environment variable `PARLEY_DATADIR`: did you mean `PARLEY_DATA_DIR`?'],
    ['PARLEY_LOG_LEVLE', 'Unknown environment variable `PARLEY_LOG_LEVLE`: did you mean `PARLEY_LOG_LEVEL`?'],
    ['PARLEY_QQQQQQQQ', 'Unknown environment variable `PARLEY_QQQQQQQQ`: docs/configuration.md lists them all'],
  ])('%s is a mistake', (variable, message) => {
    expect(messagesOf({ [variable]: '1' })).toEqual([message]);
  });

  test('of somebody else is none', () => {
    expect(messagesOf({ PARLIAMENT: '1', MY_PARLEY_PORT: '2', PARLEY_CONFIG: 'parley.config.ts' })).toEqual([]);
  });

  test('that Kubernetes makes for a service called parley is none', () => {
    expect(
      messagesOf({
        PARLEY_SERVICE_HOST: '10.0.0.11',
        PARLEY_SERVICE_PORT: '80',
        PARLEY_SERVICE_PORT_HTTP: '80',
        PARLEY_PORT: 'tcp://10.0.0.11:80',
        PARLEY_PORT_80_TCP: 'tcp://10.0.0.11:80',
        PARLEY_PORT_80_TCP_PROTO: 'tcp',
        PARLEY_PORT_80_TCP_PORT: '80',
        PARLEY_PORT_80_TCP_ADDR: '10.0.0.11',
      }),
    ).toEqual([]);
  });
});
