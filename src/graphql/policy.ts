import { type GraphQLFieldResolver, type GraphQLSchema, defaultFieldResolver, isObjectType } from 'graphql';
import { type Eventually, andThen } from '../core/eventually.ts';
import { kindOfId } from '../core/ids.ts';
import type { Member } from '../core/member.ts';
import type { Message } from '../core/message.ts';
import { type Problem, ProblemError, problem } from '../core/problem.ts';
import type { Session } from '../core/session.ts';
import { isHost, mayRead } from '../core/use-cases.ts';
import type { RequestContext } from './context.ts';

/** What it takes to be answered by a field. A field without any of these is open to whoever has reached its parent. */
export interface Rule {
  /** Who may ask at all. */
  readonly caller?: (context: RequestContext) => Problem | null;
  /** Where the caller must stand in the session that the field belongs to, or that a subscription names. */
  readonly session?: (session: Session, context: RequestContext) => Eventually<Problem | null>;
  /** Whether a refusal by `session` shows as null instead of as an error. */
  readonly hides?: true;
  /** Whether rows of the answer that the caller may not see become null. */
  readonly filters?: true;
  /** Whether callers with the same rights are answered differently: an event is then executed for each of them. */
  readonly perCaller?: true;
}

const signIn = 'Send an API key as `X-API-Key`, or a token as `Authorization: Bearer …`; verifyWallet gives one to a wallet.';

/** Signed in, or anonymous where the configuration lets that. */
const admits = ({ caller, services }: RequestContext): Problem | null =>
  caller.viewer.kind === 'ANONYMOUS' && !services.anonymous
    ? problem('UNAUTHENTICATED', `This gateway does not take anonymous callers. ${signIn}`)
    : null;

/** Signed in as oneself; a member's token, good for one session, makes others only where anybody may. */
const mayCreate = (context: RequestContext): Problem | null =>
  context.caller.viewer.kind === 'MEMBER' && !context.services.anonymous
    ? problem('FORBIDDEN', `A member's token does not create sessions. ${signIn}`)
    : admits(context);

const reads = (session: Session, context: RequestContext): Eventually<Problem | null> =>
  andThen(isReadable(session, context), (readable) =>
    readable ? null : problem('NOT_A_MEMBER', `Only members read session ${session.id}: joinSession makes the caller one.`),
  );

const hosts = (session: Session, context: RequestContext): Eventually<Problem | null> =>
  andThen(context.standing(session), (standing) =>
    isHost(standing) ? null : problem('FORBIDDEN', `Only a HOST sees this of session ${session.id}.`),
  );

function isSeen(session: Session, context: RequestContext): Eventually<boolean> {
  if (session.visibility === 'PUBLIC' || context.followed === session.id) return true;
  return context.sees(session);
}

function isReadable(session: Session, context: RequestContext): Eventually<boolean> {
  const { visibility, rules } = session;
  // What everybody may read needs no look at who is asking.
  if (context.followed === session.id || (visibility === 'PUBLIC' && rules.passwordHash === null && !rules.allowlistOnly)) return true;
  return andThen(context.standing(session), (standing) => mayRead(session, standing));
}

/** The value, or null where the caller may not know of it. */
function shown(value: unknown, context: RequestContext): Eventually<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  const { id } = value as { readonly id?: unknown };
  const orNull = (allowed: boolean): unknown => (allowed ? value : null);
  switch (typeof id === 'string' ? kindOfId(id) : null) {
    case 'Session':
      return andThen(isSeen(value as Session, context), orNull);
    case 'Member':
      return sessionAllows((value as Member).sessionId, context, isSeen).then(orNull);
    case 'Message':
      return sessionAllows((value as Message).sessionId, context, isReadable).then(orNull);
    case 'Backend':
    case 'Agent':
    case 'Suggestion':
    case null:
      return value;
  }
}

async function sessionAllows(id: Session['id'], context: RequestContext, test: typeof isSeen): Promise<boolean> {
  const session = await context.loaders.sessions.load(id);
  return session !== null && test(session, context);
}

/** Reached only through a parent that was asked for, or the same for everybody. */
const open: Rule = {};
const admitted: Rule = { caller: admits };
/** Answers what the caller may see, and null in place of the rest. */
const visible: Rule = { caller: admits, filters: true };
const creates: Rule = { caller: mayCreate };
const readsSession: Rule = { session: reads };
const followsSession: Rule = { caller: admits, session: reads };
const hostOnly: Rule = { session: hosts, hides: true, perCaller: true };
const self: Rule = { perCaller: true };
const visibleSelf: Rule = { caller: admits, filters: true, perCaller: true };

const fields = (type: string, rule: Rule, names: readonly string[]): readonly (readonly [string, Rule])[] =>
  names.map((name) => [`${type}.${name}`, rule]);

const connection = (type: string, ...more: readonly string[]): readonly (readonly [string, Rule])[] => [
  ...fields(`${type}Connection`, open, ['edges', 'nodes', 'pageInfo', 'totalCount', ...more]),
  ...fields(`${type}Edge`, open, ['node', 'cursor']),
];

const event = (type: string, ...more: readonly string[]): readonly (readonly [string, Rule])[] =>
  fields(type, open, ['cursor', 'occurredAt', 'session', ...more]);

/**
 * Who may read or do what: every field of every type, `Type.field`. A field that is not here does not start: the schema and this table
 * must agree. What commands ask of the caller's part in a session is decided by the core; what stands here is who may ask.
 */
