import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { type ErrorCode, codedError, withCode } from './errors.ts';

/** One operation of a document that has been parsed and validated. */
export interface Operation {
  readonly document: DocumentNode;
  /** Undefined = it has none. */
  readonly name: string | undefined;
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** The name of its first root field. */
  readonly field: string;
  readonly definition: OperationDefinitionNode;
}

export interface Operations {
  /** Parses, validates and finds the operation; what was prepared lately is not prepared again. */
  prepare(source: string, operationName?: string | null): Operation | readonly GraphQLError[];
  /** Finds the operation in a document that has been validated by the engine's rules. The same document gives the same operation. */
  operationOf(document: DocumentNode, operationName?: string | null): Operation | readonly GraphQLError[];
  /** Keeps a document that was parsed from the text and validated by the engine's rules. */
  remember(source: string, document: DocumentNode): void;
  /** The operation in a text that was prepared or remembered lately; null where it was not, or is faulty. */
  recall(source: string, operationName?: string | null): Operation | null;
}

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  /** In addition to those of the specification. The first are asked first, and alone: what is too complex is not looked at further. */
  readonly limitRules: readonly ValidationRule[];
  readonly rules: readonly ValidationRule[];
  readonly maxTokens: number;
  /** Whether messages may suggest names of the schema. */
  readonly suggestions: boolean;
}

// Texts that are kept with their documents: at most so many, of at most so many characters each and together.
const cached = { max: 1_000, maxEntrySize: 65_536, maxSize: 4_194_304 };

function fieldOf(selections: SelectionSetNode, document: DocumentNode): string {
  for (const node of selections.selections) {
    if (node.kind === Kind.FIELD) return node.name.value;
    const within =
      node.kind === Kind.INLINE_FRAGMENT
        ? node.selectionSet
        : document.definitions.find(
            (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === node.name.value,
          );
    if (within !== undefined && 'selectionSet' in within) return fieldOf(within.selectionSet, document);
    if (within?.kind === Kind.SELECTION_SET) return fieldOf(within, document);
  }
  return '';
}

function find(document: DocumentNode, name: string | undefined): Operation | readonly GraphQLError[] {
  const all = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const definition = name === undefined ? all[0] : all.find((node) => node.name?.value === name);
  const fault = (message: string): readonly GraphQLError[] => [codedError('OPERATION_RESOLUTION_FAILURE', message)];
  if (definition === undefined) {
    return fault(name === undefined ? 'Expected the document to have an operation, got none.' : `Unknown operation named "${name}".`);
  }
  if (name === undefined && all.length > 1) return fault('Must provide operation name if query contains multiple operations.');
  return {
    document,
    name: definition.name?.value,
    kind: definition.operation,
    field: fieldOf(definition.selectionSet, document),
    definition,
  };
}

/** Finds operations in texts and documents, and remembers them. */
export function createOperations({ schema, limitRules, rules, maxTokens, suggestions }: OperationsOptions): Operations {
  const documents = new LRUCache<string, DocumentNode | readonly GraphQLError[]>({
    ...cached,
    sizeCalculation: (_, source) => source.length + 1,
  });
  const operations = new WeakMap<DocumentNode, Map<string | undefined, Operation>>();
  const options = { hideSuggestions: !suggestions };

  function faultsOf(document: DocumentNode): readonly GraphQLError[] {
    const tooMuch = validate(schema, document, limitRules, options);
    return tooMuch.length > 0 ? tooMuch : validate(schema, document, [...specifiedRules, ...rules], options);
  }

  function documentOf(source: string): DocumentNode | readonly GraphQLError[] {
    let code: ErrorCode = 'GRAPHQL_PARSE_FAILED';
    try {
      const document = parse(source, { maxTokens });
      code = 'GRAPHQL_VALIDATION_FAILED';
      const faults = faultsOf(document);
      return faults.length === 0 ? document : faults.map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED'));
    } catch (error) {
      // Not only the parser throws: graphql-js also does where a variable decides on a subscription's root field.
      if (error instanceof GraphQLError) return [withCode(error, code)];
      throw error;
    }
  }

  function operationOf(document: DocumentNode, operationName?: string | null): Operation | readonly GraphQLError[] {
    // An empty name means none, as in graphql-js.
    const name = operationName || undefined;
    const known = operations.get(document);
    const before = known?.get(name);
    if (before !== undefined) return before;
    const operation = find(document, name);
    // Names come from clients: only those that there are, are remembered.
    if ('definition' in operation) operations.set(document, (known ?? new Map<string | undefined, Operation>()).set(name, operation));
    return operation;
  }

  return {
    operationOf,
    remember(source, document) {
      if (!documents.has(source)) documents.set(source, document);
    },
    recall(source, operationName) {
      const document = documents.get(source);
      if (document === undefined || !('kind' in document)) return null;
      const operation = operationOf(document, operationName);
      return 'kind' in operation ? operation : null;
    },
    prepare(source, operationName) {
      let document = documents.get(source);
      if (document === undefined) {
        document = documentOf(source);
        documents.set(source, document);
      }
      return 'kind' in document ? operationOf(document, operationName) : document;
    },
  };
}
