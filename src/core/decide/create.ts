import { type Check, firstOf, list, object, pattern, text } from '../checks.ts';
import type { MemberId, SessionId } from '../ids.ts';
import { type SessionLimits, listEntries, textLimits } from '../limits.ts';
import { dueAtOf, expiryOf } from '../lifetime.ts';
import type { SessionCreation } from '../commit.ts';
import { type Problem, isProblem } from '../problem.ts';
import { checkRules, mergeRules, noRules } from '../rules.ts';
import type { CreateInput } from '../use-cases.ts';

/** What creation needs besides the input: all that is random, timed, looked up or hashed. */
export interface Creation {
  readonly sessionId: SessionId;
  readonly memberId: MemberId;
  readonly backend: string;
  readonly handle: string;
  readonly principal: string | null;
  /** The creator, as it is called in the session. */
  readonly identity: { readonly name: string; readonly address: string | null };
  readonly passwordHash: string | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Whether every field of the input keeps its rule, and the fields go together. */
export function checkCreate(input: CreateInput, limits: SessionLimits): Check {
  const rules = mergeRules(noRules, input.rules ?? {}, null);
  return firstOf(
    text(['title'], input.title, textLimits.title),
    text(['description'], input.description, textLimits.description),
    text(['situation'], input.situation, textLimits.situation),
    text(['agentId'], input.agentId, textLimits.agentId),
    text(['identity', 'name'], input.identity?.name, textLimits.name),
    pattern(
      ['handle'],
      input.handle,
      /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/,
      'to be 1 to 128 letters, digits, dots, dashes, tildes or underscores',
    ),
    checkRules(input.rules, limits),
    list(['owners'], input.owners, listEntries, textLimits.listEntry),
    object(['defaults'], input.defaults, limits.objectBytes, limits.objectDepth),
    object(['metadata'], input.metadata, limits.objectBytes, limits.objectDepth),
    text(['idempotencyKey'], input.idempotencyKey, textLimits.idempotencyKey),
    isProblem(rules) ? rules : null,
  );
}

/** A new session with its creator as HOST. */
export function decideCreate(input: CreateInput, creation: Creation): SessionCreation | Problem {
  const { sessionId, memberId, identity, principal, now } = creation;
  const rules = mergeRules(noRules, input.rules ?? {}, creation.passwordHash);
  if (isProblem(rules)) return rules;
  const instants = { createdAt: now, lastActivityAt: now, renewedAt: null };
  const expiresAt = expiryOf(rules, { ...instants, expiresAt: null, upstream: null });
  return {
    kind: 'creation',
    session: {
      ...instants,
      id: sessionId,
      backend: creation.backend,
      handle: creation.handle,
      title: input.title ?? null,
      description: input.description ?? null,
      visibility: input.visibility ?? 'PRIVATE',
      status: 'ACTIVE',
      updatedAt: now,
      expiresAt,
      dueAt: dueAtOf(rules, expiresAt, null),
      warnedFor: null,
      renewalCount: 0,
      rules,
      owners: input.owners ?? [],
      createdBy: principal,
      defaults: input.defaults ?? {},
      metadata: input.metadata ?? {},
      agentId: input.agentId ?? null,
      situation: input.situation ?? null,
      upstream: null,
      activeMembers: 1,
      files: 0,
      fileBytes: 0,
      version: 1,
      seq: 0,
    },
    members: [
      {
        id: memberId,
        sessionId,
        ...identity,
        role: 'HOST',
        status: 'ACTIVE',
        joinedAt: now,
        leftAt: null,
        principal,
        banned: false,
        upstream: null,
      },
    ],
    events: [{ type: 'MEMBER_JOINED', memberId }],
    at: now,
    idempotency: null,
  };
}
