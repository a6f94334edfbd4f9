import { type Eventually, andThen } from '../core/eventually.ts';
import type { MemberId } from '../core/ids.ts';
import type { Clock, MemberTokens } from '../core/ports.ts';
import { createSignedTokens, type TokenFault } from './signed-tokens.ts';

export interface MemberTokensOptions {
  /** The gateway's master secret, at least 32 characters. Another secret ends every token issued under the old one. */
  readonly secret: string;
  /** From joining to the token's end. Null = it ends only with the membership. */
  readonly lifetimeSeconds: number | null;
  readonly clock: Pick<Clock, 'now'>;
}

/** Whose token it is. `expiresAt` in epoch milliseconds; null = does not run out by itself. */
export interface MemberClaim {
  readonly memberId: MemberId;
  readonly expiresAt: number | null;
}

export interface VerifiableMemberTokens extends MemberTokens {
  /** Says who the token was issued to; whether that member is still one is for the store to say. */
  verify(token: string): Eventually<MemberClaim | TokenFault>;
}

/** Member tokens, signed and without a record: the same member (id and `joinedAt`) always has the same token. */
export function createMemberTokens({ secret, lifetimeSeconds, clock }: MemberTokensOptions): VerifiableMemberTokens {
  const tokens = createSignedTokens({ kind: 'member', secret, clock });
  return {
    async issue({ id, joinedAt }) {
      // JWT counts whole seconds: rounding up gives the member the lifetime in full.
      const issuedAt = Math.ceil(joinedAt / 1_000);
      const expiresAt = lifetimeSeconds === null ? null : issuedAt + lifetimeSeconds;
      return { token: await tokens.sign(id, issuedAt, expiresAt), expiresAt: expiresAt === null ? null : expiresAt * 1_000 };
    },
    verify: (token) =>
      andThen(tokens.verify(token), (claims) =>
        typeof claims === 'string' ? claims : { memberId: claims.subject as MemberId, expiresAt: claims.expiresAt },
      ),
  };
}
