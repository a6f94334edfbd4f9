import { firstOf, shown, text } from './checks.ts';
import type { MemberId } from './ids.ts';
import { textLimits } from './limits.ts';
import type { Addresses } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import { provenNames } from './standing.ts';
import type { IdentityInput } from './use-cases.ts';
import { type Viewer, identityKey } from './viewer.ts';

/** Somebody as known in a session. */
export interface Identity {
  readonly name: string;
  readonly address: string | null;
  /** What of it is beyond doubt. */
  readonly proven: readonly string[];
}

function nameOf(viewer: Viewer, memberId: MemberId): string {
  switch (viewer.kind) {
    case 'WALLET':
      return `${viewer.address.slice(0, 6)}…${viewer.address.slice(-4)}`;
    case 'USER':
    case 'API_KEY':
      return viewer.name;
    case 'MEMBER':
      return viewer.member.name;
    case 'ANONYMOUS':
      // Told apart by name, so that removing one of them for good is not meant for all.
      return `Guest ${memberId.slice(-4)}`;
  }
}

/** The addresses in EIP-55 form, or why one of them is none. */
export async function canonicalList(
  path: readonly string[],
  entries: readonly string[] | null | undefined,
  addresses: Addresses,
): Promise<readonly string[] | Problem> {
  const canonical: string[] = [];
  for (const [index, entry] of (entries ?? []).entries()) {
    const form = await addresses.canonical(entry.trim());
    if (form === null) return badChecksum([...path, String(index)], entry);
    canonical.push(form);
  }
  return canonical;
}

const badChecksum = (path: readonly string[], address: string): Problem =>
  problem(
    'BAD_INPUT',
    `Expected \`${path.join('.')}\` to have the EIP-55 checksum of an Ethereum address, or a single case, got ${shown(address)}.`,
    { path },
  );

/**
 * Who the caller is in a session, from what it proved and what it says of itself.
 *
 * @param memberId - What it will be, or is, in the session.
 * @param vouches - Whether the caller is trusted to speak for others: the API key that owns the session.
 */
export async function identify(
  viewer: Viewer,
  memberId: MemberId,
  input: IdentityInput | null | undefined,
  vouches: boolean,
  addresses: Addresses,
): Promise<Identity | Problem> {
  const path = ['identity', 'address'];
  // Also a name that the credentials bring: an identity provider may have other ideas of one.
  const name = input?.name ?? nameOf(viewer, memberId);
  const refused = firstOf(text(['identity', 'name'], name, textLimits.name), text(path, input?.address, textLimits.listEntry));
  if (refused !== null) return refused;
  const own = viewer.kind === 'WALLET' ? viewer.address : null;
  const claimed = input?.address ? await addresses.canonical(input.address.trim()) : own;
  if (claimed === null && input?.address) return badChecksum(path, input.address);
  if (claimed !== null && !vouches && (own === null || identityKey(claimed) !== identityKey(own))) {
    return problem('FORBIDDEN', `The caller has not proven that ${claimed} is its address: requestWalletChallenge and verifyWallet do.`, {
      path,
    });
  }
  const vouched = vouches ? [input?.name, claimed].filter((each) => typeof each === 'string') : [];
  return { name: name.trim(), address: claimed, proven: [...provenNames(viewer), ...vouched] };
}
