import { inspect } from 'node:util';
import { UnsecuredJWT } from 'jose';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSecretBox } from '../../src/auth/secret-box.ts';
import { createApiKeyVerifier } from '../../src/auth/api-key-verifier.ts';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { createAttemptLimiter } from '../../src/auth/attempts.ts';
import {
  createAuthenticator,
  isRefusal,
  type Authenticator,
  type AuthRefusal,
  type PresentedCredentials,
} from '../../src/auth/authenticator.ts';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import { createMemberTokens, type VerifiableMemberTokens } from '../../src/auth/member-tokens.ts';
import { createWalletAuth, type WalletAuth } from '../../src/auth/wallet.ts';
import { newMemberId, newSessionId } from '../../src/core/ids.ts';
import type { Member } from '../../src/core/member.ts';
import type { Store } from '../../src/core/ports.ts';
import { orThrow, problem, type ProblemCode, ProblemError } from '../../src/core/problem.ts';
import type { Caller } from '../../src/core/viewer.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSteppedClock, type SteppedClock } from '../support/auth-clock.ts';
import {
  createProviderKey,
  signWith,
  startIdentityProvider,
  type IdentityProvider,
  type IdentityProviderKey,
} from '../support/auth-identity-provider.ts';
import { admitMember, closeSession, removeMember } from '../support/auth-store.ts';

const secret = 'PLANTED-master-secret-of-more-than-32-characters';
const issuer = 'https://login.example.com/';
const remoteAddress = '192.0.2.1';

let clock: SteppedClock;
let store: Store;
let provider: IdentityProvider;
let providerKey: IdentityProviderKey;
let memberTokens: VerifiableMemberTokens;
let wallet: WalletAuth;
let authenticator: Authenticator;

function assemble(withUsers = true): Authenticator {
  memberTokens = createMemberTokens({ secret, lifetimeSeconds: 3_600, clock });
  wallet = createWalletAuth({
    challenges: store.challenges,
    attempts: createAttemptLimiter(),
    clock,
    domain: 'localhost:4000',
    uri: 'http://localhost:4000/',
    chainIds: [1],
    challengeSeconds: 300,
    tokenSeconds: 600,
    secret,
    box: createSecretBox(secret),
  });
  return createAuthenticator({
    apiKeys: createApiKeyVerifier({ store: store.apiKeys, clock }),
    memberTokens,
    wallet,
    users: withUsers ? createJwtVerifier({ jwksUrl: provider.jwksUrl, issuer, audience: 'parley', clock }) : null,
    members: store.members,
  });
}

beforeEach(async () => {
  clock = createSteppedClock();
  store = createMemoryStore();
  providerKey = await createProviderKey('first');
  provider = await startIdentityProvider([providerKey]);
  authenticator = assemble();
});

