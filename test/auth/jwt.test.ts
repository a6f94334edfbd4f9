import { createSecretKey } from 'node:crypto';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJwtVerifier, type JwtVerifier, type JwtVerifierOptions } from '../../src/auth/jwt.ts';
import { createSteppedClock, type SteppedClock } from '../support/auth-clock.ts';
import {
  createProviderKey,
  signWith,
  startIdentityProvider,
  type IdentityProvider,
  type IdentityProviderKey,
} from '../support/auth-identity-provider.ts';

const issuer = 'https://login.example.com/';
const audience = 'parley';

let clock: SteppedClock;
let key: IdentityProviderKey;
let provider: IdentityProvider;
let users: JwtVerifier;

const verifier = (options: Partial<JwtVerifierOptions> = {}): JwtVerifier =>
  createJwtVerifier({ jwksUrl: provider.jwksUrl, issuer, audience, clock, ...options });

const seconds = (offset = 0): number => clock.now() / 1_000 + offset;
const claims = (changed: object = {}): JWTPayload => ({
  iss: issuer,
  aud: audience,
  sub: 'user-1',
  preferred_username: 'ada',
  exp: seconds(600),
  ...changed,
});

beforeEach(async () => {
  clock = createSteppedClock();
  key = await createProviderKey('first');
  provider = await startIdentityProvider([key]);
  users = verifier();
});

afterEach(async () => {
  await provider[Symbol.asyncDispose]();
});

test("a token by the provider's key names its user", async () => {
  expect(await users.verify(await signWith(key, claims()))).toEqual({
    kind: 'valid',
    // The end of the token with the 5 seconds that clocks may differ by.
    user: { issuer, subject: 'user-1', name: 'ada', expiresAt: clock.now() + 605_000 },
  });
});

test.each(['RS256', 'PS384', 'ES512', 'EdDSA'])('a token signed by %s is accepted', async (algorithm) => {
  const other = await createProviderKey('other', algorithm);
  provider.publish([key, other]);
  expect((await users.verify(await signWith(other, claims()))).kind).toBe('valid');
});

test.each([
  ['of another name claim', { nameClaim: 'email' }, { email: 'ada@example.com' }, 'ada@example.com'],
  ['without the name claim', {}, { preferred_username: undefined }, 'user-1'],
  ['with an empty name', {}, { preferred_username: '' }, 'user-1'],
  ['with a name that is no text', {}, { preferred_username: { first: 'Ada' } }, 'user-1'],
])('the name of a user %s', async (_, options, changed, name) => {
  expect(await verifier(options).verify(await signWith(key, claims(changed)))).toMatchObject({ user: { name } });
});

test('the audience may be one of several', async () => {
  expect((await users.verify(await signWith(key, claims({ aud: ['other', audience] })))).kind).toBe('valid');
});

test.each([
  ['aud', { aud: 'another-service' }],
  ['aud', { aud: undefined }],
  ['iss', { iss: 'https://evil.example.com/' }],
  ['iss', { iss: undefined }],
  ['sub', { sub: undefined }],
  ['sub', { sub: '' }],
  ['exp', { exp: undefined }],
])('a token whose %s does not fit is refused by name, without its value', async (claim, changed: object) => {
  const outcome = await users.verify(await signWith(key, claims(changed)));
  expect(outcome).toEqual({ kind: 'invalid', reason: expect.stringContaining(`\`${claim}\``) });
  expect(JSON.stringify(outcome)).not.toMatch(/another-service|evil/);
});

test('a token is good from its `nbf`, give or take 5 seconds', async () => {
  const token = await signWith(key, claims({ nbf: seconds(6) }));
  expect(await users.verify(token)).toEqual({ kind: 'invalid', reason: expect.stringContaining('`nbf`') });
  clock.advance(1_000);
  expect((await users.verify(token)).kind).toBe('valid');
});

test('a token runs out, whether or not it was seen before', async () => {
  const token = await signWith(key, claims({ exp: seconds(30) }));
  expect((await users.verify(token)).kind).toBe('valid');
  clock.advance(34_999);
  expect((await users.verify(token)).kind).toBe('valid');
  clock.advance(1);
  expect(await users.verify(token)).toEqual({ kind: 'expired' });
  expect(await verifier().verify(token)).toEqual({ kind: 'expired' });
});

test('a token that was tampered with is refused', async () => {
  const [header, , signature] = (await signWith(key, claims())).split('.');
  const payload = Buffer.from(JSON.stringify(claims({ sub: 'user-2' }))).toString('base64url');
  expect(await users.verify(`${header}.${payload}.${signature}`)).toEqual({ kind: 'invalid', reason: 'its signature does not fit' });
});

test('a token by somebody else’s key of the same name is refused', async () => {
  const impostor = await createProviderKey('first');
  expect(await users.verify(await signWith(impostor, claims()))).toEqual({ kind: 'invalid', reason: 'its signature does not fit' });
});

