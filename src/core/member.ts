import type { MemberId, SessionId } from './ids.ts';

export type MemberRole = 'HOST' | 'MEMBER' | 'AGENT' | 'OBSERVER';
export type MemberStatus = 'ACTIVE' | 'LEFT' | 'KICKED';

/** One stay of somebody in a session: who leaves and joins again is a new member, so that an old token stays dead. */
export interface Member {
  readonly id: MemberId;
  readonly sessionId: SessionId;
  readonly name: string;
  /** EIP-55 where it is an Ethereum address. */
  readonly address: string | null;
  readonly role: MemberRole;
  readonly status: MemberStatus;
  readonly joinedAt: number;
  readonly leftAt: number | null;
  /** The signed-in caller behind it (see `principalOf`); null where only the member token proves who it is. */
  readonly principal: string | null;
  /** Kicked for good: nobody with the same principal or address joins again, nor, where it has neither, anybody of whom only the same name is known. */
  readonly banned: boolean;
  /** Its membership at the service, with what the service asks for when it acts, encrypted. Null where the service does not know it. */
  readonly upstream: { readonly id: string; readonly sealed: string | null } | null;
}
