import { describe, expect, test } from 'vitest';
import type { BackendSettings } from '../../src/config/backend-settings.ts';
import { backendKinds } from '../../src/config/backends-schema.ts';
import type { ParleyConfig } from '../../src/config/config.ts';
import { ConfigError, type ConfigIssue } from '../../src/config/config-error.ts';
import { type Environ, readEnvironment } from '../../src/config/env.ts';
import { type Resolution, resolveConfig } from '../../src/config/resolve.ts';

type Backends = Readonly<Record<string, unknown>>;

/** As a configuration file and an environment are read. */
function resolve(backends: Backends, environ: Environ = {}, more: object = {}): Resolution {
  const file = { defaultBackend: Object.keys(backends)[0], ...more, backends };
  const environment = readEnvironment(environ);
  const ofBackends = environment.forBackendsOf(file);
  return resolveConfig({
    file,
    overrides: [...environment.overrides, ...ofBackends.overrides],
    issues: [...environment.issues, ...ofBackends.issues],
  });
}
const settingsOf = (backend: object, environ: Environ = {}): BackendSettings | undefined =>
  resolve({ chat: backend }, environ).config.backends['chat'];
function issuesOf(backends: Backends, environ: Environ = {}): readonly ConfigIssue[] {
  try {
    resolve(backends, environ);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}
const messagesOf = (backend: object, environ: Environ = {}): readonly string[] =>
  issuesOf({ chat: backend }, environ).map(({ message }) => message);

const service = {
  minimumTier: null,
  onExpiry: 'KEEP',
  foreignVisibility: 'PUBLIC',
  pollMs: 5_000,
  timeoutMs: 10_000,
  retries: 2,
  concurrency: 64,
  breaker: { failures: 5, openMs: 10_000 },
};

/** For every kind the least that a file has to say, and what comes of it. */
const least: Readonly<Record<string, readonly [object, object]>> = {
  LOCAL: [{}, { minimumTier: null }],
  QUICKSYNC: [
    { apiKey: 'k' },
    {
      ...service,
      url: 'https://api.quicksync.me/v1',
      apiKey: 'k',
      kickField: 'userId',
      allowlistShape: 'STRING',
      expiryUnit: 'SECONDS',
      hubMethod: null,
      chats: true,
    },
  ],
  SIPHER: [{ apiKey: 'k' }, { ...service, url: 'https://sipher.sip-protocol.org', apiKey: 'k', requestsPerMinute: 100, queueMs: 2_000 }],
  MACHANI: [
    { url: 'https://machani.example' },
    {
      ...service,
      url: 'https://machani.example',
      authorization: null,
      profile: 'default',
      defaultChannels: [1],
      sessionTypes: { PUBLIC: 1, PRIVATE: 2, TEMPORARY: 3 },
      pageSize: 100,
    },
  ],
  ELIZA: [{}, { ...service, url: 'http://localhost:3000', apiKey: null, socketApiKey: null, agentId: null, replyMs: 60_000 }],
  JULEP: [
    { apiKey: 'k' },
    {
      ...service,
      contract: 'v1',
      url: 'https://api.julep.ai/api',
      apiKey: 'k',
      authHeader: 'Authorization',
      developerId: null,
      agentId: null,
      replyMs: 60_000,
    },
  ],
};

describe('defaults', () => {
  test.each(backendKinds.map((kind) => [kind]))('of %s complete what has to be given', (kind) => {
    const [given, complete] = least[kind] ?? [];
    expect(settingsOf({ kind, ...given })).toEqual({ kind, ...complete });
  });

  test.each([
    ['v0.3', 'https://api-alpha.julep.ai/api'],
    ['v1', 'https://api.julep.ai/api'],
  ])('the URL of JULEP follows the contract: %s', (contract, url) => {
    expect(settingsOf({ kind: 'JULEP', apiKey: 'k', contract })).toMatchObject({ url });
    expect(settingsOf({ kind: 'JULEP', apiKey: 'k', contract, url: 'http://julep.internal' })).toMatchObject({
      url: 'http://julep.internal',
    });
  });

  test('production shows sessions that were made at a service to API keys only', () => {
    const more = { environment: 'production', secret: 'x'.repeat(32) };
    const { config } = resolve({ chat: { kind: 'ELIZA' }, open: { kind: 'ELIZA', foreignVisibility: 'PUBLIC' } }, {}, more);
    expect(config.backends).toMatchObject({ chat: { foreignVisibility: 'PRIVATE' }, open: { foreignVisibility: 'PUBLIC' } });
  });

  test('a part of a group leaves the rest of it', () => {
    expect(settingsOf({ kind: 'ELIZA', breaker: { failures: 1 } })).toMatchObject({ breaker: { failures: 1, openMs: 10_000 } });
  });

  test('what is resolved is a configuration again, of every kind, and frozen', () => {
    const backends = Object.fromEntries(backendKinds.map((kind) => [kind.toLowerCase(), { kind, ...least[kind]?.[0] }]));
    const { config } = resolve(backends);
    expect(resolveConfig({ file: config satisfies ParleyConfig }).config).toEqual(config);
    for (const backend of Object.values(config.backends)) expect(Object.isFrozen(backend)).toBe(true);
    expect(Object.isFrozen(config.backends['machani'])).toBe(true);
    expect(config.backends['machani']).toHaveProperty('sessionTypes');
  });
});

describe('bounds', () => {
  const whole = (from: number, to: number): readonly [readonly unknown[], readonly unknown[]] => [
    [from, to],
    [from - 1, to + 1, from + 0.5, String(from), null],
  ];
  const one = (...values: readonly string[]): readonly [readonly unknown[], readonly unknown[]] => [
    values,
    ['', values[0]?.toLowerCase() === values[0] ? 'V9' : values[0]?.toLowerCase(), 1, null],
  ];
  const key: readonly [readonly unknown[], readonly unknown[]] = [
    ['k', '!~', 'Bearer abc', 'x'.repeat(8_192)],
    ['', ' k', 'k\n', 'ké', 'x'.repeat(8_193), 1],
  ];
  const orNull = ([good, bad]: readonly [readonly unknown[], readonly unknown[]]): readonly [readonly unknown[], readonly unknown[]] => [
    [null, ...good],
    bad.filter((value) => value !== null),
  ];
  const text = (to: number): readonly [readonly unknown[], readonly unknown[]] => [
    ['x', 'x'.repeat(to)],
    ['', 'x'.repeat(to + 1), 1, null],
  ];
  const url: readonly [readonly unknown[], readonly unknown[]] = [
    ['http://localhost:3000', 'https://a.example/v1'],
    [
      '',
      'a.example',
      'ftp://a.example',
      'https://u:p@a.example',
      'https://u@a.example',
      'https://a.example?x=1',
      'https://a.example#x',
      null,
    ],
  ];
  const shared: Readonly<Record<string, readonly [readonly unknown[], readonly unknown[]]>> = {
    url,
    onExpiry: one('KEEP', 'DELETE'),
    foreignVisibility: one('PUBLIC', 'PRIVATE'),
    pollMs: whole(200, 600_000),
    timeoutMs: whole(100, 120_000),
    retries: whole(0, 10),
    concurrency: whole(1, 1_000),
    'breaker.failures': whole(1, 1_000),
    'breaker.openMs': whole(100, 600_000),
  };
  const bounds: Readonly<Record<string, Readonly<Record<string, readonly [readonly unknown[], readonly unknown[]]>>>> = {
    QUICKSYNC: {
      ...shared,
      apiKey: key,
      kickField: text(100),
      allowlistShape: one('STRING', 'OBJECT'),
      expiryUnit: one('SECONDS', 'EPOCH_SECONDS', 'EPOCH_MILLISECONDS'),
      hubMethod: orNull(text(100)),
      chats: [
        [true, false],
        ['true', 1, null],
      ],
    },
    SIPHER: { ...shared, apiKey: key, requestsPerMinute: whole(1, 1_000_000), queueMs: whole(0, 60_000) },
    MACHANI: {
      ...shared,
      authorization: orNull(key),
      profile: text(200),
      defaultChannels: [
        [[0], [2, 1], [2_147_483_647]],
        [[], [1, 1], [-1], [1.5], ['1'], 1, null, [2_147_483_648]],
      ],
      'sessionTypes.PUBLIC': whole(0, 2_147_483_647),
      'sessionTypes.PRIVATE': whole(0, 2_147_483_647),
      'sessionTypes.TEMPORARY': whole(0, 2_147_483_647),
      pageSize: whole(1, 1_000),
    },
    ELIZA: { ...shared, apiKey: orNull(key), socketApiKey: orNull(key), agentId: orNull(text(200)), replyMs: whole(1_000, 600_000) },
    JULEP: {
      ...shared,
      contract: one('v0.3', 'v1'),
      apiKey: key,
      authHeader: one('Authorization', 'X-Auth-Key'),
      developerId: orNull([
        ['x', 'x'.repeat(200)],
        ['', 'x'.repeat(201), 'a\r\nb'],
      ]),
      agentId: orNull(text(200)),
      replyMs: whole(1_000, 600_000),
    },
  };
  const at = (path: string, value: unknown): object => {
    const [group = '', part] = path.split('.');
    return { [group]: part === undefined ? value : { [part]: value } };
  };
  const cases = Object.entries(bounds).flatMap(([kind, settings]) =>
    Object.entries(settings).map(([path, [good, bad]]) => ({ kind, path, good, bad })),
  );

  test.each(cases)('$kind takes what keeps the rule of $path, and refuses what breaks it by its name', ({ kind, path, good, bad }) => {
    const given = { kind, ...least[kind]?.[0] };
    for (const value of good) expect([value, messagesOf({ ...given, ...at(path, value) })]).toEqual([value, []]);
    for (const value of bad) {
      const found = issuesOf({ chat: { ...given, ...at(path, value) } });
      expect([value, found.map((issue) => issue.path)]).toEqual([value, [`backends.chat.${path}`]]);
    }
  });

  test('are there for every setting of every kind', () => {
    const withBounds = (kind: string): readonly string[] => Object.keys(bounds[kind] ?? {}).map((path) => path.split('.')[0] ?? path);
    for (const [kind, [, complete]] of Object.entries(least).filter(([kind]) => kind !== 'LOCAL')) {
      expect(new Set([...withBounds(kind), 'minimumTier'])).toEqual(new Set(Object.keys(complete)));
    }
  });
});

describe('mistakes', () => {
  test('of several backends are reported together, each with name, rule and value', () => {
    const backends = {
      chat: { kind: 'QUICKSYNC', pollMs: 1, expiryUnit: 'WEEKS' },
      agents: { kind: 'ELIZA', url: 'eliza', breaker: { failures: 0 } },
      other: { kind: 'MACHANI', sessionTypes: { PUBLIC: 'one' } },
    };
    expect(issuesOf(backends).map(({ message }) => message)).toEqual([
      'Expected `backends.chat.apiKey` (PARLEY_BACKEND_CHAT_API_KEY) to be 1 to 8,192 visible ASCII characters, with single spaces between, got nothing',
      'Expected `backends.chat.expiryUnit` to be one of `SECONDS`, `EPOCH_SECONDS`, `EPOCH_MILLISECONDS`, got `WEEKS` (string)',
      'Expected `backends.chat.pollMs` to be a whole number from 200 to 600,000, got 1 (number)',
      'Expected `backends.agents.url` to be an `http://` or `https://` URL without credentials, query or fragment, got `eliza` (string)',
      'Expected `backends.agents.breaker.failures` to be a whole number from 1 to 1,000, got 0 (number)',
      'Expected `backends.other.url` to be an `http://` or `https://` URL without credentials, query or fragment, got nothing',
      'Expected `backends.other.sessionTypes.PUBLIC` to be a whole number from 0 to 2,147,483,647, got `one` (string)',
    ]);
  });

  test('the same setting has the rule of its kind', () => {
    expect(messagesOf({ kind: 'ELIZA', apiKey: '' })).toEqual([
      'Expected `backends.chat.apiKey` to be `null`, or 1 to 8,192 visible ASCII characters, with single spaces between, got (hidden)',
    ]);
    expect(messagesOf({ kind: 'SIPHER', apiKey: null })).toEqual([
      'Expected `backends.chat.apiKey` to be 1 to 8,192 visible ASCII characters, with single spaces between, got null',
    ]);
  });

  test('a kind that there is not does not hide others', () => {
    expect(messagesOf({ kind: 'sipher', pollMs: 1, breaker: { openMs: 1 } })).toEqual([
      'Expected `backends.chat.kind` to be one of `LOCAL`, `QUICKSYNC`, `SIPHER`, `MACHANI`, `ELIZA`, `JULEP`, got `sipher` (string)',
      'Expected `backends.chat.pollMs` to be a whole number from 200 to 600,000, got 1 (number)',
      'Expected `backends.chat.breaker.openMs` to be a whole number from 100 to 600,000, got 1 (number)',
    ]);
    expect(messagesOf({ url: 'http://a.example' })).toEqual([
      'Expected `backends.chat.kind` to be one of `LOCAL`, `QUICKSYNC`, `SIPHER`, `MACHANI`, `ELIZA`, `JULEP`, got nothing',
    ]);
  });

  test.each([
    [
      { kind: 'SIPHER', apiKey: 'k', kickField: 'id' },
      'Unknown setting `backends.chat.kickField`: backends of kind `QUICKSYNC` have it, and `backends.chat` is of kind `SIPHER`',
    ],
    [
      { kind: 'LOCAL', pollMs: 1_000 },
      'Unknown setting `backends.chat.pollMs`: backends of kind `QUICKSYNC`, `SIPHER`, `MACHANI`, `ELIZA`, `JULEP` have it, and `backends.chat` is of kind `LOCAL`',
    ],
    [
      { kind: 'MACHANI', url: 'http://a.example', apiKey: 'hunter2' },
      'Unknown setting `backends.chat.apiKey`: backends of kind `QUICKSYNC`, `SIPHER`, `JULEP`, `ELIZA` have it, and `backends.chat` is of kind `MACHANI`',
    ],
    [{ kind: 'ELIZA', agentID: 'a' }, 'Unknown setting `backends.chat.agentID`: did you mean `backends.chat.agentId`?'],
    [{ kind: 'ELIZA', breaker: { fails: 1 } }, 'Unknown setting `backends.chat.breaker.fails`: known here are failures, openMs'],
    [{ kind: 'LOCAL', colour: 'red' }, 'Unknown setting `backends.chat.colour`: known here are kind, minimumTier'],
  ])('a setting that the kind does not have is refused by its name: %j', (backend, message) => {
    expect(messagesOf(backend)).toEqual([message]);
  });
});

describe('a secret', () => {
  test.each([
    ['QUICKSYNC', 'apiKey', 'PARLEY_BACKEND_MY_CHAT_API_KEY'],
    ['SIPHER', 'apiKey', 'PARLEY_BACKEND_MY_CHAT_API_KEY'],
    ['MACHANI', 'authorization', 'PARLEY_BACKEND_MY_CHAT_AUTHORIZATION'],
    ['ELIZA', 'apiKey', 'PARLEY_BACKEND_MY_CHAT_API_KEY'],
    ['ELIZA', 'socketApiKey', 'PARLEY_BACKEND_MY_CHAT_SOCKET_API_KEY'],
    ['JULEP', 'apiKey', 'PARLEY_BACKEND_MY_CHAT_API_KEY'],
  ])('of %s can be given by a variable, which stands over the file: %s', (kind, setting, variable) => {
    const given = { kind, ...least[kind]?.[0], [setting]: 'of-the-file' };
    const path = `backends.my-chat.${setting}`;
    const taken = resolve({ 'my-chat': given }, { [variable]: 'of-the-variable' });
    expect(taken.config.backends['my-chat']).toMatchObject({ [setting]: 'of-the-variable' });
    expect([taken.sourceOf(path), taken.nameOf(path)]).toEqual(['env', variable]);
    const kept = resolve({ 'my-chat': given }, { [variable]: '' });
    expect(kept.config.backends['my-chat']).toMatchObject({ [setting]: 'of-the-file' });
    expect(kept.sourceOf(path)).toBe('file');
  });

  test('need not be in the file where a variable gives it', () => {
    expect(settingsOf({ kind: 'SIPHER' }, { PARLEY_BACKEND_CHAT_API_KEY: 'k' })).toMatchObject({ apiKey: 'k' });
  });

  test.each([
    [
      'PARLEY_BACKEND_TALKS_API_KEY',
      'Unknown environment variable `PARLEY_BACKEND_TALKS_API_KEY`: it is for no secret of a backend that the configuration file names',
    ],
    [
      'PARLEY_BACKEND_CHAT_APIKEY',
      'Unknown environment variable `PARLEY_BACKEND_CHAT_APIKEY`: did you mean `PARLEY_BACKEND_CHAT_API_KEY`?',
    ],
    [
      'PARLEY_BACKEND_CHAT_SOCKET_API_KEY',
      'Unknown environment variable `PARLEY_BACKEND_CHAT_SOCKET_API_KEY`: there is no `backends.chat.socketApiKey`, for its kind is `SIPHER`',
    ],
    [
      'PARLEY_BACKEND_CHAT_URL',
      'Unknown environment variable `PARLEY_BACKEND_CHAT_URL`: it is for no secret of a backend that the configuration file names',
    ],
  ])('a variable for nothing is a mistake: %s', (variable, message) => {
    expect(messagesOf({ kind: 'SIPHER', apiKey: 'k' }, { [variable]: 'hunter2' })).toEqual([message]);
  });

  test('a variable that two backends could mean is a mistake, where it is given', () => {
    const backends = { chat: { kind: 'ELIZA' }, 'chat-socket': { kind: 'ELIZA' } };
    expect(issuesOf(backends)).toEqual([]);
    expect(issuesOf(backends, { PARLEY_BACKEND_CHAT_SOCKET_API_KEY: 'hunter2' }).map(({ message }) => message)).toEqual([
      'The environment variable `PARLEY_BACKEND_CHAT_SOCKET_API_KEY` could give `backends.chat.socketApiKey` and `backends.chat-socket.apiKey`: rename one of the two backends',
    ]);
    // A kind without a key for sockets leaves one meaning.
    const sure = { chat: { kind: 'SIPHER', apiKey: 'k' }, 'chat-socket': { kind: 'ELIZA' } };
    const { config } = resolve(sure, { PARLEY_BACKEND_CHAT_SOCKET_API_KEY: 'k' });
    expect(config.backends['chat-socket']).toMatchObject({ apiKey: 'k' });
  });

  test('what Kubernetes makes for a service called parley-backend is no mistake', () => {
    expect(messagesOf({ kind: 'LOCAL' }, { PARLEY_BACKEND_SERVICE_HOST: '10.0.0.1', PARLEY_BACKEND_PORT: 'tcp://10.0.0.1:80' })).toEqual(
      [],
    );
  });

  test.each([
    [{ kind: 'SIPHER', apiKey: 'hunter2\n' }, {}],
    [{ kind: 'SIPHER', apiKey: ['hunter2'] }, {}],
    [{ kind: 'SIPHER' }, { PARLEY_BACKEND_CHAT_API_KEY: 'hunter2 ' }],
    [{ kind: 'SIPHER', apiKey: 'k' }, { PARLEY_BACKEND_CHAT_AUTHORIZATION: 'hunter2' }],
    [{ kind: 'MACHANI', url: 'http://a.example', authorization: 'Bearer  hunter2' }, {}],
    [{ kind: 'MACHANI', url: 'http://a.example', apiKey: 'hunter2' }, {}],
    [{ kind: 'ELIZA', apiKey: 'hunter2é' }, {}],
    [{ kind: 'ELIZA', socketApiKey: { key: 'hunter2' } }, {}],
    [{ kind: 'ELIZA', socketApiKeys: 'hunter2' }, {}],
    [{ kind: 'ELISA', apiKey: 'hunter2' }, { PARLEY_BACKEND_CHAT_SOCKET_API_KEY: 'hunter2' }],
    [{ apiKey: 'hunter2' }, {}],
    [{ kind: 'ELIZA', url: 'https://user:hunter2@a.example' }, {}],
    [{ kind: 'ELIZA', url: 'https://a.example/?key=hunter2' }, {}],
    [{ kind: 'ELIZA', url: 'https://a.example#hunter2' }, {}],
    [{ kind: 'ELIZA', url: 'ftp://user:hun@hunter2@a.example/x' }, {}],
  ])('is never printed: %j %j', (backend, environ) => {
    const found = issuesOf({ chat: backend }, environ);
    expect(found.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test('a URL is shown without what may be one', () => {
    expect(messagesOf({ kind: 'ELIZA', url: 'https://user:pass@a.example/x?y=1' })).toEqual([
      expect.stringContaining('got `https://(hidden)@a.example/x?(hidden)` (string)'),
    ]);
  });
});
