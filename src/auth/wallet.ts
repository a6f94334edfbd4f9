import { randomBytes } from 'node:crypto';
import type { AttemptLimiter, ChallengeStore, Clock, SecretBox, WalletProofs } from '../core/ports.ts';
import type { WalletRelay } from '../core/service.ts';
import { isProblem, problem, type Problem } from '../core/problem.ts';
import type { Credentials } from '../core/use-cases.ts';
import { createAddresses } from './addresses.ts';
import { allowedChainId, chainLabel } from './chains.ts';
import { createSignedTokens, type TokenFault } from './signed-tokens.ts';

/** What a wallet is to sign. */
export interface WalletChallenge {
  readonly id: string;
  /** The EIP-4361 message, to be signed byte for byte by `personal_sign`. */
  readonly message: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface ChallengeRequest {
  /** `0x` and 40 hexadecimal digits; mixed case must be the EIP-55 checksum. */
  readonly address: string;
  /** Name or number of a chain that the gateway allows. @default 'ethereum' */
  readonly chain?: string | null | undefined;
  /** The backend whose own challenge is wanted, where its service has one. Null = the gateway's. @default null */
  readonly backend?: string | null | undefined;
  /** The client's IP address: what challenges are counted by. */
  readonly remoteAddress: string;
}

/** The wallet behind a token. `expiresAt` in epoch milliseconds. */
export interface WalletClaim {
  /** In EIP-55 form. */
  readonly address: string;
  readonly expiresAt: number | null;
}

/** Sign-in with Ethereum (EIP-4361), for wallets that sign with a key of their own; contract wallets (EIP-1271) are not recognised. */
export interface WalletAuth extends WalletProofs {
  /** BAD_INPUT: address or chain. RATE_LIMITED: too many challenges from one remote address. */
  challenge(request: ChallengeRequest): Promise<WalletChallenge | Problem>;
  /**
   * Answers a signed challenge with a bearer token. A challenge serves once: a wrong signature uses it up.
   * BAD_INPUT: not a signature (the challenge stays). UNAUTHENTICATED: another wallet's, or the challenge is unknown, used or expired.
   */
  verify(answer: { readonly challengeId: string; readonly signature: string }): Promise<Credentials | Problem>;
  verifyToken(token: string): Promise<WalletClaim | TokenFault>;
}

export interface WalletAuthOptions {
  readonly challenges: ChallengeStore;
  /** Limits the challenges issued to one remote address. */
  readonly attempts: AttemptLimiter;
  readonly clock: Pick<Clock, 'now'>;
  /** The authority that the wallet shows its owner, with a port where it is not the default one: `app.example.com`, `localhost:4000`. */
  readonly domain: string;
  /** What is signed in to: `https://app.example.com/`. */
  readonly uri: string;
  /** EIP-155 ids of the chains that may be named, at least one. */
  readonly chainIds: readonly number[];
  /** How long a challenge can be answered. */
  readonly challengeSeconds: number;
  /** How long a wallet's token is good. */
  readonly tokenSeconds: number;
  /** The gateway's master secret, at least 32 characters. */
  readonly secret: string;
  /** Services that want proofs of their own, by backend. @default none */
  readonly relays?: ReadonlyMap<string, WalletRelay>;
  readonly box: SecretBox;
}

const statement = 'Sign in to Parley. Signing costs nothing and sends no transaction.';
const addressShape = /^0x[0-9a-fA-F]{40}$/;
// 65 bytes: r, s and the recovery bit, which wallets write as 0 and 1 or as 27 and 28.
const signatureShape = /^0x[0-9a-fA-F]{128}(?:0[01]|1[bBcC])$/;
const domainShape = /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[a-z\d-]+\.)+[a-z][a-z\d-]*)(?::\d{1,5})?$/i;

