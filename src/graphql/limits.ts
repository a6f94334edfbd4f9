import {
  type ArgumentNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
  type ValueNode,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { codedError } from './errors.ts';
import { defaultPageSize } from './paging.ts';

/** Bounds of one operation. */
export interface Limits {
  /** Fields within fields. @default 12 */
  readonly maxDepth: number;
  /** Aliased fields, counted wherever a fragment puts them. @default 30 */
  readonly maxAliases: number;
  /** Objects that the operation may have to read, see `docs/problems.md`. @default 10_000 */
  readonly maxCost: number;
  /** Lexical tokens of the text. @default 2_000 */
  readonly maxTokens: number;
  /** Rows of one page, ids of `nodes`. @default 100 */
  readonly maxListSize: number;
}

/** How many times what is below a field is read: a number, or by the value of a variable. */
type Size = number | { readonly variable: string };

/** The cost of a selection: what is fixed, and what is multiplied. Fragments are shared, so that it is as small as the text. */
interface Cost {
  readonly own: number;
  readonly parts: readonly { readonly size: Size; readonly of: Cost }[];
}

/** What one operation asks for. */
interface Measure {
  readonly depth: number;
  readonly aliases: number;
  readonly cost: Cost;
}

/** What reading one object, or doing one thing, costs. */
const objectCost = 1;
const dearFields: ReadonlyMap<string, number> = new Map([
  // They ask the service itself.
  ['Backend.health', 10],
  ['Backend.agents', 10],
]);
const mutationCost = 10;
/** Introspection is bounded by graphql-js (lists within lists) and by this: a whole schema, some times over. */
const introspectionCost = 1_000;
const maxIntrospectionDepth = 24;

const nothing: Measure = { depth: 0, aliases: 0, cost: { own: 0, parts: [] } };

const argumentNamed = (args: readonly ArgumentNode[] | undefined, name: string): ValueNode | undefined =>
  args?.find((argument) => argument.name.value === name)?.value;

function sizeOf(field: GraphQLField<unknown, unknown>, args: readonly ArgumentNode[] | undefined, backends: number): Size {
  if (field.name === 'backends') return backends;
  const isList = field.args.some(({ name }) => name === 'first' || name === 'ids');
  if (!isList) return 1;
  const value = argumentNamed(args, 'ids') ?? argumentNamed(args, 'last') ?? argumentNamed(args, 'first');
  if (value?.kind === Kind.INT) return Number(value.value);
  if (value?.kind === Kind.VARIABLE) return { variable: value.name.value };
  return value?.kind === Kind.LIST ? value.values.length : defaultPageSize;
}

/** How many fields deep a selection goes. Fragments are followed once each. */
function depthOf(selections: SelectionSetNode, fragments: Fragments, known: Map<string, number>): number {
  let deepest = 0;
  for (const node of selections.selections) {
    if (node.kind === Kind.FIELD) {
      deepest = Math.max(deepest, 1 + (node.selectionSet ? depthOf(node.selectionSet, fragments, known) : 0));
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      deepest = Math.max(deepest, depthOf(node.selectionSet, fragments, known));
    } else {
      const name = node.name.value;
      const fragment = fragments.get(name);
      // Zero meanwhile: a cycle is refused by a rule of its own.
      if (fragment && !known.has(name)) known.set(name, 0).set(name, depthOf(fragment.selectionSet, fragments, known));
      deepest = Math.max(deepest, known.get(name) ?? 0);
    }
  }
  return deepest;
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Measures selections of one document. Each fragment is measured once, however often and wherever it is spread. */
function createMeasuring(schema: GraphQLSchema, document: DocumentNode, backends: number) {
  const fragments: Fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [])),
  );
  const known = new Map<string, Measure>();
  const introspectionDepths = new Map<string, number>();

  function ofFragment(name: string): Measure {
    const fragment = fragments.get(name);
    if (fragment === undefined) return nothing;
    const before = known.get(name);
    if (before !== undefined) return before;
    // Nothing meanwhile: a cycle is refused by a rule of its own.
    known.set(name, nothing);
    const measure = ofSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    known.set(name, measure);
    return measure;
  }

  function ofIntrospection(selections: SelectionSetNode | undefined): Measure {
    const depth = selections ? depthOf(selections, fragments, introspectionDepths) : 0;
    // Within its own bound it is as if it were flat; beyond, it is as deep as it is.
    return { depth: depth > maxIntrospectionDepth ? depth : 1, aliases: 0, cost: { own: introspectionCost, parts: [] } };
  }

  function ofField(
    type: GraphQLNamedType | undefined,
    name: string,
    node: { readonly arguments?: readonly ArgumentNode[]; readonly selectionSet?: SelectionSetNode },
  ): Measure {
    if (name === '__schema' || name === '__type') return ofIntrospection(node.selectionSet);
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    if (field === undefined) return { ...nothing, depth: 1 };
    const answers = getNamedType(field.type);
    const weight = dearFields.get(`${type?.name}.${name}`) ?? (isCompositeType(answers) ? objectCost : 0);
    const own = weight + (type === schema.getMutationType() ? mutationCost : 0);
    if (node.selectionSet === undefined) return { depth: 1, aliases: 0, cost: { own, parts: [] } };
    const below = ofSelections(node.selectionSet, answers);
    const size = sizeOf(field, node.arguments, backends);
    return { depth: 1 + below.depth, aliases: below.aliases, cost: { own, parts: [{ size, of: below.cost }] } };
  }

  function ofSelections(selections: SelectionSetNode, type: GraphQLNamedType | undefined): Measure {
    const measures = selections.selections.map((node): Measure => {
      switch (node.kind) {
        case Kind.FIELD: {
          const measure = ofField(type, node.name.value, node);
          return node.alias === undefined ? measure : { ...measure, aliases: measure.aliases + 1 };
        }
        case Kind.INLINE_FRAGMENT:
          return ofSelections(node.selectionSet, node.typeCondition ? schema.getType(node.typeCondition.name.value) : type);
        case Kind.FRAGMENT_SPREAD:
          return ofFragment(node.name.value);
      }
    });
    return {
      depth: Math.max(0, ...measures.map(({ depth }) => depth)),
      aliases: measures.reduce((sum, { aliases }) => sum + aliases, 0),
      cost: { own: 0, parts: measures.filter(({ cost }) => cost !== nothing.cost).map(({ cost }) => ({ size: 1, of: cost })) },
    };
  }
  return { ofSelections };
}

