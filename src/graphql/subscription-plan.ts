import { createHash } from 'node:crypto';
import {
  type ArgumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type SelectionSetNode,
  TypeInfo,
  getArgumentValues,
  print,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { shown, text } from '../core/checks.ts';
import { type EventCursor, decodeEventCursor } from '../core/cursor.ts';
import type { LiveEventType } from '../core/event.ts';
import { type SessionId, isSessionId } from '../core/ids.ts';
import { textLimits } from '../core/limits.ts';
import { type Problem, isProblem, problem } from '../core/problem.ts';
import { maySee } from '../core/use-cases.ts';
import { principalOf } from '../core/viewer.ts';
import type { RequestContext } from './context.ts';
import { codedError, problemError } from './errors.ts';
import type { Variables } from './executor.ts';
import type { Subscription, SubscriptionSessionEventsArgs } from './generated.ts';
import type { Operation } from './operations.ts';
import { type Rule, policy } from './policy.ts';

export type SubscriptionField = Exclude<keyof Subscription, '__typename'>;

/** What a subscription is to be given, and who may share the execution of an event. */
export interface SubscriptionPlan {
  readonly field: SubscriptionField;
  /** `mine` = every session that the caller is in. */
  readonly sessionIds: readonly SessionId[] | 'mine';
  /** Where to go on. One of another epoch is kept: whether it can be resumed from is for the timeline to say. */
  readonly after: EventCursor | null;
  /** Null = all. STREAM_OPENED is always among them where the field has it. */
  readonly types: ReadonlySet<LiveEventType> | null;
  /** Null = messages of all channels. */
  readonly channel: string | null;
  /** Subscriptions of the same session with an equal key get the same bytes for the same event. */
  readonly groupKey: string;
}

/** What of an operation does not depend on who sends it. */
interface Shape {
  readonly root: FieldNode;
  /** Of the text: equal operations have an equal one. */
  readonly hash: string;
  /** Variables that results may depend on, in order. Those that only pick events, the root field's arguments, are not among them. */
  readonly variables: readonly string[];
  readonly perCaller: boolean;
}

const typesOf: Readonly<Record<SubscriptionField, ReadonlySet<LiveEventType> | null>> = {
  sessionEvents: null,
  messageAdded: new Set(['MESSAGE_ADDED']),
  memberKicked: new Set(['MEMBER_KICKED']),
  sessionExpired: new Set(['SESSION_EXPIRED']),
};

function rootOf(selections: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): FieldNode | GraphQLError {
  const [node] = selections.selections;
  if (node === undefined) return codedError('GRAPHQL_VALIDATION_FAILED', 'Expected the subscription to have a root field, got none.');
  if (node.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) {
    const rule = '`@skip` and `@include` cannot stand at the root of a subscription: it would then be of nothing.';
    return codedError('GRAPHQL_VALIDATION_FAILED', rule, { nodes: node });
  }
  if (node.kind === Kind.FIELD) return node;
  const within = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
  return within === undefined ? codedError('GRAPHQL_VALIDATION_FAILED', 'Unknown fragment.') : rootOf(within.selectionSet, fragments);
}

function shapeOf(schema: GraphQLSchema, { document, definition, name }: Operation): Shape | GraphQLError {
  const fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [])),
  );
  const root = rootOf(definition.selectionSet, fragments);
  if (root instanceof GraphQLError) return root;
  const rootArguments = new Set<ArgumentNode>();
  const variables = new Set<string>();
  let perCaller = false;
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: (node) => {
        const parent = info.getParentType();
        if (parent === schema.getSubscriptionType()) for (const argument of node.arguments ?? []) rootArguments.add(argument);
        if (policy.get(`${parent?.name}.${node.name.value}`)?.perCaller) perCaller = true;
      },
      Argument: (node) => (rootArguments.has(node) ? false : undefined),
      VariableDefinition: () => false,
      Variable: (node) => void variables.add(node.name.value),
    }),
  );
  const text = document.loc?.source.body ?? print(document);
  const hash = createHash('sha256')
    .update(`${name ?? ''}\0${text}`)
    .digest('base64url');
  return { root, hash, variables: [...variables].toSorted(), perCaller };
}

let anonymousCallers = 0;

/** Who asks, where it matters; an anonymous caller is like nobody else. */
const callerKey = ({ caller }: RequestContext): string => principalOf(caller.viewer) ?? `anonymous:${++anonymousCallers}`;

function groupKeyOf({ hash, variables, perCaller }: Shape, values: Variables, context: RequestContext): string {
  const used = variables.map((name) => values[name] ?? null);
  const key = JSON.stringify([hash, used, perCaller ? callerKey(context) : null]);
  return createHash('sha256').update(key).digest('base64url');
}