/** @throws TypeError where `domain` or `uri` cannot stand in a message. */
export function createWalletAuth(options: WalletAuthOptions): WalletAuth {
  const { challenges, attempts, clock, domain, uri, chainIds, challengeSeconds, tokenSeconds, secret, box } = options;
  if (!domainShape.test(domain)) {
    throw new TypeError(`Expected the wallet domain to be a host name or IPv4 address, with or without port, got \`${domain}\``);
  }
  if (!URL.canParse(uri)) throw new TypeError(`Expected the wallet URI to be an absolute URL, got \`${uri}\``);
  const addresses = createAddresses();
  const tokens = createSignedTokens({ kind: 'wallet', secret, clock });
  const proofId = (backend: string, address: string): string => `prf_${backend}_${address.toLowerCase()}`;

  return {
    async challenge({ address, chain, backend = null, remoteAddress }) {
      if (!addressShape.test(address)) return badAddress(address, 'must be 0x and 40 hexadecimal digits');
      const chainId = allowedChainId(chain ?? 'ethereum', chainIds);
      if (chainId === null) {
        const allowed = chainIds.map(chainLabel).join(', ');
        return problem('BAD_INPUT', `The chain must be one of ${allowed}, got ${quoted(chain ?? 'ethereum')}.`, { path: ['chain'] });
      }
      const checksummed = await addresses.canonical(address);
      if (checksummed === null) {
        return badAddress(address, 'is in mixed case, but its EIP-55 checksum is wrong (mistyped? All lower case is accepted)');
      }
      const wait = await attempts.consume(`challenge:${remoteAddress}`);
      if (wait !== null) {
        return problem('RATE_LIMITED', `Too many wallet challenges were requested: try again in ${wait} s.`, { retryAfterSeconds: wait });
      }
      const now = clock.now();
      const id = `chl_${randomBytes(16).toString('hex')}`;
      const expiresAt = now + challengeSeconds * 1_000;
      const relay = backend === null ? undefined : options.relays?.get(backend);
      if (relay !== undefined) {
        const asked = { address: checksummed, chain: chain ?? 'ethereum' };
        const theirs = await relay.challenge(asked);
        if (isProblem(theirs)) return theirs;
        const kept: Challenged = { address: checksummed, message: theirs.message, relay: { backend: backend ?? '', chain: asked.chain } };
        await challenges.put({ id, payload: JSON.stringify(kept), expiresAt });
        return { id, message: theirs.message, expiresAt };
      }
      // Loaded on demand: it takes longer than the rest of the gateway, and many never see a wallet.
      const { createSiweMessage } = await import('viem/siwe');
      const message = createSiweMessage({
        address: checksummed as `0x${string}`,
        chainId,
        domain,
        uri,
        version: '1',
        statement,
        nonce: randomBytes(16).toString('hex'),
        issuedAt: new Date(now),
        expirationTime: new Date(expiresAt),
      });
      const kept: Challenged = { address: checksummed, message, relay: null };
      await challenges.put({ id, payload: JSON.stringify(kept), expiresAt });
      return { id, message, expiresAt };
    },

    async verify({ challengeId, signature }) {
      if (!signatureShape.test(signature)) {
        const rule =
          'The signature must be 0x and 130 hexadecimal digits, as `personal_sign` gives it (contract wallets are not supported)';
        return problem('BAD_INPUT', `${rule}, got ${signature.length} characters that are not.`, { path: ['signature'] });
      }
      const payload = await challenges.take(challengeId, clock.now());
      if (payload === null) {
        const detail = 'The challenge is unknown, used or expired: request a new one and sign its message.';
        return problem('UNAUTHENTICATED', detail, { path: ['challengeId'] });
      }
      const { address, message, relay } = JSON.parse(payload) as Challenged;
      const { recoverMessageAddress } = await import('viem/utils');
      // Half of all 65 bytes are no point on the curve: nobody's signature, like a wrong one.
      const signer = await recoverMessageAddress({ message, signature: signature as `0x${string}` }).catch(() => null);
      if (signer !== address) {
        const detail = `The signature is not by ${address} over the challenge's message: request a new challenge and sign it with that wallet.`;
        return problem('UNAUTHENTICATED', detail, { path: ['signature'] });
      }
      const refused = relay === null ? null : await proveToService(relay, { address, message, signature });
      if (refused !== null) return refused;
      const issuedAt = Math.floor(clock.now() / 1_000);
      const expiresAt = issuedAt + tokenSeconds;
      return { token: await tokens.sign(address, issuedAt, expiresAt), expiresAt: expiresAt * 1_000 };
    },

    async find(viewer, backend) {
      if (viewer.kind !== 'WALLET') return null;
      const id = proofId(backend, viewer.address);
      const sealed = await challenges.read(id, clock.now());
      return sealed === null ? null : box.open(sealed, id);
    },

    async verifyToken(token) {
      const claims = await tokens.verify(token);
      return typeof claims === 'string' ? claims : { address: claims.subject, expiresAt: claims.expiresAt };
    },
  };

  /** Passes the signature on to the service, and keeps what it gives for it. */
  async function proveToService(
    { backend, chain }: NonNullable<Challenged['relay']>,
    answer: { readonly address: string; readonly message: string; readonly signature: string },
  ): Promise<Problem | null> {
    const relay = options.relays?.get(backend);
    if (relay === undefined) return problem('UNAUTHENTICATED', `Backend ${backend} is not configured any more.`);
    const proof = await relay.verify({ ...answer, chain });
    if (isProblem(proof)) return proof;
    const id = proofId(backend, answer.address);
    await challenges.put({ id, payload: box.seal(proof.token, id), expiresAt: proof.expiresAt ?? clock.now() + tokenSeconds * 1_000 });
    return null;
  }
}

/** What is kept of a challenge. */
interface Challenged {
  readonly address: string;
  readonly message: string;
  /** Whose it is; null = the gateway's own. */
  readonly relay: { readonly backend: string; readonly chain: string } | null;
}

const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

const badAddress = (address: string, rule: string): Problem =>
  problem('BAD_INPUT', `The address ${quoted(address)} ${rule}.`, { path: ['address'] });
