import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runParley } from '../cli/parley-process.ts';
import { expectProblem, unchanged } from '../support/bad-input.ts';
import { gatewaysOfFile } from '../support/gateway-of-file.ts';
import { type Admitted, type Credentials, bearer, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { createWallet, signIn } from '../support/wallet.ts';
import { connectPeer } from '../support/ws-peer.ts';

// Two gateways, two stores. Member tokens of the second one are short-lived.
const { gateway, elsewhere } = gatewaysOfFile({ gateway: { PARLEY_LOG_LEVEL: 'debug' }, elsewhere: { PARLEY_MEMBER_TOKEN_SECONDS: '2' } });

const keys = (dataDir: string, ...args: readonly string[]) =>
  runParley(['keys', ...args], { cwd: dataDir, env: { PARLEY_DATA_DIR: dataDir } });
async function createKey(dataDir: string): Promise<{ readonly id: string; readonly key: string }> {
  const { stdout } = await keys(dataDir, 'create', '--name', 'Robot', '--tier', 'PRO', '--json');
  return JSON.parse(stdout) as { id: string; key: string };
}
const withKey = (key: string): Credentials => ({ 'x-api-key': key });

let host: Admitted;
let other: Admitted;
let foreign: Admitted;
let wallet: Credentials;
let key: { readonly id: string; readonly key: string };
beforeAll(async () => {
  [key, host, other, foreign, wallet] = await Promise.all([
    createKey(gateway.dataDir),
    createSession(gateway.url),
    createSession(gateway.url, { visibility: 'PUBLIC' }),
    createSession(elsewhere.url),
    signIn(gateway.url, createWallet()),
  ]);
});

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (part: string | undefined): any => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
/** A token with some of its parts made anew, its signature kept. */
function tampered(token: string, header: object, payload: object): string {
  const [first, second, signature] = token.split('.');
  return [encoded({ ...decoded(first), ...header }), encoded({ ...decoded(second), ...payload }), signature].join('.');
}
/** With another letter in the middle of its signature: the last letter of one has bits that mean nothing. */
const resigned = (token: string): string => token.replace(/.(.{20})$/, (end) => `${end.startsWith('A') ? 'B' : 'A'}${end.slice(1)}`);

const message = 'mutation { sendMessage(input: { content: "forged" }) { __typename } }';

describe('credentials', () => {
  test.each<[what: string, credentials: () => Credentials, says: string]>([
    ['nothing behind Authorization', () => ({ authorization: '' }), '`Bearer <token>`'],
    ['another scheme', () => ({ authorization: `Basic ${host.token}` }), '`Bearer <token>`'],
    ['a scheme alone', () => ({ authorization: 'Bearer' }), '`Bearer <token>`'],
    ['two tokens', () => bearer(`${host.token} ${host.token}`), '`Bearer <token>`'],
    ['a token that is none', () => bearer('nonsense'), 'malformed'],
    ['a token of three parts that are none', () => bearer('a.b.c'), 'malformed'],
    ['a token without its signature', () => bearer(host.token.split('.').slice(0, 2).join('.')), 'malformed'],
    ['a token that is cut short', () => bearer(host.token.slice(0, -5)), 'malformed'],
    ['a token in another case', () => bearer(host.token.toLowerCase()), 'malformed'],
    ['a token with another signature', () => bearer(resigned(host.token)), 'malformed'],
    ['a token made to name another member', () => bearer(tampered(host.token, {}, { sub: other.memberId })), 'malformed'],
    ['a token made to last longer', () => bearer(tampered(host.token, {}, { exp: 9_999_999_999 })), 'malformed'],
    ['a token without an algorithm', () => bearer(tampered(host.token, { alg: 'none' }, {})), 'malformed'],
    ['a token of the other kind', () => bearer(tampered(host.token, { typ: 'parley-wallet+jwt' }, {})), 'malformed'],
    ['a token of no kind of ours', () => bearer(tampered(host.token, { typ: 'JWT' }, {})), 'not issued by this gateway'],
    [
      'a wallet’s token made a member’s',
      () => bearer(tampered(wallet['authorization']?.slice(7) ?? '', { typ: 'parley-member+jwt' }, {})),
      'malformed',
    ],
    ['a token of another store', () => foreign.credentials, 'malformed'],
    ['an API key that is none', () => withKey('nonsense'), 'starts with `pk_`'],
    ['an empty API key', () => withKey(''), 'starts with `pk_`'],
    ['a token for an API key', () => withKey(host.token), 'starts with `pk_`'],
    ['an API key for a token', () => bearer(key.key), 'malformed'],
    ['an API key that is cut short', () => withKey(key.key.slice(0, -1)), 'starts with `pk_`'],
    ['an API key with another secret', () => withKey(resigned(key.key)), 'not known here'],
    ['an API key and a token, both good', () => ({ ...withKey(key.key), ...host.credentials }), 'only one of them'],
  ])('%s: 401 over HTTP, 4401 over WebSocket', async (_what, credentialsOf, says) => {
    const credentials = credentialsOf();
    await unchanged(gateway.url, host, async () => {
      const { status, data, errors } = await post(gateway.url, message, {}, credentials);
      expect({ status, data }).toEqual({ status: 401, data: undefined });
      expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', status: 401, title: 'Valid credentials are needed' } }]);
      expect(errors?.[0]?.message).toContain(says);
      // Whatever was sent is not sent back.
      const secrets = Object.values(credentials).filter(({ length }) => length > 20);
      for (const secret of secrets) expect(JSON.stringify(errors)).not.toContain(secret.slice(7));
      using peer = await connectPeer(gateway.url);
      peer.send({ type: 'connection_init', payload: credentials });
      expect(await peer.closed).toBe('4401 UNAUTHENTICATED');
    });
  });

  test('the id of a session that is none, or not the token’s', async () => {
    const nonsense = await post(gateway.url, message, {}, { 'x-session-id': 'nonsense' });
    expect(nonsense).toMatchObject({ status: 400, data: undefined, errors: [{ extensions: { code: 'BAD_INPUT' } }] });
    expect(nonsense.errors?.[0]?.message).toMatch(/X-Session-Id.*`ses_…`.*"nonsense"/);
    const mixed = await unchanged(gateway.url, host, () =>
      post(gateway.url, message, {}, { ...host.credentials, 'x-session-id': other.sessionId }),
    );
    expect(mixed).toMatchObject({ status: 400, data: undefined, errors: [{ extensions: { code: 'BAD_INPUT' } }] });
    for (const words of ['X-Session-Id', host.sessionId, other.sessionId]) expect(mixed.errors?.[0]?.message).toContain(words);
  });

  test('the id of a session of another store names nothing', async () => {
    const credentials = { 'x-session-id': foreign.sessionId };
    expect(await query(gateway.url, '{ currentSession { id } }', {}, credentials)).toEqual({ currentSession: null });
    expectProblem(await mutate(gateway.url, 'sendMessage', { content: 'x' }, '__typename', credentials), 'NOT_FOUND', 'sessionId', [
      foreign.sessionId,
    ]);
  });

  test('a token does nothing in another session, though that is open to all eyes', async () => {
    const input = { sessionId: other.sessionId };
    await unchanged(gateway.url, other, async () => {
      for (const credentials of [host.credentials, withKey(key.key), wallet, {}]) {
        for (const [field, more] of [
          ['sendMessage', { content: 'x' }],
          ['endSession', {}],
          ['updateSession', { title: 'Mine' }],
          ['leaveSession', {}],
        ] as const) {
          expectProblem(await mutate(gateway.url, field, { ...input, ...more }, '__typename', credentials), 'NOT_A_MEMBER', null, [
            other.sessionId,
          ]);
        }
      }
    });
  });

  test('a token ends with the membership', async () => {
    const guest = await joinSession(gateway.url, { sessionId: host.sessionId });
    await mutate(gateway.url, 'leaveSession', {}, '__typename', guest.credentials);
    await unchanged(gateway.url, host, async () => {
      const { status, errors } = await post(gateway.url, message, {}, guest.credentials);
      expect({ status, errors }).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
      expect(errors?.[0]?.message).toContain('Join the session again');
    });
  });
});

test('a token that runs out closes its socket so that the client comes back, and is refused from then on', async () => {
  const { url } = elsewhere;
  const guest = await createSession(url);
  const stream = follow(url, allEvents, {}, guest.credentials);
  await stream.until(ofType('StreamOpened'));
  using idle = await connectPeer(url);
  await idle.init(guest.credentials);
  expect(await stream.ended).toMatchObject({ code: 4403, reason: 'Token expired' });
  expect(await idle.closed).toBe('4403 Token expired');

  const { status, data, errors } = await post(url, message, {}, guest.credentials);
  expect({ status, data, errors }).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  expect(data).toBeUndefined();
  expect(errors?.[0]?.message).toContain('has run out');
  // Not 4401, which clients take as final: they may come back with a fresh one.
  using late = await connectPeer(url);
  late.send({ type: 'connection_init', payload: guest.credentials });
  expect(await late.closed).toBe('4403 UNAUTHENTICATED');
  await stream.stop();
});

test('secrets do not show in the log, nor in what is stored', async () => {
  const password = 'planted-pass-🔑-8d1f';
  const { url } = gateway;
  const robot = withKey(key.key);
  const session = await createSession(url, { rules: { password }, visibility: 'PUBLIC' }, robot);
  const { sessionId } = session;
  const guest = await joinSession(url, { sessionId, password });
  const join = `joinSession(input: { sessionId: "${sessionId}", password: "${password}" })`;
  await mutate(url, 'joinSession', { sessionId, password: `${password}!` }, '__typename');
  await mutate(url, 'updateSession', { rules: { password: `${password}${'!'.repeat(1_024)}` } }, '__typename', session.credentials);
  // What is wrong on the way in, where it could be quoted.
  for (const source of [`mutation { ${join} { __typename } `, `mutation { ${join} { nothing } }`, `{ ${join} { __typename } }`, password]) {
    await post(url, source, {}, guest.credentials);
    await fetch(`${url}/graphql?query=${encodeURIComponent(source)}`, { headers: { ...robot, 'apollo-require-preflight': '1' } });
  }
  await post(url, 'mutation ($input: JoinSessionInput!) { joinSession(input: $input) { __typename } }', {
    input: { sessionId, password: [password] },
  });
  await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...robot }, body: password });
  using peer = await connectPeer(url, { headers: robot });
  await peer.init(guest.credentials);
  await peer.errorsOf('1', `mutation { ${join} { __typename } }`);
  await peer.errorsOf('2', `mutation { ${join} { nothing } }`);
  await post(url, message, {}, { ...robot, ...guest.credentials });
  await mutate(url, 'kickMember', { memberId: guest.memberId, reason: 'Done' }, '__typename', session.credentials);
  await post(url, message, {}, guest.credentials);

  const tokens = [session.token, guest.token, host.token, wallet['authorization']?.slice(7) ?? ''];
  const log = gateway.output();
  expect(log.match(/"msg":"request"/g)?.length).toBeGreaterThan(20);
  const files = (await readdir(gateway.dataDir, { withFileTypes: true, recursive: true })).filter((entry) => entry.isFile());
  const stored = Buffer.concat(
    await Promise.all(files.filter(({ name }) => name !== 'secret').map(({ parentPath, name }) => readFile(path.join(parentPath, name)))),
  );
  expect(stored.indexOf(sessionId)).toBeGreaterThan(0);
  const master = (await readFile(path.join(gateway.dataDir, 'secret'), 'utf8')).trim();
  for (const secret of [password, key.key, key.key.slice(-43), master, ...tokens, ...tokens.map((token) => token.split('.')[2] ?? token)]) {
    expect(secret.length).toBeGreaterThan(12);
    expect(log.includes(secret), `${secret} is in the log`).toBe(false);
    expect(stored.indexOf(secret), `${secret} is stored`).toBe(-1);
  }
});

