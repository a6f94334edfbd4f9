import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { MemberId } from '../../core/ids.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { Facts, OpenRequest, SettingsRequest } from '../../core/service.ts';
import type { Rules, Session, SessionVisibility } from '../../core/session.ts';
import type { SessionDefaults, SessionTypes } from './options.ts';
import type { SessionWire } from './wire.ts';

/**
 * What a member is called at the service: its name and a mark made of its id. The service tells members apart by their names alone, and
 * believes whatever name it is given, so two of one name would be one there, and whoever took another's name would speak as the other.
 */
export const memberName = ({ memberId, name }: { readonly memberId: MemberId; readonly name: string }): string =>
  `${name}#${createHash('sha256').update(memberId).digest('base64url').slice(0, 8)}`;

const marked = /^(.+)#[\w-]{8}$/s;

/** Whether it is what some gateway calls a member. */
export const isMemberName = (name: string): boolean => marked.test(name);

/** The name as people know it. */
export const shownName = (name: string): string => marked.exec(name)?.[1] ?? name;

/** The id in the service's paths: the end of `sessions/{session}`. `sessionId` may be of another system, and stands in. */
export const handleOf = ({ name, sessionId }: SessionWire): string => name.split('/').at(-1) || sessionId;

/** As the service may name its enum: `2`, `"2"`, `"PRIVATE"` or `"SESSION_TYPE_PRIVATE"`. Null = another, or unspecified. */
export function visibilityOf(type: SessionWire['sessionType'], types: SessionTypes): SessionVisibility | null {
  const name = String(type ?? '')
    .toUpperCase()
    .replace(/^SESSION_TYPE_/, '');
  return (['PUBLIC', 'PRIVATE', 'TEMPORARY'] as const).find((each) => each === name || String(types[each]) === name) ?? null;
}

/**
 * What the service says of a session, but for its `secretKey`. It shows no members, and keeps neither expiry nor password nor capacity.
 * Its list of allowed users is only a copy: where it is empty, the gateway's own list holds.
 */
export function factsOf(wire: SessionWire, types: SessionTypes): Facts {
  const visibility = visibilityOf(wire.sessionType, types);
  const createdAt = Date.parse(wire.createTime);
  return {
    title: wire.displayName === '' ? null : wire.displayName,
    description: wire.description === '' ? null : wire.description,
    ...(visibility !== null && { visibility }),
    // Its creator is an owner there under a name that nobody else is to become host by.
    owners: wire.owners.filter((owner) => !isMemberName(owner)),
    ...(wire.allowedUsers.length > 0 && { rules: { allowlistOnly: true, allowlist: wire.allowedUsers } }),
    ...(Number.isFinite(createdAt) && { createdAt }),
  };
}

/** Those who alone may join. A list that the gateway does not go by is not to be gone by at the service. */
const allowedUsers = ({ allowlistOnly, allowlist }: Rules): readonly string[] => (allowlistOnly ? allowlist : []);

/** The service requires a title. */
const titleOf = (title: string | null | undefined, handle: string | null): string => title ?? handle ?? 'Session';

/** `MachaniOptionsInput`. */
const openOptions = z.object({
  profile: z.string().trim().min(1).nullish(),
  channels: z.array(z.int()).nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
});

/** The body that creates a session. */
export function toSession(request: OpenRequest, defaults: SessionDefaults, backend: string): object | Problem {
  const { input, handle, rules, creator } = request;
  const read = openOptions.safeParse(request.options);
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = ['options', 'machani', ...(issue?.path.map(String) ?? [])];
    return problem('BAD_INPUT', `Expected \`${path.join('.')}\` to be as the schema says: ${issue?.message}.`, { path, backend });
  }
  const { profile, channels, options } = read.data;
  return {
    profile: profile ?? defaults.profile,
    displayName: titleOf(input.title, handle),
    sessionType: defaults.sessionTypes[input.visibility ?? 'PRIVATE'],
    owners: [memberName(creator), ...(input.owners ?? [])],
    defaultChannels: channels?.length ? channels : defaults.defaultChannels,
    ...(input.description && { description: input.description }),
    ...(rules.allowlistOnly && rules.allowlist.length > 0 && { allowedUsers: allowedUsers(rules) }),
    ...(options && { options }),
  };
}

export interface SessionPatch {
  /** What differs, by the service's names; empty = nothing that the service knows of. */
  readonly mask: readonly string[];
  readonly body: object;
}

/** A change of settings as far as it is one at the service. Empty values are sent: by the mask they take away what was there. */
export function toPatch(before: Session, { after }: Pick<SettingsRequest, 'after'>, types: SessionTypes): SessionPatch {
  const wire = ({ title, description, visibility, rules }: typeof after): Readonly<Record<string, unknown>> => ({
    displayName: titleOf(title, before.handle),
    description: description ?? '',
    sessionType: types[visibility],
    allowedUsers: allowedUsers(rules),
  });
  const old = wire(before);
  const changed = Object.entries(wire(after)).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]));
  return { mask: changed.map(([name]) => name), body: Object.fromEntries(changed) };
}
