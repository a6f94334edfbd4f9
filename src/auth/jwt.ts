import { createHash } from 'node:crypto';
import {
  JOSEAlgNotAllowed,
  JOSEError,
  JOSENotSupported,
  JWKSMultipleMatchingKeys,
  JWKSNoMatchingKey,
  JWSSignatureVerificationFailed,
  JWTClaimValidationFailed,
  JWTExpired,
} from 'jose/errors';
import { createRemoteJWKSet, customFetch, type FetchImplementation } from 'jose/jwks/remote';
import { jwtVerify, type JWTVerifyGetKey } from 'jose/jwt/verify';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/ports.ts';

/** A user as the identity provider names them. */
export interface UserClaim {
  readonly issuer: string;
  readonly subject: string;
  /** The name claim, or the subject where the token has no such claim. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export type JwtOutcome =
  | { readonly kind: 'valid'; readonly user: UserClaim }
  /** `reason` reads on after "the token was refused: " and quotes nothing of the token. */
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'expired' }
  /** The identity provider's keys cannot be had: nothing is known about the token. */
  | { readonly kind: 'unavailable' };

export interface JwtVerifier {
  verify(token: string): Promise<JwtOutcome>;
}

export interface JwtVerifierOptions {
  /** Where the identity provider publishes its keys, as a JSON Web Key Set. */
  readonly jwksUrl: string;
  /** The only `iss` accepted. */
  readonly issuer: string;
  /** Must be among the token's `aud`. */
  readonly audience: string;
  /** The claim that a user's name is taken from. @default 'preferred_username' */
  readonly nameClaim?: string;
  /** How long after a look-up of the keys an unknown key leads to another one. @default 30_000 // 30 seconds */
  readonly cooldownMs?: number;
  /** How long after a failed look-up the next one is tried. @default 1_000 // 1 second */
  readonly retryMs?: number;
  /** Called with why the keys could not be had, once for each failed look-up. */
  readonly onUnavailable?: (cause: unknown) => void;
  readonly clock: Pick<Clock, 'now'>;
}

// Asymmetric only: with a shared-secret algorithm among them, a published key could be used to forge a token.
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const clockSkewSeconds = 5;
const keysTimeoutMs = 3_000;
const cachedTokens = 10_000;
// A verification outlives the withdrawal of its key by no more than this.
const cachedForMs = 60_000;

class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** Checks users' JWTs against the keys of an identity provider, which are looked up when the first token comes. */
export function createJwtVerifier(options: JwtVerifierOptions): JwtVerifier {
  const { issuer, audience, nameClaim = 'preferred_username', cooldownMs = 30_000, retryMs = 1_000, onUnavailable, clock } = options;
  const verified = new LRUCache<string, { readonly user: UserClaim; readonly checkedAt: number }>({ max: cachedTokens });

  // While the provider is down, every token would ask for its keys again.
  let fetchNotBefore = 0;
  const fetchKeys: FetchImplementation = async (url, init) => {
    if (clock.now() < fetchNotBefore) throw new KeysUnavailable('The last look-up failed a moment ago');
    fetchNotBefore = clock.now() + retryMs;
    const response = await fetch(url, init);
    if (response.status === 200) fetchNotBefore = 0;
    return response;
  };
  const remoteKeys = createRemoteJWKSet(new URL(options.jwksUrl), {
    timeoutDuration: keysTimeoutMs,
    cooldownDuration: cooldownMs,
    [customFetch]: fetchKeys,
  });
  let lastFailure: unknown;
  const keyOf: JWTVerifyGetKey = async (header, token) => {
    try {
      return await remoteKeys(header, token);
    } catch (error) {
      const aboutToken =
        error instanceof JWKSNoMatchingKey || error instanceof JWKSMultipleMatchingKeys || error instanceof JOSENotSupported;
      if (aboutToken || error instanceof KeysUnavailable) throw error;
      // Those who waited for one look-up share its failure.
      if (error !== lastFailure) onUnavailable?.(error);
      lastFailure = error;
      throw new KeysUnavailable('The keys of the identity provider cannot be had', { cause: error });
    }
  };

  return {
    async verify(token) {
      // Tokens of providers are long: their digests keep the cache small, and the tokens themselves out of it.
      const digest = createHash('sha256').update(token).digest('base64');
      const now = clock.now();
      const known = verified.get(digest);
      if (known !== undefined && Math.abs(now - known.checkedAt) < cachedForMs) {
        return known.user.expiresAt > now ? { kind: 'valid', user: known.user } : { kind: 'expired' };
      }
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms,
          issuer,
          audience,
          requiredClaims: ['sub', 'exp'],
          clockTolerance: clockSkewSeconds,
          currentDate: new Date(now),
        });
        const { sub, exp, [nameClaim]: name } = payload;
        if (typeof sub !== 'string' || sub === '' || exp === undefined) return { kind: 'invalid', reason: 'its claim `sub` is empty' };
        const user = {
          issuer,
          subject: sub,
          name: typeof name === 'string' && name !== '' ? name : sub,
          expiresAt: (exp + clockSkewSeconds) * 1_000,
        };
        verified.set(digest, { user, checkedAt: now });
        return { kind: 'valid', user };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

function outcomeOf(error: unknown): JwtOutcome {
  if (error instanceof JWTExpired) return { kind: 'expired' };
  if (error instanceof KeysUnavailable) return { kind: 'unavailable' };
  if (error instanceof JOSEError) return { kind: 'invalid', reason: reasonOf(error) };
  throw error;
}

function reasonOf(error: JOSEError): string {
  if (error instanceof JWTClaimValidationFailed) return `its claim \`${error.claim}\` is missing or not the one expected`;
  if (error instanceof JWSSignatureVerificationFailed) return 'its signature does not fit';
  if (error instanceof JOSEAlgNotAllowed) return `its algorithm is not one of ${algorithms.join(', ')}`;
  if (error instanceof JWKSNoMatchingKey) return "none of the identity provider's keys fits it";
  if (error instanceof JWKSMultipleMatchingKeys) return "it names no key (`kid`), and several of the identity provider's fit it";
  return 'it is not a signed JWT';
}
