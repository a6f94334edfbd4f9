import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { parseSiweMessage } from 'viem/siwe';
import { beforeEach, expect, test } from 'vitest';
import { createSecretBox } from '../../src/auth/secret-box.ts';
import { createAttemptLimiter } from '../../src/auth/attempts.ts';
import { createMemberTokens } from '../../src/auth/member-tokens.ts';
import { createWalletAuth, type WalletAuth, type WalletChallenge } from '../../src/auth/wallet.ts';
import { newMemberId } from '../../src/core/ids.ts';
import { isProblem, orThrow, type Problem } from '../../src/core/problem.ts';
import { createSteppedClock, type SteppedClock } from '../support/auth-clock.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';

const secret = 'a master secret of more than 32 characters';
const account = privateKeyToAccount(generatePrivateKey());
const remoteAddress = '192.0.2.1';
// From EIP-55.
const checksummed = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';

let clock: SteppedClock;
let wallet: WalletAuth;

const walletAuth = (options: Partial<Parameters<typeof createWalletAuth>[0]> = {}): WalletAuth =>
  createWalletAuth({
    challenges: createMemoryStore().challenges,
    attempts: createAttemptLimiter({ limit: 20 }),
    clock,
    domain: 'app.example.com',
    uri: 'https://app.example.com/chat',
    chainIds: [1, 137, 424_242],
    challengeSeconds: 300,
    tokenSeconds: 3_600,
    secret,
    box: createSecretBox(secret),
    ...options,
  });

beforeEach(() => {
  clock = createSteppedClock();
  wallet = walletAuth();
});

const request = async (address: string = account.address, chain?: string): Promise<WalletChallenge> =>
  orThrow(await wallet.challenge({ address, chain, remoteAddress }));

function refusal(outcome: unknown): Problem {
  if (!isProblem(outcome)) throw new Error(`Expected a problem, got ${JSON.stringify(outcome)}`);
  return outcome;
}

test('a wallet that signs its challenge gets a token of its own', async () => {
  const challenge = await request();
  const signature = await account.signMessage({ message: challenge.message });
  const credentials = orThrow(await wallet.verify({ challengeId: challenge.id, signature }));
  expect(credentials.expiresAt).toBe(clock.now() + 3_600_000);
  expect(await wallet.verifyToken(credentials.token)).toEqual({ address: account.address, expiresAt: credentials.expiresAt });
});

test('a wallet that gave its address in lower case is known by its EIP-55 form', async () => {
  const challenge = await request(account.address.toLowerCase());
  const signature = await account.signMessage({ message: challenge.message });
  const { token } = orThrow(await wallet.verify({ challengeId: challenge.id, signature }));
  expect(await wallet.verifyToken(token)).toMatchObject({ address: account.address });
});

test('the challenge is an EIP-4361 message with domain, chain, nonce and end', async () => {
  const challenge = await request(account.address.toLowerCase(), 'polygon');
  expect(challenge.expiresAt).toBe(clock.now() + 300_000);
  expect(challenge.message).toMatch(/^app\.example\.com wants you to sign in with your Ethereum account:\n0x/);
  expect(parseSiweMessage(challenge.message)).toEqual({
    address: account.address,
    domain: 'app.example.com',
    uri: 'https://app.example.com/chat',
    version: '1',
    chainId: 137,
    statement: expect.stringContaining('Sign in to Parley'),
    nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
    issuedAt: new Date(clock.now()),
    expirationTime: new Date(challenge.expiresAt),
  });
});

test('no two challenges are alike', async () => {
  const challenges = await Promise.all(Array.from({ length: 10 }, () => request()));
  expect(new Set(challenges.map(({ id }) => id)).size).toBe(10);
  expect(new Set(challenges.map(({ message }) => parseSiweMessage(message).nonce)).size).toBe(10);
});

test.each([
  ['its checksum', checksummed],
  ['lower case', checksummed.toLowerCase()],
  ['upper case', `0x${checksummed.slice(2).toUpperCase()}`],
])('an address in %s is accepted and signed for in its EIP-55 form', async (_, address) => {
  expect(parseSiweMessage((await request(address)).message).address).toBe(checksummed);
});

