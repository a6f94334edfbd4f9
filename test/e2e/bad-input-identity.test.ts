import { beforeAll, describe, expect, test } from 'vitest';
import { gatewayOfFile } from '../support/gateway-of-file.ts';
import { type Admitted, createSession, mutate, query } from '../support/graphql-client.ts';
import { unchanged } from '../support/bad-input.ts';
import { createWallet, credentialsFields, requestChallenge, signIn } from '../support/wallet.ts';

// Challenges are counted by address of the client: not all of them are needed here, and ten are let through in a minute.
const gateway = gatewayOfFile({ PARLEY_PASSWORD_ATTEMPTS_LIMIT: '3' });

const wallet = createWallet();
const stranger = createWallet();
let locked: Admitted;
beforeAll(async () => {
  locked = await createSession(gateway.url, { rules: { password: 'open sesame', allowlist: [wallet.address], allowlistOnly: false } });
});

const verify = (challengeId: string, signature: string) =>
  mutate(gateway.url, 'verifyWallet', { challengeId, signature }, credentialsFields);

describe('a challenge for', () => {
  test.each<[what: string, input: { address: string; chain?: string; backend?: string }, path: string, says: readonly string[]]>([
    ['no address', { address: 'ada' }, 'address', ['"ada"', '0x and 40 hexadecimal digits']],
    ['an address that is too short', { address: wallet.address.slice(0, -1) }, 'address', ['0x and 40 hexadecimal digits']],
    ['a wrong checksum', { address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed' }, 'address', ['0x5aAeb605', 'EIP-55 checksum']],
    ['an unknown chain', { address: wallet.address, chain: 'dogecoin' }, 'chain', ['"dogecoin"', 'one of ethereum']],
    ['a chain that is not allowed', { address: wallet.address, chain: '137' }, 'chain', ['"137"', 'one of ethereum']],
    ['an unknown backend', { address: wallet.address, backend: 'nowhere' }, 'backend', ['"nowhere"', 'one of local']],
  ])('%s', async (_what, { address, ...more }, path, says) => {
    const refused = await requestChallenge(gateway.url, address, more);
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'BAD_INPUT', status: 400, path: [path] });
    for (const words of says) expect(refused.detail).toContain(words);
  });
});

describe('an answer', () => {
  const refused = (path: string) => ({ __typename: 'Problem', code: 'UNAUTHENTICATED', status: 401, path: [path] });

  test('that is no signature leaves the challenge as it is', async () => {
    const { id, message } = await requestChallenge(gateway.url, wallet.address);
    for (const signature of ['', 'nonsense', '0x', `0x${'0'.repeat(129)}`, `0x${'g'.repeat(130)}`, `0x${'0'.repeat(132)}`]) {
      const answer = await verify(id, signature);
      expect(answer).toMatchObject({ __typename: 'Problem', code: 'BAD_INPUT', status: 400, path: ['signature'] });
      expect(answer.detail).toContain(`0x and 130 hexadecimal digits`);
      expect(answer.detail).toContain(`got ${signature.length} characters`);
    }
    expect((await verify(id, await wallet.signMessage({ message }))).__typename).toBe('Credentials');
  });

  test('by another wallet uses the challenge up', async () => {
    const { id, message } = await requestChallenge(gateway.url, wallet.address);
    const answer = await verify(id, await stranger.signMessage({ message }));
    expect(answer).toMatchObject(refused('signature'));
    expect(answer.detail).toContain(wallet.address);
    expect(answer.detail).toContain('request a new challenge');
    expect(await verify(id, await wallet.signMessage({ message }))).toMatchObject(refused('challengeId'));
  });

  test('over another message, or that is nobody’s signature', async () => {
    const first = await requestChallenge(gateway.url, wallet.address);
    expect(await verify(first.id, await wallet.signMessage({ message: `${first.message} ` }))).toMatchObject(refused('signature'));
    const second = await requestChallenge(gateway.url, wallet.address);
    expect(await verify(second.id, `0x${'f'.repeat(128)}1b`)).toMatchObject(refused('signature'));
  });

  test('given twice, or to a challenge that there is not', async () => {
    const { id, message } = await requestChallenge(gateway.url, wallet.address);
    const signature = await wallet.signMessage({ message });
    expect((await verify(id, signature)).__typename).toBe('Credentials');
    const again = await verify(id, signature);
    expect(again).toMatchObject(refused('challengeId'));
    expect(again.detail).toMatch(/unknown, used or expired.*request a new one/);
    for (const unknown of ['nonsense', '', `chl_${'0'.repeat(32)}`, '\ud800', 'chl_\0']) {
      expect(await verify(unknown, signature)).toMatchObject(refused('challengeId'));
    }
  });
});