export const policy: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...fields('Query', open, ['viewer']),
  ...fields('Query', admitted, ['backends', 'sessions']),
  ...fields('Query', visible, ['node', 'nodes', 'session', 'sessionByHandle', 'currentSession']),
  ...fields('Mutation', open, ['requestWalletChallenge', 'verifyWallet']),
  ...fields('Mutation', creates, ['createSession']),
  ...fields('Mutation', admitted, ['joinSession', 'leaveSession', 'kickMember', 'endSession', 'updateSession', 'replaceSession']),
  ...fields('Mutation', admitted, ['renewSession', 'heartbeatSession', 'setTimeoutPolicy', 'sendMessage', 'clearMessages']),
  ...fields('Subscription', followsSession, ['sessionEvents', 'messageAdded', 'memberKicked', 'sessionExpired']),

  ...fields('Session', open, ['id', 'backend', 'handle', 'title', 'description', 'visibility', 'status', 'rules', 'members', 'cursor']),
  ...fields('Session', open, ['createdAt', 'updatedAt', 'lastActivityAt', 'expiresAt', 'renewalCount', 'agentId', 'situation']),
  ...fields('Session', open, ['defaults', 'metadata']),
  ...fields('Session', readsSession, ['messages', 'suggestions']),
  ...fields('Session', self, ['me']),
  ...fields('Rules', open, ['maxMembers', 'lifetimeSeconds', 'timeout', 'passwordProtected', 'allowlistOnly', 'maxFiles']),
  ...fields('Rules', open, ['maxTotalMegabytes']),
  ...fields('Rules', hostOnly, ['allowlist']),
  ...fields('TimeoutPolicy', open, ['timeoutSeconds', 'autoRenew', 'maxDurationSeconds', 'warningSeconds']),
  ...fields('Member', open, ['id', 'name', 'address', 'role', 'status', 'joinedAt', 'leftAt', 'online']),
  ...fields('Message', open, ['id', 'session', 'author', 'role', 'content', 'channel', 'attachments', 'metadata', 'options']),
  ...fields('Message', open, ['inReplyTo', 'createdAt']),
  ...fields('Attachment', open, ['url', 'mediaType', 'name', 'sizeBytes']),
  ...fields('Suggestion', open, ['id', 'target', 'content', 'message', 'createdAt']),

  ...fields('Backend', open, ['id', 'name', 'kind', 'features', 'health', 'agents']),
  ...fields('Agent', open, ['id', 'name', 'description']),
  ...fields('BackendFeature', open, ['feature', 'provider']),
  ...fields('BackendHealth', open, ['status', 'circuit', 'latencyMs', 'checkedAt', 'message']),

  ...fields('Viewer', self, ['kind', 'name', 'address', 'tier', 'member']),
  ...fields('Viewer', visibleSelf, ['session']),
  ...fields('Credentials', open, ['token', 'expiresAt']),
  ...fields('WalletChallenge', open, ['id', 'message', 'expiresAt']),
  ...fields('SessionAdmission', open, ['session', 'member', 'credentials']),
  ...fields('SessionChange', open, ['session']),
  ...fields('MemberRemoval', open, ['session', 'member']),
  ...fields('MessageDelivery', open, ['message', 'reply']),
  ...fields('Problem', open, ['code', 'status', 'title', 'detail', 'path', 'retryAfterSeconds', 'backend']),

  ...connection('Session', 'problems'),
  ...connection('Member'),
  ...connection('Message'),
  ...connection('Suggestion'),
  ...fields('PageInfo', open, ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor']),

  ...event('StreamOpened', 'recovered'),
  ...event('MemberJoined', 'member'),
  ...event('MemberLeft', 'member'),
  ...event('MemberKicked', 'member', 'by', 'reason'),
  ...event('MessageAdded', 'message'),
  ...event('MessagesCleared'),
  ...event('ReplyDelta', 'messageId', 'text'),
  ...event('SessionUpdated', 'changed'),
  ...event('SessionRenewed', 'expiresAt'),
  ...event('SessionExpiring', 'secondsLeft'),
  ...event('SessionExpired'),
  ...event('SessionEnded', 'by', 'reason'),
]);

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

const sessionBehind = (source: unknown): Session => {
  const { session } = source as { readonly session?: Session };
  return session ?? (source as Session);
};

function guarded(resolve: Resolver, rule: Rule, refuse: (refusal: Problem) => unknown): Resolver {
  const { caller, session, filters } = rule;
  const answer: Resolver = filters
    ? (source, args, context, info) =>
        andThen(resolve(source, args, context, info), (value: unknown) =>
          Array.isArray(value) ? Promise.all(value.map((item) => shown(item, context))) : shown(value, context),
        )
    : resolve;
  return (source, args, context, info) => {
    const refusal = caller?.(context) ?? null;
    if (refusal !== null) return refuse(refusal);
    if (session === undefined) return answer(source, args, context, info);
    return andThen(session(sessionBehind(source), context), (refused) =>
      refused === null ? answer(source, args, context, info) : refuse(refused),
    );
  };
}

/**
 * Puts the policy around the resolvers of a schema, once, when it is built: what nothing is asked of stays a plain property.
 *
 * @throws Error where a field has no rule.
 */
export function enforce(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith('__'));
  for (const type of types) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const rule = policy.get(`${type.name}.${field.name}`);
      if (rule === undefined) throw new Error(`Expected a rule for ${type.name}.${field.name} in the policy, got none: add one.`);
      // Subscriptions are asked when they begin; what is resolved later is the delivery of an event.
      if (type === schema.getSubscriptionType() || !(rule.caller ?? rule.session ?? rule.filters)) continue;
      const refuse =
        type === schema.getMutationType()
          ? (refusal: Problem): unknown => refusal
          : (refusal: Problem): unknown => (rule.hides ? null : new ProblemError(refusal));
      field.resolve = guarded(field.resolve ?? (defaultFieldResolver as Resolver), rule, refuse);
    }
  }
  return schema;
}
