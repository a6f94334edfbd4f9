import type { SessionId } from './ids.ts';
import type { Member } from './member.ts';

export type Tier = 'FREE' | 'PRO' | 'ENTERPRISE';
export const tiers: readonly Tier[] = ['FREE', 'PRO', 'ENTERPRISE'];

/** Who is asking, as proven by the credentials that came with the request. */
export type Viewer =
  | { readonly kind: 'ANONYMOUS' }
  | { readonly kind: 'API_KEY'; readonly keyId: string; readonly name: string; readonly tier: Tier }
  | { readonly kind: 'WALLET'; readonly address: string }
  | { readonly kind: 'USER'; readonly issuer: string; readonly subject: string; readonly name: string }
  | { readonly kind: 'MEMBER'; readonly member: Member };

/** A viewer with the circumstances of its request or connection. */
export interface Caller {
  readonly viewer: Viewer;
  /** From the member token, else from `X-Session-Id`. */
  readonly currentSessionId: SessionId | null;
  /** The client's IP address: what attempts of an anonymous caller are counted by. */
  readonly remoteAddress: string;
  /** When the credentials run out, epoch milliseconds. Null = they do not. */
  readonly expiresAt: number | null;
}

/** A stable name of the signed-in caller; null for an anonymous one. Scopes idempotency keys and owns sessions. */
export function principalOf(viewer: Viewer): string | null {
  switch (viewer.kind) {
    case 'ANONYMOUS':
      return null;
    case 'API_KEY':
      return `key:${viewer.keyId}`;
    case 'WALLET':
      return `wallet:${viewer.address.toLowerCase()}`;
    case 'USER':
      return `user:${viewer.issuer}|${viewer.subject}`;
    case 'MEMBER':
      return `member:${viewer.member.id}`;
  }
}

/** `Session.createdBy` of a session that was made at the service itself: no principal is called so. API keys act for such a session. */
export const serviceCreator = (backend: string): string => `service:${backend}`;

/** A person signed in as themselves has one membership per session; a key or an anonymous caller joins anew each time. */
export function personalPrincipal(viewer: Viewer): string | null {
  return viewer.kind === 'WALLET' || viewer.kind === 'USER' ? principalOf(viewer) : null;
}

/** The name that a caller's own memberships are found by; null for those who prove them by a member token alone. A key has those that it made. */
export function membershipPrincipal(viewer: Viewer): string | null {
  return viewer.kind === 'MEMBER' ? null : principalOf(viewer);
}

/** Names and addresses compare by this: addresses and names without regard to case, names in Unicode's composed form. */
export const identityKey = (nameOrAddress: string): string => nameOrAddress.normalize('NFC').trim().toLowerCase();