describe('an identity', () => {
  const join = (input: object, credentials = {}) =>
    unchanged(gateway.url, locked, () =>
      mutate(gateway.url, 'joinSession', { sessionId: locked.sessionId, password: 'open sesame', ...input }, '__typename', credentials),
    );

  test('that was not proven is not believed', async () => {
    const claimed = await join({ identity: { address: wallet.address } });
    expect(claimed).toMatchObject({ code: 'FORBIDDEN', status: 403, path: ['identity', 'address'] });
    expect(claimed.detail).toContain(wallet.address);
    expect(claimed.detail).toContain('requestWalletChallenge');
    const other = await join({ identity: { address: wallet.address } }, await signIn(gateway.url, stranger));
    expect(other).toMatchObject({ code: 'FORBIDDEN', path: ['identity', 'address'] });
  });

  test.each<[what: string, identity: object, path: string, says: readonly string[]]>([
    ['a blank name', { name: ' ' }, 'name', ['not to be empty', '" "']],
    ['a long name', { name: 'n'.repeat(129) }, 'name', ['at most 128 characters', 'got 129.']],
    ['an empty address', { address: '' }, 'address', ['not to be empty', '""']],
    ['a wrong checksum', { address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed' }, 'address', ['EIP-55 checksum', '0x5aAeb605']],
  ])('with %s', async (_what, identity, path, says) => {
    const refused = await join({ identity });
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'BAD_INPUT', status: 400, path: ['identity', path] });
    for (const words of [`\`identity.${path}\``, ...says]) expect(refused.detail).toContain(words);
  });

  test('without the password, with a wrong one, and with too many', async () => {
    const without = await join({ password: null });
    expect(without).toMatchObject({ code: 'WRONG_PASSWORD', status: 401, path: ['password'] });
    expect(without.detail).toContain('asks for a password');
    expect(await join({ password: '' })).toMatchObject({ code: 'BAD_INPUT', path: ['password'] });
    expect(await join({ password: 'p'.repeat(1_025) })).toMatchObject({ code: 'TOO_LARGE', status: 413, path: ['password'] });
    // Each alias is an attempt, and those above that were compared with nothing were none.
    const guesses = Array.from(
      { length: 5 },
      (_, guess) =>
        `g${guess}: joinSession(input: { sessionId: $id, password: "Open Sesame ${guess}" }) { ...on Problem { code retryAfterSeconds } }`,
    );
    const answers = Object.values<any>(await query(gateway.url, `mutation ($id: ID!) { ${guesses.join(' ')} }`, { id: locked.sessionId }));
    expect(answers.map(({ code }) => code)).toEqual([...Array(3).fill('WRONG_PASSWORD'), ...Array(2).fill('RATE_LIMITED')]);
    expect(answers[4].retryAfterSeconds).toBeGreaterThan(0);
    // The right one counts too: else a guesser would be told by the difference.
    expect(await join({})).toMatchObject({ code: 'RATE_LIMITED', status: 429, path: ['password'] });
  });
});

test('more challenges than a person needs are refused', async () => {
  let answer: any;
  for (let count = 0; count <= 10 && answer?.code === undefined; count += 1) answer = await requestChallenge(gateway.url, wallet.address);
  expect(answer).toMatchObject({ __typename: 'Problem', code: 'RATE_LIMITED', status: 429 });
  expect(answer.retryAfterSeconds).toBeGreaterThan(0);
});