test.each([
  ['a wrong checksum', checksummed.replace('a', 'A')],
  ['a digit too few', checksummed.slice(0, -1)],
  ['a digit too many', `${checksummed}0`],
  ['no prefix', checksummed.slice(2)],
  ['a letter that is no digit', `${checksummed.slice(0, -1)}g`],
  ['nothing', ''],
  ['a name', 'vitalik.eth'],
  ['a line break', `${checksummed}\n`],
])('an address with %s is refused with its value', async (_, address) => {
  const problem = refusal(await wallet.challenge({ address, remoteAddress }));
  expect(problem).toMatchObject({ code: 'BAD_INPUT', path: ['address'] });
  expect(problem.detail).toContain(JSON.stringify(address));
});

test.each(['optimism', '10', '', 'ethereum '])('the chain %j is refused with those that are allowed', async (chain) => {
  const problem = refusal(await wallet.challenge({ address: account.address, chain, remoteAddress }));
  expect(problem).toMatchObject({ code: 'BAD_INPUT', path: ['chain'] });
  expect(problem.detail).toContain(`ethereum, polygon, 424242, got ${JSON.stringify(chain)}`);
});

test.each([
  [undefined, 1],
  [null, 1],
  ['ETHEREUM', 1],
  ['424242', 424_242],
])('the chain %j is %d', async (chain, chainId) => {
  const challenge = orThrow(await wallet.challenge({ address: account.address, chain, remoteAddress }));
  expect(parseSiweMessage(challenge.message).chainId).toBe(chainId);
});

test('the default chain is refused where the gateway does not allow it', async () => {
  wallet = walletAuth({ chainIds: [137] });
  expect(refusal(await wallet.challenge({ address: account.address, remoteAddress })).path).toEqual(['chain']);
});

test('one remote address gets only so many challenges, refused ones not counted', async () => {
  wallet = walletAuth({ attempts: createAttemptLimiter({ limit: 3 }) });
  for (let count = 0; count < 10; count += 1) await wallet.challenge({ address: 'nonsense', remoteAddress });
  for (let count = 0; count < 3; count += 1) await request();
  const problem = refusal(await wallet.challenge({ address: account.address, remoteAddress }));
  expect(problem.code).toBe('RATE_LIMITED');
  expect(problem.retryAfterSeconds).toBeGreaterThan(0);
  expect(isProblem(await wallet.challenge({ address: account.address, remoteAddress: '192.0.2.2' }))).toBe(false);
});

test("another wallet's signature is refused and uses the challenge up", async () => {
  const challenge = await request();
  const { message } = challenge;
  const other = privateKeyToAccount(generatePrivateKey());
  const problem = refusal(await wallet.verify({ challengeId: challenge.id, signature: await other.signMessage({ message }) }));
  expect(problem).toMatchObject({ code: 'UNAUTHENTICATED', path: ['signature'] });
  expect(problem.detail).toContain(account.address);
  const late = refusal(await wallet.verify({ challengeId: challenge.id, signature: await account.signMessage({ message }) }));
  expect(late).toMatchObject({ code: 'UNAUTHENTICATED', path: ['challengeId'] });
});

test.each([
  ['a changed message', (message: string) => message.replace('Chain ID: 1', 'Chain ID: 5')],
  ['a message with an added line', (message: string) => `${message}\n`],
])("the right wallet's signature over %s is refused", async (_, change) => {
  const challenge = await request();
  const signature = await account.signMessage({ message: change(challenge.message) });
  expect(refusal(await wallet.verify({ challengeId: challenge.id, signature })).code).toBe('UNAUTHENTICATED');
});

test("the signature of one's other challenge is refused", async () => {
  const [first, second] = [await request(), await request()];
  const signature = await account.signMessage({ message: first.message });
  expect(refusal(await wallet.verify({ challengeId: second.id, signature })).code).toBe('UNAUTHENTICATED');
});

test('65 bytes that are nobody’s signature are refused', async () => {
  for (const bytes of [`${'00'.repeat(64)}1b`, `${'ff'.repeat(64)}1c`, `${'12'.repeat(64)}00`]) {
    const challenge = await request();
    expect.soft(refusal(await wallet.verify({ challengeId: challenge.id, signature: `0x${bytes}` })).code).toBe('UNAUTHENTICATED');
  }
});

