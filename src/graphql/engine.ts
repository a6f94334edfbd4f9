import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  type ValidationRule,
} from 'graphql';
import type { LiveEvent } from '../core/event.ts';
import { andThen } from '../core/eventually.ts';
import type { Caller } from '../core/viewer.ts';
import { RequestContext, type Services } from './context.ts';
import { type FormatError, type Report, codedError, createFormatError, passingFailureIn } from './errors.ts';
import { type Run, type Variables, createExecutor } from './executor.ts';
import { type Limits, createLimits } from './limits.ts';
import { createMemberPages } from './loaders.ts';
import { type Operation, createOperations } from './operations.ts';
import { buildSchema } from './schema.ts';
import { type SubscriptionPlan, createPlanner } from './subscription-plan.ts';
import { coerceVariables } from './variable-errors.ts';

export type { Operation } from './operations.ts';
export type { SubscriptionPlan } from './subscription-plan.ts';
export type { RequestContext } from './context.ts';

/** Variables as a client sent them. */
export type RawVariables = Readonly<Record<string, unknown>> | null | undefined;

type Result = Promise<ExecutionResult> | ExecutionResult;

export interface Engine {
  readonly schema: GraphQLSchema;
  /** The engine's own rules of validation, for servers that validate by themselves, in addition to those of the specification. */
  readonly validationRules: readonly ValidationRule[];
  /** For servers that parse by themselves. */
  readonly parseOptions: { readonly maxTokens: number };
  /** Parses and validates a text and finds the operation in it. Errors have codes. */
  prepare(source: string, operationName?: string | null): Operation | readonly GraphQLError[];
  /** Finds the operation in a document that was parsed and validated with the rules above. */
  operationOf(document: DocumentNode, operationName?: string | null): Operation | readonly GraphQLError[];
  /** Keeps a document that was parsed from the text and validated with the rules above. */
  remember(source: string, document: DocumentNode): void;
  /** The operation in a text that was prepared or remembered lately; null where it was not, or is faulty. */
  recall(source: string, operationName?: string | null): Operation | null;
  /** Runs a query or mutation. Variables that do not fit, and limits that only their values tell, give a result without `data`. */
  execute(operation: Operation, variables: RawVariables, context: RequestContext): Result;
  /** What a subscription is to be given, or why it is refused. */
  planSubscription(
    operation: Operation,
    variables: RawVariables,
    context: RequestContext,
  ): Promise<SubscriptionPlan | readonly GraphQLError[]>;
  /**
   * Runs a subscription's operation for one event. `context` is used for this event alone.
   *
   * @throws ProblemError (rejects) where the store cannot be read at the moment: no result for the event is due before it can.
   */
  executeEvent(operation: Operation, variables: RawVariables, event: LiveEvent, context: RequestContext): Result;
  /** What one operation, or one event, is run in. */
  createContext(caller: Caller, signal?: AbortSignal): RequestContext;
  /** The same for a caller that was authenticated just now: its membership is not read again. */
  createFreshContext(caller: Caller): RequestContext;
  formatError: FormatError;
}

export interface EngineOptions extends Omit<Services, 'maxListSize' | 'memberPages'> {
  readonly limits: Limits;
  /** Whether clients may read the schema. */
  readonly introspection: boolean;
  readonly report: Report;
}

/** What is worked out once per operation. */
interface Prepared {
  readonly run: Run;
  /** Null = the operation has no variables. */
  readonly coerce: ((variables: RawVariables) => Variables | readonly GraphQLError[]) | null;
  readonly check: ((variables: Variables) => GraphQLError | null) | null;
}

const none: Variables = Object.freeze({});
const notHere = codedError(
  'OPERATION_RESOLUTION_FAILURE',
  'Expected a query or mutation, got a subscription: those are answered over WebSocket (graphql-transport-ws) or as text/event-stream.',
);
const isFault = (value: Variables | readonly GraphQLError[]): value is readonly GraphQLError[] => Array.isArray(value);

/** The result, unless the time was a bad one. */
function whole(result: ExecutionResult): ExecutionResult {
  const failure = result.errors === undefined ? null : passingFailureIn(result.errors);
  if (failure !== null) throw failure;
  return result;
}

/** The GraphQL side of the gateway, the same for HTTP, WebSocket and server-sent events. */
export function createEngine({ limits, introspection, report, ...rest }: EngineOptions): Engine {
  const services: Services = { ...rest, maxListSize: limits.maxListSize, memberPages: createMemberPages() };
  const schema = buildSchema();
  const checks = createLimits(schema, limits, services.backends.size);
  const rules = introspection ? [] : [NoSchemaIntrospectionCustomRule];
  const executor = createExecutor(schema);
  const plan = createPlanner(schema);
  const prepared = new WeakMap<Operation, Prepared>();

  function coercing(operation: Operation): Prepared['coerce'] {
    const { variableDefinitions = [] } = operation.definition;
    if (variableDefinitions.length === 0) return null;
    return (variables) => coerceVariables(schema, variableDefinitions, variables ?? none, { hideSuggestions: !introspection });
  }

  function preparedOf(operation: Operation): Prepared {
    const before = prepared.get(operation);
    if (before !== undefined) return before;
    const { document, definition } = operation;
    const made: Prepared = {
      run: executor.prepare(document, definition),
      coerce: coercing(operation),
      check: checks.byVariables(document, definition),
    };
    prepared.set(operation, made);
    return made;
  }

  /** The variables' values, or why the operation is not to be run with them. */
  function admit({ coerce, check }: Prepared, variables: RawVariables): Variables | readonly GraphQLError[] {
    const values = coerce === null ? none : coerce(variables);
    if (isFault(values)) return values;
    const fault = check?.(values) ?? null;
    return fault === null ? values : [fault];
  }

  return {
    ...createOperations({ schema, limitRules: [checks.rule], rules, maxTokens: limits.maxTokens, suggestions: introspection }),
    schema,
    validationRules: [checks.rule, ...rules],
    parseOptions: { maxTokens: limits.maxTokens },
    formatError: createFormatError(report),
    createContext: (caller, signal) => new RequestContext(services, caller, signal),
    createFreshContext(caller) {
      const context = new RequestContext(services, caller, undefined);
      if (caller.viewer.kind === 'MEMBER') context.loaders.members.prime(caller.viewer.member.id, caller.viewer.member);
      return context;
    },

    execute(operation, variables, context) {
      if (operation.kind === 'subscription') return { errors: [notHere] };
      const ready = preparedOf(operation);
      const values = admit(ready, variables);
      return isFault(values) ? { errors: values } : ready.run(undefined, values, context);
    },

    async planSubscription(operation, variables, context) {
      const values = admit(preparedOf(operation), variables);
      return isFault(values) ? values : plan(operation, values, context);
    },

    executeEvent(operation, variables, event, context) {
      const { run, coerce } = preparedOf(operation);
      const values = coerce === null ? none : coerce(variables);
      if (isFault(values)) return { errors: values };
      const { member, by, message } = event;
      context.followed = event.sessionId;
      if (member !== null) context.loaders.members.prime(member.id, member);
      if (by !== null) context.loaders.members.prime(by.id, by);
      if (message !== null) context.loaders.messages.prime(message.id, message);
      return andThen(run({ [operation.field]: event }, values, context), whole);
    },
  };
}
