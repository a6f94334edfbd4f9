import { type Check, firstOf, object, text } from '../checks.ts';
import { type SessionLimits, textLimits } from '../limits.ts';
import { dueAtOf, expiryOf } from '../lifetime.ts';
import { isProblem, problem } from '../problem.ts';
import { changedRules, checkPolicy, checkRules, mergeRules, mergeTimeout, noRules } from '../rules.ts';
import type { JsonObject, Rules, Session } from '../session.ts';
import type { TimeoutPolicyInput, UpdateInput } from '../use-cases.ts';
import { type Decision, type State, change, refuseNonHost, refuseOver } from './state.ts';

type Settings = Pick<Session, 'title' | 'description' | 'visibility' | 'rules' | 'defaults' | 'metadata' | 'situation'>;

/** Key by key; null takes a key away. */
function mergeObject(before: JsonObject, input: JsonObject | null | undefined): JsonObject {
  if (input === undefined) return before;
  if (input === null) return {};
  // Only a null that is given takes away: one that was stored is a value as any other.
  return Object.fromEntries(Object.entries({ ...before, ...input }).filter(([key]) => !Object.hasOwn(input, key) || input[key] !== null));
}

const checkUpdate = (state: State, input: UpdateInput, limits: SessionLimits): Check =>
  firstOf(
    refuseOver(state),
    refuseNonHost(state, 'change the session'),
    text(['title'], input.title, textLimits.title),
    text(['description'], input.description, textLimits.description),
    text(['situation'], input.situation, textLimits.situation),
    checkRules(input.rules, limits),
    object(['defaults'], input.defaults, limits.objectBytes, limits.objectDepth),
    object(['metadata'], input.metadata, limits.objectBytes, limits.objectDepth),
  );

/** PATCH: what is not given stays. */
export function decideUpdate(
  state: State,
  input: UpdateInput,
  passwordHash: string | null | undefined,
  limits: SessionLimits,
): Decision | null {
  const refused = checkUpdate(state, input, limits);
  if (refused !== null) return refused;
  const { session } = state;
  const rules = mergeRules(session.rules, input.rules ?? {}, passwordHash);
  if (isProblem(rules)) return rules;
  return decideSettings(state, limits, {
    title: input.title === undefined ? session.title : input.title,
    description: input.description === undefined ? session.description : input.description,
    visibility: input.visibility ?? session.visibility,
    rules,
    defaults: mergeObject(session.defaults, input.defaults),
    metadata: mergeObject(session.metadata, input.metadata),
    situation: input.situation === undefined ? session.situation : input.situation,
  });
}

/** PUT: what is not given is reset to what a new session has. */
export function decideReplace(
  state: State,
  input: UpdateInput,
  passwordHash: string | null | undefined,
  limits: SessionLimits,
): Decision | null {
  const refused = checkUpdate(state, input, limits);
  if (refused !== null) return refused;
  const rules = mergeRules(noRules, input.rules ?? {}, passwordHash ?? null);
  if (isProblem(rules)) return rules;
  return decideSettings(state, limits, {
    title: input.title ?? null,
    description: input.description ?? null,
    visibility: input.visibility ?? 'PRIVATE',
    rules,
    defaults: input.defaults ?? {},
    metadata: input.metadata ?? {},
    situation: input.situation ?? null,
  });
}

/** The timeout alone: what the policy does not name stays. */
export function decideTimeout(state: State, input: TimeoutPolicyInput, limits: SessionLimits): Decision | null {
  const refused = firstOf(refuseOver(state), refuseNonHost(state, 'change the timeout'), checkPolicy(input, limits));
  if (refused !== null) return refused;
  const timeout = mergeTimeout(state.session.rules.timeout, input, ['policy']);
  if (isProblem(timeout)) return timeout;
  return decideSettings(state, limits, { ...state.session, rules: { ...state.session.rules, timeout } }, ['policy']);
}

function checkTogether({ session, now }: State, rules: Rules, expiresAt: number | null, path: readonly string[]): Check {
  if (rules.maxMembers !== null && rules.maxMembers < session.activeMembers) {
    return problem(
      'CONFLICT',
      `Expected \`rules.maxMembers\` to be at least ${session.activeMembers}, the number of members now, got ${rules.maxMembers}.`,
      {
        path: ['rules', 'maxMembers'],
      },
    );
  }
  if (expiresAt !== null && expiresAt <= now) {
    return problem(
      'CONFLICT',
      `With these rules the session would have expired at ${new Date(expiresAt).toISOString()}: endSession ends one at once.`,
      { path },
    );
  }
  return null;
}

/** Null where nothing differs. */
function decideSettings(state: State, limits: SessionLimits, after: Settings, path: readonly string[] = ['rules']): Decision | null {
  const { session, now } = state;
  const changed = [
    ...(['title', 'description', 'visibility', 'situation'] as const).filter((name) => session[name] !== after[name]),
    ...(['defaults', 'metadata'] as const).filter((name) => JSON.stringify(session[name]) !== JSON.stringify(after[name])),
    ...changedRules(session.rules, after.rules),
  ];
  if (changed.length === 0) return null;
  const expiresAt = expiryOf(after.rules, session);
  const dueAt = dueAtOf(after.rules, expiresAt, session.warnedFor);
  const refused = firstOf(
    checkTogether(state, after.rules, expiresAt, path),
    // Merging can grow an object past its bound though each part is within it.
    object(['defaults'], after.defaults, limits.objectBytes, limits.objectDepth),
    object(['metadata'], after.metadata, limits.objectBytes, limits.objectDepth),
  );
  if (refused !== null) return refused;
  const { title, description, visibility, rules, defaults, metadata, situation } = after;
  return change(state, {
    set: {
      title,
      description,
      visibility,
      rules,
      defaults,
      metadata,
      situation,
      updatedAt: now,
      // Written only where the rules move them: messages that commute with this change may be sliding them meanwhile.
      ...((expiresAt !== session.expiresAt || dueAt !== session.dueAt) && { expiresAt, dueAt }),
    },
    events: [{ type: 'SESSION_UPDATED', changed }],
  });
}