test('a token that nobody signed is refused', async () => {
  const unsigned = new UnsecuredJWT(claims()).encode();
  expect(await users.verify(unsigned)).toMatchObject({ kind: 'invalid', reason: expect.stringContaining('algorithm') });
});

test('a token signed with the published key as a shared secret is refused', async () => {
  const shared = createSecretKey(Buffer.from(JSON.stringify(key.jwk)));
  const forged = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: key.kid }).sign(shared);
  expect(await users.verify(forged)).toMatchObject({ kind: 'invalid', reason: expect.stringContaining('algorithm') });
});

test.each(['', 'x', 'a.b.c', '..', '{}', '\u0000', 'eyJhbGciOiJFUzI1NiJ9..x'])('the text %j is no token', async (text) => {
  expect((await users.verify(text)).kind).toBe('invalid');
});

test('a token without `kid` is matched by its algorithm, and refused where several keys fit', async () => {
  const bare = { ...key, kid: undefined };
  const sign = () => new SignJWT(claims()).setProtectedHeader({ alg: bare.algorithm }).sign(bare.privateKey);
  expect((await users.verify(await sign())).kind).toBe('valid');
  provider.publish([key, await createProviderKey('second')]);
  expect(await verifier().verify(await sign())).toMatchObject({ kind: 'invalid', reason: expect.stringContaining('`kid`') });
});

test('the keys are looked up once for many tokens, and not before the first', async () => {
  expect(provider.lookUps).toBe(0);
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => signWith(key, claims({ sub: `user-${index}` }))));
  const outcomes = await Promise.all(tokens.map((token) => users.verify(token)));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['valid']));
  expect(provider.lookUps).toBe(1);
});

test('a key that the provider adds is found, but unknown keys do not make it look up time and again', async () => {
  users = verifier({ cooldownMs: 0 });
  await users.verify(await signWith(key, claims()));
  const next = await createProviderKey('next');
  provider.publish([next]);
  expect((await users.verify(await signWith(next, claims()))).kind).toBe('valid');
  expect(provider.lookUps).toBe(2);

  const cool = verifier();
  const stranger = await createProviderKey('stranger');
  for (let count = 0; count < 10; count += 1) {
    const outcome = await cool.verify(await signWith(stranger, claims({ sub: `user-${count}` })));
    expect(outcome).toMatchObject({ kind: 'invalid', reason: expect.stringContaining('keys fits') });
  }
  expect(provider.lookUps).toBe(3);
});

test('a verification is not trusted for more than a minute after its key was withdrawn', async () => {
  users = verifier({ cooldownMs: 0 });
  const token = await signWith(key, claims());
  expect((await users.verify(token)).kind).toBe('valid');
  const next = await createProviderKey('next');
  provider.publish([next]);
  await users.verify(await signWith(next, claims()));
  clock.advance(59_999);
  expect((await users.verify(token)).kind).toBe('valid');
  clock.advance(1);
  expect((await users.verify(token)).kind).toBe('invalid');
});

test('while the provider is down nothing is said about tokens, but those seen before stay good', async () => {
  const seen = await signWith(key, claims({ sub: 'seen' }));
  const causes: unknown[] = [];
  users = verifier({ onUnavailable: (cause) => causes.push(cause), cooldownMs: 0 });
  await users.verify(seen);
  await provider[Symbol.asyncDispose]();
  expect((await users.verify(seen)).kind).toBe('valid');
  // A key not known yet: the provider might have it.
  const next = await createProviderKey('next');
  expect(await users.verify(await signWith(next, claims()))).toEqual({ kind: 'unavailable' });
  expect(causes).toHaveLength(1);
});

test.each([
  ['an error', { status: 500, body: 'oops' }],
  ['a redirection', { status: 302, body: '' }],
  ['no JSON', { status: 200, body: '<html>' }],
  ['JSON of another kind', { status: 200, body: '{"hello":"world"}' }],
])('a provider that answers with %s is unavailable, and asked again after a while', async (_, answer) => {
  const causes: unknown[] = [];
  users = verifier({ onUnavailable: (cause) => causes.push(cause) });
  provider.fail(answer);
  const token = await signWith(key, claims());
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => users.verify(token)));
  expect(outcomes).toEqual(Array.from({ length: 5 }, () => ({ kind: 'unavailable' })));
  expect(causes).toHaveLength(1);
  provider.fail(null);
  clock.advance(1_000);
  expect((await users.verify(token)).kind).toBe('valid');
});

test('a provider that is down is not asked for every token', async () => {
  provider.fail({ status: 503, body: '' });
  for (let count = 0; count < 10; count += 1) expect((await users.verify(await signWith(key, claims()))).kind).toBe('unavailable');
  expect(provider.lookUps).toBe(1);
  clock.advance(1_000);
  await users.verify(await signWith(key, claims()));
  expect(provider.lookUps).toBe(2);
});
