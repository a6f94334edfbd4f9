import { beforeAll, describe, expect, test } from 'vitest';
import type { ProblemCode } from '../../src/core/problem.ts';
import { expectProblem, nested, sized, stateOf, unchanged } from '../support/bad-input.ts';
import { gatewayOfFile } from '../support/gateway-of-file.ts';
import { type Admitted, createSession, mutate, post, query } from '../support/graphql-client.ts';

const gateway = gatewayOfFile();

let host: Admitted;
beforeAll(async () => {
  host = await createSession(gateway.url, { title: 'Kept', metadata: { kept: true } });
});

const change = '... on SessionChange { session { id } }';
const delivery = '... on MessageDelivery { message { id content metadata options } }';

/** What is wrong, the input, and the refusal: its code, its field, and what its words must hold: the field, the rule, the value. */
type Fault = [what: string, input: object, code: ProblemCode, path: string, ...says: string[]];

const year = 31_536_000;
const boundsOf = (field: string): readonly string[] => [`\`${field}\``, `from 1 to ${year}`];

const rule = (what: string, rules: object, path: string, ...says: readonly string[]): Fault => [
  what,
  { rules },
  'BAD_INPUT',
  `rules.${path}`,
  `\`rules.${path}\``,
  ...says,
];

const settings: readonly Fault[] = [
  ...[0, -1, 10_001].map((maxMembers) =>
    rule(`a capacity of ${maxMembers}`, { maxMembers }, 'maxMembers', 'from 1 to 10000', `got ${maxMembers}.`),
  ),
  ...[0, -1, year + 1].map((value) =>
    rule(`a lifetime of ${value}`, { lifetimeSeconds: value }, 'lifetimeSeconds', `from 1 to ${year}`, `got ${value}.`),
  ),
  ...[0, -1, year + 1].map((value) =>
    rule(
      `a timeout of ${value}`,
      { timeout: { timeoutSeconds: value } },
      'timeout.timeoutSeconds',
      ...boundsOf('rules.timeout.timeoutSeconds'),
      `got ${value}.`,
    ),
  ),
  rule(
    'a maximum duration below the timeout',
    { timeout: { timeoutSeconds: 60, maxDurationSeconds: 59 } },
    'timeout.maxDurationSeconds',
    'at least timeoutSeconds (60)',
    'got 59.',
  ),
  rule(
    'a warning before the timeout',
    { timeout: { timeoutSeconds: 60, warningSeconds: 60 } },
    'timeout.warningSeconds',
    'less than timeoutSeconds (60)',
    'got 60.',
  ),
  rule('a negative warning', { timeout: { warningSeconds: -1 } }, 'timeout.warningSeconds', 'from 0', 'got -1.'),
  rule('an empty password', { password: '' }, 'password', 'not to be empty', 'got ""'),
  [
    'a password over 1,024 bytes',
    { rules: { password: 'p'.repeat(1_025) } },
    'TOO_LARGE',
    'rules.password',
    '`rules.password`',
    'at most 1024 bytes',
    'got 1025.',
  ],
  [
    'a password over 1,024 bytes in emoji',
    { rules: { password: '🔑'.repeat(257) } },
    'TOO_LARGE',
    'rules.password',
    'at most 1024 bytes',
    'got 1028.',
  ],
  rule('an empty entry on the allowlist', { allowlist: ['ada', ''] }, 'allowlist.1', 'not to be empty', 'got ""'),
  rule(
    'an address with a wrong checksum on the allowlist',
    { allowlist: ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed'] },
    'allowlist.0',
    'EIP-55 checksum',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed',
  ),
  rule('fewer files than none', { maxFiles: -1 }, 'maxFiles', 'from 0', 'got -1.'),
  rule('fewer megabytes than none', { maxTotalMegabytes: -1 }, 'maxTotalMegabytes', 'from 0', 'got -1.'),
  ['a blank title', { title: ' \n' }, 'BAD_INPUT', 'title', '`title`', 'not to be empty', 'got " \\n"'],
  ['a long title', { title: 't'.repeat(201) }, 'BAD_INPUT', 'title', '`title`', 'at most 200 characters', 'got 201.'],
  ...(['metadata', 'defaults'] as const).flatMap((field): readonly Fault[] => [
    [`${field} over 10 KiB`, { [field]: sized(10_241) }, 'TOO_LARGE', field, `\`${field}\``, 'at most 10240 bytes', 'got 10241.'],
    [`${field} over 10 KiB in emoji`, { [field]: sized(10_243, '💥') }, 'TOO_LARGE', field, 'at most 10240 bytes', 'got 10243.'],
    [`${field} nested over 20 levels`, { [field]: nested(21) }, 'BAD_INPUT', field, `\`${field}\``, 'at most 20 levels deep', 'got more'],
    [
      `${field} with a list nested over 20 levels`,
      { [field]: { list: JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) } },
      'BAD_INPUT',
      field,
      'at most 20 levels deep',
    ],
    [
      `${field} nested three thousand levels`,
      { [field]: { list: JSON.parse('['.repeat(3_000) + ']'.repeat(3_000)) } },
      'BAD_INPUT',
      field,
      'at most 20 levels deep',
    ],
  ]),
];

