import { type Eventually, andThen } from '../core/eventually.ts';
import { isSessionId, type SessionId } from '../core/ids.ts';
import { memberBy } from '../core/peek.ts';
import type { MemberReader } from '../core/ports.ts';
import { isProblem, problem, type Problem, ProblemError } from '../core/problem.ts';
import type { Caller, Viewer } from '../core/viewer.ts';
import type { ApiKeyVerifier } from './api-key-verifier.ts';
import type { JwtVerifier } from './jwt.ts';
import type { MemberClaim, VerifiableMemberTokens } from './member-tokens.ts';
import { activeMember } from './membership.ts';
import { type TokenFault, tokenTypes } from './signed-tokens.ts';
import { createTokenTypeReader } from './token-type.ts';
import type { WalletAuth } from './wallet.ts';

/** What came with a request or in `connection_init`, as it came; undefined = not given. An empty text is given, and refused. */
export interface PresentedCredentials {
  /** `X-API-Key`. */
  readonly apiKey?: string | undefined;
  /** `Authorization`. */
  readonly authorization?: string | undefined;
  /** `X-Session-Id`. */
  readonly sessionId?: string | undefined;
  /** The client's IP address. */
  readonly remoteAddress: string;
}

export interface AuthRefusal {
  /** Never quotes a credential. */
  readonly problem: Problem;
  /** True: the same client may come back, with a fresh token (it ran out) or later (identity provider or store are down). False: never with this. */
  readonly retryable: boolean;
}

export interface Authenticator {
  /**
   * Says who is asking, from the credentials alone; what they may do is not decided here. Answers at once where nothing has to be waited for.
   * That the store is away is a refusal too, one that is retryable.
   */
  authenticate(presented: PresentedCredentials): Eventually<Caller | AuthRefusal>;
}

export interface AuthenticatorOptions {
  readonly apiKeys: ApiKeyVerifier;
  readonly memberTokens: Pick<VerifiableMemberTokens, 'verify'>;
  readonly wallet: Pick<WalletAuth, 'verifyToken'>;
  /** Users' JWTs. Null = not accepted. */
  readonly users: JwtVerifier | null;
  readonly members: Pick<MemberReader, 'byIds' | 'peek'>;
}

export const isRefusal = (outcome: unknown): outcome is AuthRefusal =>
  typeof outcome === 'object' && outcome !== null && 'problem' in outcome && 'retryable' in outcome;

interface Proof {
  readonly viewer: Viewer;
  readonly expiresAt: number | null;
}

const anonymous: Proof = { viewer: { kind: 'ANONYMOUS' }, expiresAt: null };

