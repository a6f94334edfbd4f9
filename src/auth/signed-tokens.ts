import { JOSEError, JWTExpired } from 'jose/errors';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import { LRUCache } from 'lru-cache';
import type { Eventually } from '../core/eventually.ts';
import type { Clock } from '../core/ports.ts';
import { deriveKey } from './secret.ts';

/** The kinds of bearer token that the gateway issues itself. */
export type IssuedTokenKind = 'member' | 'wallet';

/** The `typ` header of the gateway's own tokens: how they are told from each other and from users' JWTs. */
export const tokenTypes: { readonly [Kind in IssuedTokenKind]: `parley-${Kind}+jwt` } = {
  member: 'parley-member+jwt',
  wallet: 'parley-wallet+jwt',
};

/** What a good token says. `expiresAt` in epoch milliseconds; null = does not run out by itself. */
export interface TokenClaims {
  readonly subject: string;
  readonly expiresAt: number | null;
}

/** `expired`: the gateway did issue it. `malformed`: it did not, or not for this purpose. */
export type TokenFault = 'malformed' | 'expired';

export interface SignedTokens {
  /** The same arguments give the same token. Instants in epoch seconds; null = does not run out. */
  sign(subject: string, issuedAtSeconds: number, expiresAtSeconds: number | null): Promise<string>;
  /** At once for a token that was found good before. */
  verify(token: string): Eventually<TokenClaims | TokenFault>;
}

export interface SignedTokensOptions {
  readonly kind: IssuedTokenKind;
  /** The gateway's master secret, at least 32 characters. */
  readonly secret: string;
  readonly clock: Pick<Clock, 'now'>;
}

const algorithm = 'HS256';
const issuer = 'parley';
const cachedTokens = 10_000; // about 4 MB of tokens

/** Signs and checks one kind of the gateway's own tokens. A token that was found good is not computed again while it is in use. */
export function createSignedTokens({ kind, secret, clock }: SignedTokensOptions): SignedTokens {
  const key = deriveKey(secret, `${kind}-token`);
  const typ = tokenTypes[kind];
  const audience = `parley:${kind}`;
  // Only good tokens get in, so that junk cannot push them out.
  const verified = new LRUCache<string, TokenClaims>({ max: cachedTokens });

  const inTime = (claims: TokenClaims): TokenClaims | 'expired' =>
    claims.expiresAt === null || claims.expiresAt > clock.now() ? claims : 'expired';

  return {
    async sign(subject, issuedAtSeconds, expiresAtSeconds) {
      const token = new SignJWT()
        .setProtectedHeader({ alg: algorithm, typ })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt(issuedAtSeconds);
      if (expiresAtSeconds !== null) token.setExpirationTime(expiresAtSeconds);
      return await token.sign(key);
    },
    verify(token) {
      const known = verified.get(token);
      return known === undefined ? compute(token) : inTime(known);
    },
  };

  async function compute(token: string): Promise<TokenClaims | TokenFault> {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        typ,
        issuer,
        audience,
        requiredClaims: ['sub'],
        currentDate: new Date(clock.now()),
      });
      if (typeof payload.sub !== 'string') return 'malformed';
      const claims = { subject: payload.sub, expiresAt: payload.exp === undefined ? null : payload.exp * 1_000 };
      verified.set(token, claims);
      return inTime(claims);
    } catch (error) {
      if (error instanceof JWTExpired) return 'expired';
      if (error instanceof JOSEError) return 'malformed';
      throw error;
    }
  }
}