describe('settings out of their bounds', () => {
  test.each<Fault>(settings)('%s', async (_what, input, code, path, ...says) => {
    const { url } = gateway;
    // Public, so that everybody would find it.
    const creation = await mutate(url, 'createSession', { ...input, visibility: 'PUBLIC' }, '__typename');
    expectProblem(creation, code, path, says);
    await unchanged(url, host, async () => {
      for (const field of ['updateSession', 'replaceSession']) {
        expectProblem(await mutate(url, field, input, change, host.credentials), code, path, says);
      }
    });
  });

  test('of a new session alone', async () => {
    const { url } = gateway;
    const create = (input: object) => mutate(url, 'createSession', { ...input, visibility: 'PUBLIC' }, '__typename');
    expectProblem(await create({ identity: { name: '' } }), 'BAD_INPUT', 'identity.name', ['`identity.name`', 'not to be empty']);
    expectProblem(await create({ identity: { name: 'n'.repeat(129) } }), 'BAD_INPUT', 'identity.name', ['at most 128', 'got 129.']);
    expectProblem(await create({ identity: { address: host.memberId } }), 'FORBIDDEN', 'identity.address', [host.memberId]);
    expectProblem(await create({ owners: ['ada', ' '] }), 'BAD_INPUT', 'owners.1', ['`owners.1`', 'not to be empty']);
    expectProblem(await create({ handle: 'a/b' }), 'BAD_INPUT', 'handle', ['`handle`', 'letters, digits', 'got "a/b"']);
    expectProblem(await create({ backend: 'nowhere' }), 'BAD_INPUT', 'backend', ['`backend`', 'one of local', 'got "nowhere"']);
    expectProblem(await create({ backend: host.sessionId }), 'BAD_INPUT', 'backend', ['`backend`', host.sessionId]);
    expectProblem(await create({ idempotencyKey: '' }), 'BAD_INPUT', 'idempotencyKey', ['`idempotencyKey`', 'not to be empty']);
    expectProblem(await create({ options: { julep: {} } }), 'BAD_INPUT', 'options.julep', ['`options.julep`', 'JULEP', 'local']);
    expect(await query(url, '{ sessions { totalCount } }')).toEqual({ sessions: { totalCount: 0 } });
  });

  test.each<[policy: object, field: string, ...says: string[]]>([
    [{ timeoutSeconds: 0 }, 'timeoutSeconds', 'from 1', 'got 0.'],
    [{ timeoutSeconds: 60, maxDurationSeconds: 59 }, 'maxDurationSeconds', 'at least timeoutSeconds (60)', 'got 59.'],
    [{ timeoutSeconds: 60, warningSeconds: 61 }, 'warningSeconds', 'less than timeoutSeconds (60)', 'got 61.'],
    [{ timeoutSeconds: year + 1 }, 'timeoutSeconds', `to ${year}`, `got ${year + 1}.`],
  ])('a timeout policy of %j', async (policy, field, ...says) => {
    const { url } = gateway;
    const refused = await unchanged(url, host, () => mutate(url, 'setTimeoutPolicy', { policy }, change, host.credentials));
    expectProblem(refused, 'BAD_INPUT', `policy.${field}`, [`\`policy.${field}\``, ...says]);
  });

  test.each<[what: string, name: string, input: object, ...says: string[]]>([
    ['a list for metadata', 'UpdateSession', { metadata: [] }, '"input.metadata"', 'JSON object', 'a list'],
    ['a text for defaults', 'UpdateSession', { defaults: 'x' }, '"input.defaults"', 'JSON object', '"x"'],
    ['a list for options', 'SendMessage', { content: 'x', options: [1] }, '"input.options"', 'JSON object', 'a list'],
    ['a capacity that is no whole number', 'UpdateSession', { rules: { maxMembers: 1.5 } }, '"input.rules.maxMembers"', 'integer', '1.5'],
    [
      'a lifetime beyond 32 bits',
      'UpdateSession',
      { rules: { lifetimeSeconds: 2 ** 31 } },
      '"input.rules.lifetimeSeconds"',
      '32-bit',
      '2147483648',
    ],
    ['a number for a password', 'UpdateSession', { rules: { password: 1 } }, '"input.rules.password"', 'String'],
    ['an unknown visibility', 'UpdateSession', { visibility: 'SECRET' }, '"input.visibility"', 'SessionVisibility', 'SECRET'],
    ['a field that there is not', 'UpdateSession', { colour: 'red' }, '"colour"', 'UpdateSessionInput'],
    ['a message without content', 'SendMessage', {}, '"content"', 'String!'],
  ])('%s is refused before anything is executed', async (_what, name, input, ...says) => {
    const { url } = gateway;
    const field = name.charAt(0).toLowerCase() + name.slice(1);
    const answer = await unchanged(url, host, () =>
      post(url, `mutation ($input: ${name}Input!) { ${field}(input: $input) { __typename } }`, { input }, host.credentials),
    );
    expect(answer).toMatchObject({ data: undefined, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    for (const words of says) expect(answer.errors?.[0]?.message).toContain(words);
  });

  test('what is just within them is kept', async () => {
    const { url } = gateway;
    const settings = { metadata: nested(20), defaults: sized(10_240), rules: { maxMembers: 10_000, password: '🔑'.repeat(256) } };
    const created = await createSession(url, settings);
    const { metadata, defaults, rules } = await stateOf(url, created);
    expect({ metadata, defaults }).toEqual({ metadata: settings.metadata, defaults: settings.defaults });
    expect(rules).toMatchObject({ maxMembers: 10_000, passwordProtected: true });
    const join = { sessionId: created.sessionId, password: '🔑'.repeat(256) };
    expect(await mutate(url, 'joinSession', join, '__typename')).toEqual({ __typename: 'SessionAdmission' });
    expectProblem(await mutate(url, 'joinSession', { ...join, password: '🔑'.repeat(257) }, '__typename'), 'TOO_LARGE', 'password', [
      '1024',
    ]);
  });

  test('two objects that are within the bounds each, and together are not', async () => {
    const { url } = gateway;
    const small = await createSession(url, { metadata: sized(10_000) });
    const refused = await unchanged(url, small, () =>
      mutate(url, 'updateSession', { metadata: { more: 'x'.repeat(300) } }, change, small.credentials),
    );
    expectProblem(refused, 'TOO_LARGE', 'metadata', ['`metadata`', 'at most 10240 bytes', 'got 103']);
  });
});

const messages: readonly Fault[] = [
  ['no content', { content: '' }, 'BAD_INPUT', 'content', '`content`', 'not to be empty', 'got ""'],
  ['content over 64 KiB', { content: 'x'.repeat(65_537) }, 'TOO_LARGE', 'content', '`content`', 'at most 65536 bytes', 'got 65537.'],
  ['content over 64 KiB in emoji', { content: '💬'.repeat(16_385) }, 'TOO_LARGE', 'content', 'at most 65536 bytes', 'got 65540.'],
  ['metadata over 10 KiB', { metadata: sized(10_241) }, 'TOO_LARGE', 'metadata', '`metadata`', 'at most 10240 bytes', 'got 10241.'],
  ['metadata nested over 20 levels', { metadata: nested(21) }, 'BAD_INPUT', 'metadata', '`metadata`', 'at most 20 levels'],
  ['options over 10 KiB', { options: sized(10_241) }, 'TOO_LARGE', 'options', '`options`', 'at most 10240 bytes', 'got 10241.'],
  ['options nested over 20 levels', { options: nested(21) }, 'BAD_INPUT', 'options', '`options`', 'at most 20 levels'],
  ['a long channel', { channel: 'c'.repeat(129) }, 'BAD_INPUT', 'channel', '`channel`', 'at most 128 characters', 'got 129.'],
  [
    'a long idempotency key',
    { idempotencyKey: 'k'.repeat(256) },
    'BAD_INPUT',
    'idempotencyKey',
    '`idempotencyKey`',
    'at most 255',
    'got 256.',
  ],
  [
    'an attachment that is a script',
    { attachments: [{ url: 'javascript:alert(1)' }] },
    'BAD_INPUT',
    'attachments.0.url',
    '`attachments.0.url`',
    'http',
    'got "javascript:alert(1)"',
  ],
  [
    'an attachment of less than nothing',
    { attachments: [{ url: 'https://a.example/b', sizeBytes: -1 }] },
    'BAD_INPUT',
    'attachments.0.sizeBytes',
    'from 0',
    'got -1.',
  ],
  [
    'too many attachments',
    { attachments: Array.from({ length: 33 }, () => ({ url: 'https://a.example/b' })) },
    'TOO_LARGE',
    'attachments',
    '`attachments`',
    'at most 32',
    'got 33.',
  ],
  ['an answer to garbage', { inReplyTo: 'nonsense' }, 'BAD_INPUT', 'inReplyTo', '`inReplyTo`', 'Message id', 'got "nonsense"'],
];

describe('messages', () => {
  test.each<Fault>(messages)('%s', async (_what, input, code, path, ...says) => {
    const { url } = gateway;
    const refused = await unchanged(url, host, () => mutate(url, 'sendMessage', { content: 'x', ...input }, delivery, host.credentials));
    expectProblem(refused, code, path, says);
  });

  test('of exactly 64 KiB, in whatever script, are sent', async () => {
    const { url } = gateway;
    const session = await createSession(url);
    for (const content of ['x'.repeat(65_536), '💬'.repeat(16_384)]) {
      const sent = await mutate(
        url,
        'sendMessage',
        { content, metadata: nested(20), options: sized(10_240) },
        delivery,
        session.credentials,
      );
      expect(sent.message).toMatchObject({ content, metadata: nested(20), options: sized(10_240) });
    }
  });
});