/** Depth, aliases and cost of an operation, in time linear in its document. */
function measure(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, backends: number): Measure {
  return createMeasuring(schema, document, backends).ofSelections(
    operation.selectionSet,
    schema.getRootType(operation.operation) ?? undefined,
  );
}

function hasVariableSize(cost: Cost, seen = new Set<Cost>()): boolean {
  if (seen.has(cost)) return false;
  seen.add(cost);
  return cost.parts.some(({ size, of }) => typeof size !== 'number' || hasVariableSize(of, seen));
}

function rows(size: Size, variables: Readonly<Record<string, unknown>> | null, maxListSize: number): number {
  if (typeof size === 'number') return Math.min(Math.max(size, 0), maxListSize);
  if (variables === null) return 0;
  const value = variables[size.variable];
  const length = Array.isArray(value) ? value.length : (value ?? defaultPageSize);
  // A size out of bounds is refused by the field itself, in words of its own.
  return typeof length === 'number' ? Math.min(Math.max(length, 0), maxListSize) : maxListSize;
}

/**
 * The cost with these values of the variables.
 *
 * @param variables - Null = not known yet: pages whose size they say count as empty, so that it is the least the operation can cost.
 */
function costOf(cost: Cost, variables: Readonly<Record<string, unknown>> | null, maxListSize: number): number {
  const known = new Map<Cost, number>();
  const evaluate = (part: Cost): number => {
    const before = known.get(part);
    if (before !== undefined) return before;
    const sum = part.parts.reduce((total, { size, of }) => total + rows(size, variables, maxListSize) * evaluate(of), part.own);
    known.set(part, sum);
    return sum;
  };
  return evaluate(cost);
}

type LimitName = 'maxDepth' | 'maxAliases' | 'maxCost';

const words: Readonly<Record<LimitName, string>> = {
  maxDepth: 'be nested at most %d fields deep',
  maxAliases: 'have at most %d aliases',
  maxCost: 'cost at most %d',
};

function exceeded(name: LimitName, max: number, value: number): GraphQLError {
  const got = Number.isSafeInteger(value) ? `${value}` : `more than ${Number.MAX_SAFE_INTEGER}`;
  const rule = words[name].replace('%d', `${max}`);
  return codedError('OPERATION_TOO_COMPLEX', `Expected the operation to ${rule} (${name}), got ${got}.`, {
    extensions: { limit: { name, max, value: Math.min(value, Number.MAX_SAFE_INTEGER) } },
  });
}

/** The limits of a schema: as a rule of validation, and for what only the variables' values tell. */
interface LimitChecks {
  readonly rule: ValidationRule;
  /** Checks what `rule` could not know; null where it knew all. */
  readonly byVariables: (
    document: DocumentNode,
    operation: OperationDefinitionNode,
  ) => ((variables: Readonly<Record<string, unknown>>) => GraphQLError | null) | null;
}

/** @param backends - How many are configured: what `Query.backends` answers. */
export function createLimits(schema: GraphQLSchema, limits: Limits, backends: number): LimitChecks {
  const { maxDepth, maxAliases, maxCost, maxListSize } = limits;
  return {
    rule: (context) => ({
      OperationDefinition(operation) {
        const { depth, aliases, cost } = measure(schema, context.getDocument(), operation, backends);
        const least = costOf(cost, null, maxListSize);
        if (depth > maxDepth) context.reportError(exceeded('maxDepth', maxDepth, depth));
        if (aliases > maxAliases) context.reportError(exceeded('maxAliases', maxAliases, aliases));
        if (least > maxCost) context.reportError(exceeded('maxCost', maxCost, least));
        return false;
      },
    }),
    byVariables(document, operation) {
      const { cost } = measure(schema, document, operation, backends);
      if (!hasVariableSize(cost)) return null;
      return (variables) => {
        const sum = costOf(cost, variables, maxListSize);
        return sum > maxCost ? exceeded('maxCost', maxCost, sum) : null;
      };
    },
  };
}
