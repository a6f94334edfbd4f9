import { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { expect, test } from 'vitest';
import { createMemberTokens } from '../../src/auth/member-tokens.ts';
import { deriveKey } from '../../src/auth/secret.ts';
import { createSignedTokens } from '../../src/auth/signed-tokens.ts';
import { newMemberId } from '../../src/core/ids.ts';
import { createSteppedClock } from '../support/auth-clock.ts';

const secret = 'a master secret of more than 32 characters';

function start(lifetimeSeconds: number | null = 3_600) {
  const clock = createSteppedClock();
  const member = { id: newMemberId(), joinedAt: clock.now() };
  return { clock, member, tokens: createMemberTokens({ secret, lifetimeSeconds, clock }) };
}

const forge = (payload: JWTPayload, header: { readonly typ?: string }): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256', ...header }).sign(deriveKey(secret, 'member-token'));

test('a token names its member and its end', async () => {
  const { tokens, member } = start();
  const { token, expiresAt } = await tokens.issue(member);
  expect(expiresAt).toBe(member.joinedAt + 3_600_000);
  expect(await tokens.verify(token)).toEqual({ memberId: member.id, expiresAt });
});

test('the same member has the same token, also later and at another gateway with the same secret', async () => {
  const { tokens, member, clock } = start();
  const first = await tokens.issue(member);
  clock.advance(1_234_567);
  expect(await tokens.issue(member)).toEqual(first);
  const elsewhere = createMemberTokens({ secret, lifetimeSeconds: 3_600, clock });
  expect(await elsewhere.issue(member)).toEqual(first);
  expect(await elsewhere.verify(first.token)).toEqual({ memberId: member.id, expiresAt: first.expiresAt });
});

test('members have different tokens, and so has one who joined again', async () => {
  const { tokens, member } = start();
  const issued = await Promise.all([
    tokens.issue(member),
    tokens.issue({ ...member, id: newMemberId() }),
    tokens.issue({ ...member, joinedAt: member.joinedAt + 1_000 }),
  ]);
  expect(new Set(issued.map(({ token }) => token)).size).toBe(3);
});

test('a token of a member who joined within a second lasts the whole lifetime', async () => {
  const { tokens, member } = start();
  const { expiresAt } = await tokens.issue({ ...member, joinedAt: member.joinedAt + 1 });
  expect(expiresAt).toBe(member.joinedAt + 3_601_000);
});

test('a token runs out at its end, whether or not it was seen before', async () => {
  const { tokens, member, clock } = start();
  const { token } = await tokens.issue(member);
  const unseen = createMemberTokens({ secret, lifetimeSeconds: 3_600, clock });
  clock.advance(3_599_999);
  expect(await tokens.verify(token)).toMatchObject({ memberId: member.id });
  clock.advance(1);
  expect(await tokens.verify(token)).toBe('expired');
  expect(await unseen.verify(token)).toBe('expired');
});

test('a token without lifetime does not run out', async () => {
  const { tokens, member, clock } = start(null);
  const { token, expiresAt } = await tokens.issue(member);
  expect(expiresAt).toBeNull();
  clock.advance(100 * 365 * 86_400_000);
  expect(await tokens.verify(token)).toEqual({ memberId: member.id, expiresAt: null });
});

test('what was changed in any part is malformed, and stays so beside the good token', async () => {
  const { tokens, member } = start();
  const { token } = await tokens.issue(member);
  await tokens.verify(token);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const otherPayload = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: newMemberId() })).toString('base64url');
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  const changed = [
    `${header}.${otherPayload}.${signature}`,
    `${header}.${payload}.${flipped}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${token}x`,
    ` ${token}`,
    '',
    'not a token',
    '..',
    '\u0000.\ud800.💥',
  ];
  for (const text of changed) expect.soft(await tokens.verify(text), text).toBe('malformed');
});

test('a token under another secret is malformed', async () => {
  const { tokens, member, clock } = start();
  const { token } = await createMemberTokens({ secret: secret.toUpperCase(), lifetimeSeconds: 3_600, clock }).issue(member);
  expect(await tokens.verify(token)).toBe('malformed');
});

test('a token that nobody signed is malformed', async () => {
  const { tokens, member, clock } = start();
  const { token } = await tokens.issue(member);
  const payload = Buffer.from(JSON.stringify(decodeJwt(token))).toString('base64url');
  const header = Buffer.from(JSON.stringify({ ...decodeProtectedHeader(token), alg: 'none' })).toString('base64url');
  expect(await tokens.verify(`${header}.${payload}.`)).toBe('malformed');
  expect(await tokens.verify(new UnsecuredJWT({ sub: member.id }).setExpirationTime(clock.now() / 1_000 + 60).encode())).toBe('malformed');
});

test('a token for another purpose is malformed, both ways', async () => {
  const { tokens, member, clock } = start();
  const walletTokens = createSignedTokens({ kind: 'wallet', secret, clock });
  const walletToken = await walletTokens.sign(member.id, clock.now() / 1_000, null);
  expect(await tokens.verify(walletToken)).toBe('malformed');
  expect(await walletTokens.verify((await tokens.issue(member)).token)).toBe('malformed');
});

test.each([
  ['another type', { typ: 'JWT' }, {}],
  ['no type', {}, {}],
  ['another audience', { typ: 'parley-member+jwt' }, { aud: 'parley:wallet' }],
  ['another issuer', { typ: 'parley-member+jwt' }, { iss: 'someone' }],
  ['no subject', { typ: 'parley-member+jwt' }, { sub: undefined }],
])('a token with the right key but %s is malformed', async (_, header: { typ?: string }, claims: object) => {
  const { tokens, member } = start();
  const payload = { iss: 'parley', aud: 'parley:member', sub: member.id, ...claims };
  expect(await tokens.verify(await forge(payload, header))).toBe('malformed');
});

test('a cached verification belongs to its token alone, over more tokens than the cache holds', { timeout: 60_000 }, async () => {
  const { tokens, member } = start();
  const first = await tokens.issue(member);
  expect(await tokens.verify(first.token)).toMatchObject({ memberId: member.id });
  const mistaken: string[] = [];
  for (let count = 0; count < 10_050; count += 1) {
    const id = newMemberId();
    const { token } = await tokens.issue({ ...member, id });
    const claim = await tokens.verify(token);
    if (typeof claim === 'string' || claim.memberId !== id) mistaken.push(id);
  }
  expect(mistaken).toEqual([]);
  expect(await tokens.verify(first.token)).toEqual({ memberId: member.id, expiresAt: first.expiresAt });
});