/** Costs no cryptography but a digest for credentials seen before, and at most one read from the store. */
export function createAuthenticator({ apiKeys, memberTokens, wallet, users, members }: AuthenticatorOptions): Authenticator {
  const typeOf = createTokenTypeReader();

  return {
    authenticate(presented) {
      const named = namedSession(presented.sessionId);
      if (isRefusal(named)) return named;
      const known = (proof: Proof | AuthRefusal): Caller | AuthRefusal =>
        isRefusal(proof) ? proof : callerOf(proof, named, presented.remoteAddress);
      try {
        const proof = prove(presented);
        return proof instanceof Promise ? proof.then(known).catch(refusalOf) : known(proof);
      } catch (error) {
        return refusalOf(error);
      }
    },
  };

  function prove({ apiKey, authorization }: PresentedCredentials): Eventually<Proof | AuthRefusal> {
    if (apiKey !== undefined && authorization !== undefined) {
      return refused('Both X-API-Key and Authorization were given: send only one of them.');
    }
    if (apiKey !== undefined) return proveApiKey(apiKey);
    if (authorization === undefined) return anonymous;
    const token = /^Bearer +([^\s]+)$/i.exec(authorization.trim())?.[1];
    if (token === undefined) return refused('The Authorization header must be `Bearer <token>`.');
    return proveToken(token);
  }

  async function proveApiKey(key: string): Promise<Proof | AuthRefusal> {
    const viewer = await apiKeys.verify(key);
    switch (viewer) {
      case 'malformed':
        return refused('The X-API-Key header does not hold an API key: a key starts with `pk_`, as `parley keys create` printed it.');
      case 'unknown':
        return refused('The API key is not known here.');
      case 'revoked':
        return refused('The API key was revoked: ask for a new one.');
      default:
        return { viewer, expiresAt: null };
    }
  }

  function proveToken(token: string): Eventually<Proof | AuthRefusal> {
    const type = typeOf(token);
    if (type === null) return refused('The bearer token is malformed: it is not a signed JWT.');
    if (type === tokenTypes.member) return andThen(memberTokens.verify(token), proveMember);
    if (type === tokenTypes.wallet) return proveWallet(token);
    if (users === null) return refused('The bearer token was not issued by this gateway, and it accepts no tokens of users (`auth.jwt`).');
    return proveUser(token, users);
  }

  /** The member is read each time: the token says who it was given to, the store whether that still holds. */
  function proveMember(claim: MemberClaim | TokenFault): Eventually<Proof | AuthRefusal> {
    if (claim === 'malformed') return refused('The member token is malformed: this gateway did not issue it, or its secret was changed.');
    if (claim === 'expired') return ranOut('The member token has run out: join the session again.');
    return andThen(memberBy({ members }, claim.memberId), (stored) => {
      const member = activeMember(stored);
      if (isProblem(member)) return { problem: member, retryable: false };
      return { viewer: { kind: 'MEMBER', member }, expiresAt: claim.expiresAt };
    });
  }

  async function proveWallet(token: string): Promise<Proof | AuthRefusal> {
    const claim = await wallet.verifyToken(token);
    if (claim === 'malformed') return refused('The wallet token is malformed: this gateway did not issue it, or its secret was changed.');
    if (claim === 'expired') return ranOut('The wallet token has run out: request a new challenge and verify it.');
    return { viewer: { kind: 'WALLET', address: claim.address }, expiresAt: claim.expiresAt };
  }
}

function callerOf({ viewer, expiresAt }: Proof, named: SessionId | null, remoteAddress: string): Caller | AuthRefusal {
  const own = viewer.kind === 'MEMBER' ? viewer.member.sessionId : null;
  if (own !== null && named !== null && named !== own) {
    const detail = `X-Session-Id names ${named}, but the member token belongs to ${own}: leave X-Session-Id out.`;
    return { problem: problem('BAD_INPUT', detail), retryable: false };
  }
  return { viewer, currentSessionId: own ?? named, remoteAddress, expiresAt };
}

async function proveUser(token: string, users: JwtVerifier): Promise<Proof | AuthRefusal> {
  const outcome = await users.verify(token);
  switch (outcome.kind) {
    case 'valid': {
      const { issuer, subject, name, expiresAt } = outcome.user;
      return { viewer: { kind: 'USER', issuer, subject, name }, expiresAt };
    }
    case 'invalid':
      return refused(`The bearer token was refused: ${outcome.reason}.`);
    case 'expired':
      return ranOut('The bearer token has run out: get a new one from the identity provider.');
    case 'unavailable': {
      const detail = 'The identity provider cannot be reached, so that the bearer token cannot be checked: try again.';
      return { problem: problem('UPSTREAM_UNAVAILABLE', detail, { retryAfterSeconds: 5 }), retryable: true };
    }
  }
}

function namedSession(sessionId: string | undefined): SessionId | null | AuthRefusal {
  if (sessionId === undefined) return null;
  if (isSessionId(sessionId)) return sessionId;
  // Short enough that a token or key sent in the wrong header shows nothing of its secret part.
  const shown = JSON.stringify(sessionId.length > 20 ? `${sessionId.slice(0, 20)}…` : sessionId);
  return { problem: problem('BAD_INPUT', `X-Session-Id must be a session's id (\`ses_…\`), got ${shown}.`), retryable: false };
}

/** Where the credentials could not be looked up, nothing is wrong with them: the client is to come back. */
function refusalOf(error: unknown): AuthRefusal {
  if (error instanceof ProblemError) return { problem: error.problem, retryable: true };
  throw error;
}

const refused = (detail: string): AuthRefusal => ({ problem: problem('UNAUTHENTICATED', detail), retryable: false });
const ranOut = (detail: string): AuthRefusal => ({ problem: problem('UNAUTHENTICATED', detail), retryable: true });
