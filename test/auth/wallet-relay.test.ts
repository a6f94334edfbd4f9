import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { createAttemptLimiter } from '../../src/auth/attempts.ts';
import { createSecretBox } from '../../src/auth/secret-box.ts';
import { type WalletAuth, createWalletAuth } from '../../src/auth/wallet.ts';
import { orThrow, problem } from '../../src/core/problem.ts';
import type { ChallengeStore, Store } from '../../src/core/ports.ts';
import type { WalletRelay } from '../../src/core/service.ts';
import type { Joiner } from '../../src/core/service.ts';
import { createSteppedClock } from '../support/auth-clock.ts';
import { storeDrivers, user, wallet as walletCaller } from '../support/core-service.ts';
import { expectProblem } from '../support/core-fixtures.ts';
import { accepted, createServiceWorld } from '../support/service-world.ts';

const secret = 'a master secret of more than 32 characters';
const account = privateKeyToAccount(generatePrivateKey());

/** A service that gives a bearer to a wallet that has signed its challenge. */
function createRelay(parts: Partial<WalletRelay> = {}): WalletRelay & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  let proofs = 0;
  return {
    asked,
    async challenge(request) {
      asked.push(request);
      return { message: `Sign in to the service as ${request.address}` };
    },
    async verify(answer) {
      asked.push(answer);
      return { token: `PLANTED-proof-${(proofs += 1)}`, expiresAt: null };
    },
    ...parts,
  };
}

function createWallets(store: Pick<Store, 'challenges'>, relay: WalletRelay, clock = createSteppedClock()): WalletAuth {
  return createWalletAuth({
    challenges: store.challenges,
    attempts: createAttemptLimiter(),
    clock,
    domain: 'app.example.com',
    uri: 'https://app.example.com/',
    chainIds: [1],
    challengeSeconds: 300,
    tokenSeconds: 3_600,
    secret,
    box: createSecretBox(secret),
    relays: new Map([['remote', relay]]),
  });
}

async function prove(auth: WalletAuth, backend: string | null = 'remote'): ReturnType<WalletAuth['verify']> {
  const { id, message } = orThrow(await auth.challenge({ address: account.address, backend, remoteAddress: '192.0.2.1' }));
  return auth.verify({ challengeId: id, signature: await account.signMessage({ message }) });
}

const viewer = { kind: 'WALLET', address: account.address } as const;

describe.each(Object.entries(storeDrivers))('a service’s own challenge, on %s', (_, open) => {
  it('is passed on, and its proof kept for the wallet and that backend', async () => {
    await using store = await open();
    const relay = createRelay();
    const auth = createWallets(store, relay);
    const credentials = orThrow(await prove(auth));
    expect(await auth.verifyToken(credentials.token)).toMatchObject({ address: account.address });
    const message = `Sign in to the service as ${account.address}`;
    expect(relay.asked).toEqual([
      { address: account.address, chain: 'ethereum' },
      { address: account.address, chain: 'ethereum', message, signature: await account.signMessage({ message }) },
    ]);
    expect(await auth.find(viewer, 'remote')).toBe('PLANTED-proof-1');
    expect(await auth.find(viewer, 'other')).toBeNull();
    expect(await auth.find({ kind: 'WALLET', address: '0x52908400098527886E0F7030069857D2E4169EE7' }, 'remote')).toBeNull();
    expect(await auth.find(user('Ada').viewer, 'remote')).toBeNull();
    // Proven again, the later proof counts.
    orThrow(await prove(auth));
    expect(await auth.find(viewer, 'remote')).toBe('PLANTED-proof-2');
  });

  it('has a proof that is gone after its end', async () => {
    await using store = await open();
    const clock = createSteppedClock();
    const end = clock.now() + 60_000;
    const auth = createWallets(store, createRelay({ verify: async () => ({ token: 'proof', expiresAt: end }) }), clock);
    orThrow(await prove(auth));
    clock.advance(59_999);
    expect(await auth.find(viewer, 'remote')).toBe('proof');
    clock.advance(1);
    expect(await auth.find(viewer, 'remote')).toBeNull();
  });

  it('has its proof sealed where it is kept', async () => {
    await using store = await open();
    const payloads: string[] = [];
    const challenges: ChallengeStore = {
      ...store.challenges,
      put(challenge) {
        payloads.push(challenge.payload);
        return store.challenges.put(challenge);
      },
    };
    orThrow(await prove(createWallets({ challenges }, createRelay())));
    expect(payloads).toHaveLength(2);
    expect(payloads.join()).not.toContain('PLANTED-proof');
  });
});

describe('a service’s own challenge', () => {
  it('is the service’s to refuse, and then there is neither token nor proof', async () => {
    await using store = await storeDrivers.memory();
    const refusal = problem('UPSTREAM_REFUSED', 'The service does not know the wallet.', { backend: 'remote' });
    const unasked = createWallets(store, createRelay({ challenge: async () => refusal }));
    expect(await unasked.challenge({ address: account.address, backend: 'remote', remoteAddress: '192.0.2.1' })).toEqual(refusal);
    const unproven = createWallets(store, createRelay({ verify: async () => refusal }));
    expect(await prove(unproven)).toEqual(refusal);
    expect(await unproven.find(viewer, 'remote')).toBeNull();
  });

  it('is not passed on where another wallet has signed it', async () => {
    await using store = await storeDrivers.memory();
    const relay = createRelay();
    const auth = createWallets(store, relay);
    const { id, message } = orThrow(await auth.challenge({ address: account.address, backend: 'remote', remoteAddress: '192.0.2.1' }));
    const signature = await privateKeyToAccount(generatePrivateKey()).signMessage({ message });
    expectProblem(await auth.verify({ challengeId: id, signature }), 'UNAUTHENTICATED', ['signature']);
    expect(relay.asked).toHaveLength(1);
  });

  it('is the gateway’s where the backend has none', async () => {
    await using store = await storeDrivers.memory();
    const relay = createRelay();
    const auth = createWallets(store, relay);
    for (const backend of ['local', null]) {
      const { message } = orThrow(await auth.challenge({ address: account.address, backend, remoteAddress: '192.0.2.1' }));
      expect(message).toContain('app.example.com wants you to sign in');
    }
    expect(relay.asked).toEqual([]);
  });

  it('gives the service the proof when the wallet creates and joins', async () => {
    await using store = await storeDrivers.memory();
    const auth = createWallets(store, createRelay());
    await using world = createServiceWorld({ store, walletProofs: auth });
    const caller = walletCaller(account.address);
    const proofs = (): readonly unknown[] =>
      world.remote.calls.map(({ method, of }) => (method === 'open' ? (of as { creator: Joiner }).creator : (of as Joiner)).walletProof);
    const ada = await world.create({}, user('Ada'));
    accepted(await world.sessions.join(caller, { sessionId: ada.admission.sessionId }));
    expect(proofs()).toEqual([null, null]);
    orThrow(await prove(auth));
    const eve = await world.create({}, user('Eve'));
    accepted(await world.sessions.join(caller, { sessionId: eve.admission.sessionId }));
    await world.create({}, caller);
    expect(proofs().slice(2)).toEqual([null, 'PLANTED-proof-1', 'PLANTED-proof-1']);
  });
});