afterEach(async () => {
  await provider[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

const present = async (presented: Omit<PresentedCredentials, 'remoteAddress'>): Promise<Caller | AuthRefusal> =>
  authenticator.authenticate({ remoteAddress, ...presented });

const bearer = (token: string): Omit<PresentedCredentials, 'remoteAddress'> => ({ authorization: `Bearer ${token}` });

const newApiKey = async () => orThrow(await createApiKey(store.apiKeys, { name: 'app', tier: 'PRO' }, clock));

const tokenOf = async (member: Pick<Member, 'id' | 'joinedAt'>): Promise<string> => (await memberTokens.issue(member)).token;

const userToken = (claims: Record<string, unknown> = {}, header: { readonly typ?: string } = {}): Promise<string> =>
  signWith(
    providerKey,
    { iss: issuer, aud: 'parley', sub: 'u1', exp: clock.now() / 1_000 + 600, preferred_username: 'ada', ...claims },
    header,
  );

async function walletToken(): Promise<{ readonly address: string; readonly token: string }> {
  const account = privateKeyToAccount(generatePrivateKey());
  const challenge = orThrow(await wallet.challenge({ address: account.address, remoteAddress }));
  const signature = await account.signMessage({ message: challenge.message });
  return { address: account.address, token: orThrow(await wallet.verify({ challengeId: challenge.id, signature })).token };
}

async function refusalOf(outcome: Promise<Caller | AuthRefusal>): Promise<AuthRefusal> {
  const settled = await outcome;
  if (!isRefusal(settled)) throw new Error(`Expected a refusal, got ${JSON.stringify(settled)}`);
  return settled;
}

const refusal = (code: ProblemCode, detail: string | RegExp, retryable = false): object => ({
  problem: expect.objectContaining({ kind: 'problem', code, detail: expect.stringMatching(detail) }),
  retryable,
});

test('without credentials the caller is anonymous', async () => {
  expect(await present({})).toEqual({ viewer: { kind: 'ANONYMOUS' }, currentSessionId: null, remoteAddress, expiresAt: null });
});

test('an API key is its viewer', async () => {
  const { key, record } = await newApiKey();
  const viewer = { kind: 'API_KEY', keyId: record.id, name: 'app', tier: 'PRO' };
  expect(await present({ apiKey: key })).toEqual({ viewer, currentSessionId: null, remoteAddress, expiresAt: null });
});

test.each(['UPSTREAM_UNAVAILABLE', 'RATE_LIMITED'] as const)('credentials are not called bad where the store says %s', async (code) => {
  const { key } = await newApiKey();
  const byHash = async (): Promise<never> => {
    throw new ProblemError(problem(code, 'Not now.', { retryAfterSeconds: 1 }));
  };
  store = { ...store, apiKeys: { ...store.apiKeys, byHash } };
  authenticator = assemble();
  expect(await present({ apiKey: key })).toEqual(refusal(code, 'Not now.', true));
});

test('what failed otherwise while credentials are looked up is no refusal', async () => {
  const { key } = await newApiKey();
  const byHash = async (): Promise<never> => {
    throw new Error('the disk is gone');
  };
  store = { ...store, apiKeys: { ...store.apiKeys, byHash } };
  authenticator = assemble();
  await expect(present({ apiKey: key })).rejects.toThrow('the disk is gone');
});

test("a wallet's token is its wallet, until it runs out", async () => {
  const { address, token } = await walletToken();
  const caller = { viewer: { kind: 'WALLET', address }, currentSessionId: null, remoteAddress, expiresAt: clock.now() + 600_000 };
  expect(await present(bearer(token))).toEqual(caller);
  clock.advance(600_000);
  expect(await present(bearer(token))).toEqual(refusal('UNAUTHENTICATED', 'has run out', true));
});

test("a user's JWT is its user, until it runs out", async () => {
  const token = await userToken();
  const viewer = { kind: 'USER', issuer, subject: 'u1', name: 'ada' };
  expect(await present(bearer(token))).toEqual({ viewer, currentSessionId: null, remoteAddress, expiresAt: clock.now() + 605_000 });
  clock.advance(605_000);
  expect(await present(bearer(token))).toEqual(refusal('UNAUTHENTICATED', 'has run out', true));
});

test.each(['JWT', 'at+jwt'])("a user's JWT of the type %s is recognised", async (typ) => {
  expect(await present(bearer(await userToken({}, { typ })))).toMatchObject({ viewer: { kind: 'USER' } });
});

test("a member's token is its member, in its session, until it runs out", async () => {
  const member = await admitMember(store, clock.now());
  const token = await tokenOf(member);
  const caller = {
    viewer: { kind: 'MEMBER', member },
    currentSessionId: member.sessionId,
    remoteAddress,
    expiresAt: clock.now() + 3_600_000,
  };
  expect(await present(bearer(token))).toEqual(caller);
  expect(await present({ ...bearer(token), sessionId: member.sessionId })).toEqual(caller);
  clock.advance(3_600_000);
  expect(await present(bearer(token))).toEqual(refusal('UNAUTHENTICATED', 'has run out', true));
});

test.each(['bearer', 'BEARER', 'Bearer  '])('the scheme is taken as %j', async (scheme) => {
  const member = await admitMember(store, clock.now());
  expect(isRefusal(await present({ authorization: `${scheme} ${await tokenOf(member)}` }))).toBe(false);
});

test('a member is as the store has it now', async () => {
  const member = await admitMember(store, clock.now());
  const token = await tokenOf(member);
  expect(isRefusal(await present(bearer(token)))).toBe(false);
  await removeMember(store, member, 'KICKED', clock.now());
  expect(await present(bearer(token))).toEqual(refusal('KICKED', 'removed from the session'));
});

test('the token of one who left is refused', async () => {
  const member = await admitMember(store, clock.now());
  await removeMember(store, member, 'LEFT', clock.now());
  expect(await present(bearer(await tokenOf(member)))).toEqual(refusal('UNAUTHENTICATED', 'membership ended'));
});

test('the token of a member that the store does not have is refused', async () => {
  const token = await tokenOf({ id: newMemberId(), joinedAt: clock.now() });
  expect(await present(bearer(token))).toEqual(refusal('UNAUTHENTICATED', 'does not exist'));
});

test.each(['EXPIRED', 'ENDED'] as const)('the token of a member of an %s session still serves to read', async (status) => {
  const member = await admitMember(store, clock.now());
  await closeSession(store, member, status, clock.now());
  expect(await present(bearer(await tokenOf(member)))).toMatchObject({ viewer: { kind: 'MEMBER', member } });
});

test('X-Session-Id picks the current session of everybody but members', async () => {
  const sessionId = newSessionId();
  expect(await present({ sessionId })).toMatchObject({ viewer: { kind: 'ANONYMOUS' }, currentSessionId: sessionId });
  expect(await present({ apiKey: (await newApiKey()).key, sessionId })).toMatchObject({ currentSessionId: sessionId });
  expect(await present({ ...bearer((await walletToken()).token), sessionId })).toMatchObject({ currentSessionId: sessionId });
  expect(await present({ ...bearer(await userToken()), sessionId })).toMatchObject({ currentSessionId: sessionId });
});

test('X-Session-Id of another session than the member token is refused with both', async () => {
  const member = await admitMember(store, clock.now());
  const sessionId = newSessionId();
  const outcome = present({ ...bearer(await tokenOf(member)), sessionId });
  expect(await outcome).toEqual(refusal('BAD_INPUT', new RegExp(`${sessionId}.*${member.sessionId}`)));
});

test.each(['', 'nonsense', 'ses_', 'mem_0190000000007000', 'ses_a b', 'ses_\u0000', '💥'])(
  'X-Session-Id %j is refused with its value',
  async (sessionId) => {
    const shown = JSON.stringify(sessionId);
    const { problem, retryable } = await refusalOf(present({ sessionId }));
    expect({ code: problem.code, retryable }).toEqual({ code: 'BAD_INPUT', retryable: false });
    expect(problem.detail).toContain(`got ${shown}`);
  },
);

test('two credentials are refused, good as each may be', async () => {
  const { key } = await newApiKey();
  const both = { apiKey: key, ...bearer(await userToken()) };
  expect(await present(both)).toEqual(refusal('UNAUTHENTICATED', 'send only one'));
});

test.each(['', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'token', 'Bearer a b', 'Bearera', 'Digest username="x"'])(
  'the Authorization %j is refused, and not taken for anonymous',
  async (authorization) => {
    expect(await present({ authorization })).toEqual(refusal('UNAUTHENTICATED', '`Bearer <token>`'));
  },
);

test.each(['x', 'a.b', 'a.b.c', '..', 'pk_0123456789abcdef', '\ud800'])('the bearer %j is no token', async (token) => {
  expect(await present(bearer(token))).toEqual(refusal('UNAUTHENTICATED', 'malformed'));
});

test('a token that is longer than a header is not looked at', async () => {
  const claims = { padding: 'x'.repeat(8_000) };
  expect(await present(bearer(await userToken(claims)))).toMatchObject({ viewer: { kind: 'USER' } });
  const long = await userToken({ padding: 'x'.repeat(16_000) });
  expect(await present(bearer(long))).toEqual(refusal('UNAUTHENTICATED', 'malformed'));
});

test('an API key that is malformed, unknown or revoked is refused for good', async () => {
  const { key, record } = await newApiKey();
  expect(await present({ apiKey: '' })).toEqual(refusal('UNAUTHENTICATED', '`pk_`'));
  expect(await present({ apiKey: `${key.slice(0, -2)}AA` })).toEqual(refusal('UNAUTHENTICATED', 'not known'));
  await store.apiKeys.revoke(record.id, clock.now());
  expect(await present({ apiKey: key })).toEqual(refusal('UNAUTHENTICATED', 'revoked'));
});

test('a token of the gateway under another secret is malformed', async () => {
  const member = await admitMember(store, clock.now());
  const { token } = await createMemberTokens({ secret: `${secret}2`, lifetimeSeconds: null, clock }).issue(member);
  expect(await present(bearer(token))).toEqual(refusal('UNAUTHENTICATED', 'member token is malformed'));
});

test.each(['parley-member+jwt', 'parley-wallet+jwt'])('a JWT by the identity provider cannot pass itself off as %s', async (typ) => {
  const member = await admitMember(store, clock.now());
  const token = await userToken({ iss: 'parley', aud: 'parley:member', sub: member.id }, { typ });
  expect(await present(bearer(token))).toEqual(refusal('UNAUTHENTICATED', 'malformed'));
});

test('an unsigned token is refused whatever it claims', async () => {
  const unsigned = new UnsecuredJWT({ iss: issuer, aud: 'parley', sub: 'u1', exp: clock.now() }).encode();
  expect(await present(bearer(unsigned))).toEqual(refusal('UNAUTHENTICATED', 'algorithm'));
});

test("users' tokens are refused where there is no identity provider", async () => {
  authenticator = assemble(false);
  expect(await present(bearer(await userToken()))).toEqual(refusal('UNAUTHENTICATED', '`auth.jwt`'));
});

test('an identity provider that is down is said to be, and the caller told to come back', async () => {
  await provider[Symbol.asyncDispose]();
  const outcome = present(bearer(await userToken()));
  expect(await outcome).toEqual(refusal('UPSTREAM_UNAVAILABLE', 'identity provider', true));
});

test('a store that cannot answer now is said to be, and the caller told to come back', async () => {
  const { key } = await newApiKey();
  const byHash = async (): Promise<never> => {
    throw new ProblemError(problem('UNAVAILABLE', 'The store has too much to do.', { retryAfterSeconds: 1 }));
  };
  authenticator = createAuthenticator({
    apiKeys: createApiKeyVerifier({ store: { byHash }, clock }),
    memberTokens,
    wallet,
    users: null,
    members: store.members,
  });
  expect(await present({ apiKey: key })).toEqual(refusal('UNAVAILABLE', 'too much to do', true));
});

test('a store that fails is an exception, not a refusal', async () => {
  const token = await tokenOf(await admitMember(store, clock.now()));
  await store[Symbol.asyncDispose]();
  await expect(present(bearer(token))).rejects.toThrow('closed');
});

test('credentials seen before cost at most one read of the store', async () => {
  const reads: string[] = [];
  const { key } = await newApiKey();
  const token = await tokenOf(await admitMember(store, clock.now()));
  authenticator = createAuthenticator({
    apiKeys: createApiKeyVerifier({ store: { byHash: (hash) => (reads.push('key'), store.apiKeys.byHash(hash)) }, clock }),
    memberTokens,
    wallet,
    users: null,
    members: { byIds: (ids) => (reads.push('member'), store.members.byIds(ids)) },
  });
  for (let count = 0; count < 5; count += 1) await present({ apiKey: key });
  expect(reads).toEqual(['key']);
  for (let count = 0; count < 3; count += 1) await present(bearer(token));
  expect(reads).toEqual(['key', 'member', 'member', 'member']);
});

test('no refusal shows anything of a credential or of the secret', async () => {
  const { key, record } = await newApiKey();
  const member = await admitMember(store, clock.now());
  const memberToken = await tokenOf(member);
  const user = await userToken({ preferred_username: 'PLANTED-name', sub: 'PLANTED-subject' });
  const foreign = await userToken({ aud: 'PLANTED-audience', iss: 'PLANTED-issuer', secret: 'PLANTED-claim' });
  const { token: lateWallet } = await walletToken();
  const lateUser = await userToken({ sub: 'PLANTED-late' });
  const signatureOf = (token: string): string => token.slice(token.lastIndexOf('.') + 1);
  const planted = [key, memberToken, user, foreign, lateWallet, lateUser];

  await removeMember(store, member, 'LEFT', clock.now());
  await store.apiKeys.revoke(record.id, clock.now());
  clock.advance(700_000);
  const attempts: Omit<PresentedCredentials, 'remoteAddress'>[] = [
    ...planted.flatMap((value) => [
      { apiKey: value },
      bearer(value),
      bearer(`${value}x`),
      bearer(value.slice(0, -3)),
      { authorization: value },
      { authorization: `Basic ${value}` },
      { apiKey: value, authorization: value },
      { sessionId: value },
      { sessionId: value, ...bearer(value) },
    ]),
    { authorization: 'Basic UExBTlRFRC1wYXNzd29yZA==' },
    { apiKey: 'PLANTED-key' },
    bearer('PLANTED-token'),
  ];
  for (const attempt of attempts) {
    const shown = inspect(await refusalOf(present(attempt)), { depth: null });
    expect.soft(shown).not.toMatch(/PLANTED|UExBTlRFRC/);
    for (const value of planted) {
      expect.soft(shown).not.toContain(signatureOf(value).slice(-20));
      expect.soft(shown).not.toContain(value.slice(21, 41));
    }
  }
  const everything = inspect([authenticator, memberTokens, wallet], { depth: null, showHidden: true });
  expect(everything).not.toContain('PLANTED');
});