test.each([
  ['nothing', ''],
  ['no prefix', '00'.repeat(65)],
  ['64 bytes', `0x${'12'.repeat(64)}`],
  ['66 bytes', `0x${'12'.repeat(66)}`],
  ['an impossible recovery bit', `0x${'12'.repeat(64)}1d`],
  ['no hexadecimal digits', `0x${'zz'.repeat(65)}`],
])('a signature of %s is bad input and leaves the challenge to be answered', async (_, malformed) => {
  const challenge = await request();
  const problem = refusal(await wallet.verify({ challengeId: challenge.id, signature: malformed }));
  expect(problem).toMatchObject({ code: 'BAD_INPUT', path: ['signature'] });
  const signature = await account.signMessage({ message: challenge.message });
  expect(isProblem(await wallet.verify({ challengeId: challenge.id, signature }))).toBe(false);
});

test('a recovery bit of 0 or 1, as hardware wallets write it, is accepted', async () => {
  const challenge = await request();
  const signature = await account.signMessage({ message: challenge.message });
  const bit = signature.endsWith('1b') ? '00' : '01';
  expect(isProblem(await wallet.verify({ challengeId: challenge.id, signature: `${signature.slice(0, -2)}${bit}` }))).toBe(false);
});

test('a challenge serves once, also for many at the same moment', async () => {
  const challenge = await request();
  const signature = await account.signMessage({ message: challenge.message });
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => wallet.verify({ challengeId: challenge.id, signature })));
  expect(outcomes.filter((outcome) => !isProblem(outcome))).toHaveLength(1);
  expect(new Set(outcomes.filter(isProblem).map(({ code }) => code))).toEqual(new Set(['UNAUTHENTICATED']));
});

test('a challenge is good until its end and not at it', async () => {
  const [first, second] = [await request(), await request()];
  clock.advance(299_999);
  const inTime = await wallet.verify({ challengeId: first.id, signature: await account.signMessage({ message: first.message }) });
  expect(isProblem(inTime)).toBe(false);
  clock.advance(1);
  const late = await wallet.verify({ challengeId: second.id, signature: await account.signMessage({ message: second.message }) });
  expect(refusal(late)).toMatchObject({ code: 'UNAUTHENTICATED', path: ['challengeId'] });
});

test.each(['', 'chl_00000000000000000000000000000000', '../../etc', '\u0000', 'x'.repeat(100_000)])(
  'an unknown challenge is refused',
  async (challengeId) => {
    const outcome = await wallet.verify({ challengeId, signature: `0x${'12'.repeat(64)}1b` });
    expect(refusal(outcome)).toMatchObject({ code: 'UNAUTHENTICATED', path: ['challengeId'] });
  },
);

test('a token runs out', async () => {
  const challenge = await request();
  const signature = await account.signMessage({ message: challenge.message });
  const { token } = orThrow(await wallet.verify({ challengeId: challenge.id, signature }));
  clock.advance(3_600_000);
  expect(await wallet.verifyToken(token)).toBe('expired');
});

test("a member's token is no wallet's", async () => {
  const { token } = await createMemberTokens({ secret, lifetimeSeconds: null, clock }).issue({ id: newMemberId(), joinedAt: clock.now() });
  expect(await wallet.verifyToken(token)).toBe('malformed');
});

test.each(['', 'https://app.example.com', 'app.example.com/path', 'app', 'app.example.com\nURI: x', 'a b.com'])(
  'the domain %j is refused at the start',
  (domain) => {
    expect(() => walletAuth({ domain })).toThrow(`got \`${domain}\``);
  },
);

test.each(['localhost', 'localhost:4000', '127.0.0.1:4000', 'app.example.com:8443'])('the domain %s can be signed for', async (domain) => {
  wallet = walletAuth({ domain });
  expect((await request()).message.startsWith(`${domain} wants you`)).toBe(true);
});

test('a URI that is not absolute is refused at the start', () => {
  expect(() => walletAuth({ uri: '/chat' })).toThrow('got `/chat`');
});