type Args = Partial<SubscriptionSessionEventsArgs> & { readonly channel?: string | null };

/** The session that is meant; null = every session the caller is in. */
function targetOf(field: SubscriptionField, { sessionId }: Args, context: RequestContext): SessionId | null | Problem {
  if (typeof sessionId === 'string') {
    if (isSessionId(sessionId)) return sessionId;
    return problem('BAD_INPUT', `Expected \`sessionId\` to be a Session id, got ${shown(sessionId)}.`, { path: ['sessionId'] });
  }
  const { caller } = context;
  if (caller.currentSessionId !== null) return caller.currentSessionId;
  if (field === 'sessionEvents' || field === 'messageAdded') {
    const rule = 'Expected `sessionId` to be given, since there is no current session: a member token or `X-Session-Id` makes one.';
    return problem('BAD_INPUT', rule, { path: ['sessionId'] });
  }
  return caller.viewer.kind === 'ANONYMOUS'
    ? problem('UNAUTHENTICATED', 'Expected `sessionId` to be given, since an anonymous caller is in no session of its own.')
    : null;
}

/** Why the caller may not follow the session, or null where it may. One that it may not see is not there. */
async function refusalOf(sessionId: SessionId, rule: Rule | undefined, context: RequestContext): Promise<Problem | null> {
  const session = await context.loaders.sessions.load(sessionId);
  if (session === null || !maySee(session, await context.standing(session))) {
    return problem('NOT_FOUND', `There is no session ${sessionId}, or none that the caller may see.`, { path: ['sessionId'] });
  }
  return (await rule?.session?.(session, context)) ?? null;
}

function cursorOf({ after }: Args, sessionId: SessionId | null): EventCursor | null | Problem {
  if (typeof after !== 'string') return null;
  const cursor = decodeEventCursor(after);
  if (cursor !== null && cursor.sessionId === sessionId) return cursor;
  const rule = `Expected \`after\` to be a cursor of session ${sessionId}, got ${cursor === null ? shown(after) : `one of session ${cursor.sessionId}`}.`;
  return problem('BAD_INPUT', rule, { path: ['after'] });
}

function typesFor(field: SubscriptionField, { types }: Args): ReadonlySet<LiveEventType> | null | Problem {
  if (!types) return typesOf[field];
  if (types.length > 0) return new Set<LiveEventType>(['STREAM_OPENED', ...types]);
  return problem('BAD_INPUT', 'Expected `types` to name at least one type of event, got none.', { path: ['types'] });
}

async function decide(shape: Shape, args: Args, values: Variables, context: RequestContext): Promise<SubscriptionPlan | Problem> {
  const field = shape.root.name.value as SubscriptionField;
  const rule = policy.get(`Subscription.${field}`);
  const target = rule?.caller?.(context) ?? targetOf(field, args, context);
  if (isProblem(target)) return target;
  const refusal = target === null ? null : await refusalOf(target, rule, context);
  if (refusal !== null) return refusal;
  const after = cursorOf(args, target);
  if (isProblem(after)) return after;
  const types = typesFor(field, args);
  if (isProblem(types)) return types;
  // The rule of what is sent: there is nothing to wait for in a channel that no message can be in.
  const misnamed = text(['channel'], args.channel, textLimits.channel);
  if (misnamed !== null) return misnamed;
  return {
    field,
    sessionIds: target === null ? 'mine' : [target],
    after,
    types,
    channel: args.channel ?? null,
    groupKey: groupKeyOf(shape, values, context),
  };
}

/** Makes plans of subscriptions. What of an operation does not depend on its sender is worked out once. */
export function createPlanner(
  schema: GraphQLSchema,
): (operation: Operation, variables: Variables, context: RequestContext) => Promise<SubscriptionPlan | readonly GraphQLError[]> {
  const shapes = new WeakMap<Operation, Shape | GraphQLError>();
  return async (operation, variables, context) => {
    const shape = shapes.get(operation) ?? shapeOf(schema, operation);
    shapes.set(operation, shape);
    if (shape instanceof GraphQLError) return [shape];
    const { root } = shape;
    const fieldOf = schema.getSubscriptionType()?.getFields()[root.name.value];
    if (fieldOf === undefined) {
      return [codedError('GRAPHQL_VALIDATION_FAILED', `There is no subscription ${root.name.value}.`, { nodes: root })];
    }
    let args: Args;
    try {
      args = getArgumentValues(fieldOf, root, variables);
    } catch (error) {
      if (error instanceof GraphQLError) return [codedError('BAD_USER_INPUT', error.message, { nodes: root })];
      throw error;
    }
    const plan = await decide(shape, args, variables, context);
    return isProblem(plan) ? [problemError(plan, { nodes: root, path: [root.alias?.value ?? root.name.value] })] : plan;
  };
}
