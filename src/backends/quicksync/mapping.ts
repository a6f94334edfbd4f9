import type { MemberRole } from '../../core/member.ts';
import { type Problem, problem } from '../../core/problem.ts';
import { servicePassword } from '../../core/rules.ts';
import type { Facts, Joined, OpenRequest, Opened, ServiceMember, ServiceMessage, SessionAt } from '../../core/service.ts';
import type { Rules } from '../../core/session.ts';
import { identityKey } from '../../core/viewer.ts';
import type { Adapter } from './adapter.ts';
import type { CreateBody } from './client.ts';
import type { WireAdmission, WireChat, WireCurrent, WireRules, WireUser } from './wire.ts';

const addressShape = /^0x[0-9a-fA-F]{40}$/;

/** What a creation asks of the service, or why it cannot. Only rules that were given are named: the service has defaults of its own. */
export function createBody({ input, handle, rules, creator }: OpenRequest, adapter: Adapter, backend: string): CreateBody | Problem {
  if (handle !== null) {
    const detail = `Backend ${backend} gives its sessions ids of its own: leave \`handle\` out.`;
    return problem('UNSUPPORTED', detail, { path: ['handle'], backend });
  }
  const stranger = rules.allowlist.findIndex((entry) => !addressShape.test(entry));
  if (stranger !== -1) {
    const detail = `Expected \`rules.allowlist.${stranger}\` to be an Ethereum address, as backend ${backend} knows people by nothing else.`;
    return problem('BAD_INPUT', detail, { path: ['rules', 'allowlist', String(stranger)], backend });
  }
  const password = input.rules?.password ?? null;
  return {
    identity: { name: creator.name, ...(creator.address !== null && { chainAddress: creator.address }) },
    rules: {
      ...(rules.maxMembers !== null && { userCapacity: rules.maxMembers }),
      ...(rules.lifetimeSeconds !== null && { expiryDurationInSeconds: rules.lifetimeSeconds }),
      ...(password !== null && { password }),
      ...((rules.allowlistOnly || rules.allowlist.length > 0) && {
        allowOnlyWhitelistedAddresses: rules.allowlistOnly,
        whiteListAddresses: rules.allowlist.map((address) => adapter.allowlistEntry(address)),
      }),
    },
  };
}

// In fields that are never null, 0 stands for what there is no rule on.
const positive = (value: number | null | undefined): number | null => (typeof value === 'number' && value > 0 ? value : null);

const stricter = (one: number | null, other: number): number => (one === null ? other : Math.min(one, other));

/** What the service says of rules, where it says something else than `before` has. Its bounds on files hold besides the gateway's own. */
export function rulesFrom(said: WireRules, before: Rules): Partial<Rules> {
  const { maxUsers, maxFiles, maxTotalMegaBytes, passwordProtected, whiteListAddresses = [] } = said;
  const [members, files, megabytes] = [positive(maxUsers), positive(maxFiles), positive(maxTotalMegaBytes)];
  const keys = (list: readonly string[]): string => list.map(identityKey).sort().join();
  return {
    ...(members !== null && { maxMembers: members }),
    ...(files !== null && { maxFiles: stricter(before.maxFiles, files) }),
    ...(megabytes !== null && { maxTotalMegabytes: stricter(before.maxTotalMegabytes, megabytes) }),
    ...(typeof passwordProtected === 'boolean' && { passwordHash: passwordProtected ? servicePassword : null }),
    // The list never changes, and the case of its addresses is no news; an empty one may be all that others than the host are shown.
    ...(whiteListAddresses.length > 0 && keys(whiteListAddresses) !== keys(before.allowlist) && { allowlist: whiteListAddresses }),
  };
}

const roleOf = (role: string | null | undefined): MemberRole => (role?.toLowerCase() === 'host' ? 'HOST' : 'MEMBER');

/** A user, by the name it goes by, or what there is instead. */
export function memberFrom({ id, name, address, role }: WireUser): ServiceMember {
  const short = address ? `${address.slice(0, 6)}…${address.slice(-4)}` : id;
  return { id, name: name?.trim() || short, address: address || null, role: roleOf(role) };
}

/** `Facts.data`: which rules have a value that nobody asked for. */
const chosenByService = (asked: Rules, rules: Partial<Rules>): readonly string[] =>
  asked.maxMembers === null && rules.maxMembers !== undefined ? ['maxMembers'] : [];

/** Whether a rule has its value by the service's own choice, so that asking for none comes to the same. */
export const isDefaulted = ({ session }: SessionAt, rule: string): boolean => {
  const list = session.upstream?.data['defaulted'];
  return Array.isArray(list) && list.includes(rule);
};

/** What came of creating a session. */
export function openedFrom(said: WireAdmission & { readonly sessionId: string }, request: OpenRequest, adapter: Adapter): Opened {
  const rules = rulesFrom(said.rules ?? {}, request.rules);
  const endsAt = adapter.endOf({ expiry: said.rules?.expiry, expiresIn: said.expiresIn }, request.now);
  return {
    handle: said.sessionId,
    facts: { rules, data: { defaulted: chosenByService(request.rules, rules) }, ...(endsAt !== null && { endsAt }) },
    member: { id: said.credentials.id, secret: said.credentials.token },
  };
}

/**
 * All who are there, where it can be believed: an answer to somebody's own good token that leaves that very one out is no news of the
 * others. By an empty list every membership would be over for good.
 */
const membersFrom = (users: WireAdmission['users'], caller: string | null | undefined): Pick<Facts, 'members'> =>
  users?.some(({ id }) => id === caller) === true ? { members: users.map(memberFrom) } : {};

/** What came of joining one. */
export function joinedFrom(said: WireAdmission, { session }: SessionAt, adapter: Adapter): Joined {
  const { id, token } = said.credentials;
  // What is left of the session by then is not counted from its creation.
  const endsAt = adapter.endOf({ expiry: said.rules?.expiry }, session.createdAt);
  return {
    id,
    secret: token,
    facts: {
      rules: rulesFrom(said.rules ?? {}, session.rules),
      ...(endsAt !== null && session.upstream?.endsAt == null && { endsAt }),
      ...membersFrom(said.users, id),
    },
  };
}

/** What the service says of a session now. */
export function factsFrom(said: WireCurrent, { session, as }: SessionAt, adapter: Adapter): Facts {
  const endsAt = adapter.endOf({ expiry: said.expiry }, session.createdAt);
  return {
    rules: rulesFrom(said, session.rules),
    // It is fixed when the session is made. To reckon it again could only move it by what clocks differ.
    ...(endsAt !== null && session.upstream?.endsAt == null && { endsAt }),
    ...membersFrom(said.users, as?.id),
  };
}

export const messageFrom = ({ chatId, message, createdAt, user }: WireChat): ServiceMessage => ({
  id: chatId,
  role: 'USER',
  content: message,
  author: { id: user?.id ?? null, name: user?.name ?? null },
  createdAt: Date.parse(createdAt),
});

/** How a session that the service has no longer came to its end. */
export function endOf({ session }: SessionAt, now: number): 'EXPIRED' | 'ENDED' {
  const endsAt = session.upstream?.endsAt ?? null;
  return session.status === 'EXPIRED' || (endsAt !== null && endsAt <= now) ? 'EXPIRED' : 'ENDED';
}