// The last, for the others use the key.
test('an API key that is revoked by another process is dead, and so are its sockets', async () => {
  const { url, dataDir } = gateway;
  const session = await createSession(url, { visibility: 'PUBLIC' }, withKey(key.key));
  const stream = follow(url, allEvents, { sessionId: session.sessionId }, withKey(key.key));
  await stream.until(ofType('StreamOpened'));
  using idle = await connectPeer(url, { headers: withKey(key.key) });
  await idle.init();

  expect(await keys(dataDir, 'revoke', key.id)).toMatchObject({ code: 0 });
  expect(await idle.closed).toBe('4401 UNAUTHENTICATED');
  expect(await stream.ended).toMatchObject({ code: 4401 });
  const ask = () => post(url, '{ viewer { kind } }', {}, withKey(key.key));
  await expect.poll(async () => (await ask()).status, { timeout: 5_000, interval: 50 }).toBe(401);
  expect((await ask()).errors?.[0]).toMatchObject({
    message: expect.stringContaining('was revoked'),
    extensions: { code: 'UNAUTHENTICATED' },
  });
  using late = await connectPeer(url);
  late.send({ type: 'connection_init', payload: withKey(key.key) });
  expect(await late.closed).toBe('4401 UNAUTHENTICATED');
  // What it made stays, and those in it go on.
  expectProblem(await mutate(url, 'renewSession', {}, '__typename', session.credentials), 'CONFLICT', null, ['never expires']);
  await stream.stop();
});
