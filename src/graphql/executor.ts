import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, type OperationDefinitionNode, execute } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { conditionsOf, isCompilable, specialize } from './compile.ts';
import type { RequestContext } from './context.ts';

/** Variables that were coerced to the types that the operation declares. */
export type Variables = Readonly<Record<string, unknown>>;

/** One operation, ready to be run. */
export type Run = (rootValue: unknown, variables: Variables, context: RequestContext) => Promise<ExecutionResult> | ExecutionResult;

interface Executor {
  /** @param operation - Of the document; validated. */
  prepare(document: DocumentNode, operation: OperationDefinitionNode): Run;
}

// How many compiled operations are kept: some hundred kilobytes each at the most, mostly far less.
const maxCompiled = 500;

// What graphql-jit makes has `extensions` only where its cause has some; Apollo Server reads them of every error, and fails where there are none.
function asGraphQLError({ message, path, locations, originalError, extensions }: GraphQLError): GraphQLError {
  return Object.assign(new GraphQLError(message, { path, originalError, extensions }), { locations });
}

const withPlainErrors = (result: ExecutionResult): ExecutionResult =>
  result.errors === undefined ? result : { ...result, errors: result.errors.map(asGraphQLError) };

/**
 * Runs operations by graphql-jit, from the second time on: one that comes once is interpreted by graphql-js for less than its compilation
 * takes, and callers who never repeat themselves fill no cache.
 */
export function createExecutor(schema: GraphQLSchema): Executor {
  let prepared = 0;
  const compiled = new LRUCache<string, CompiledQuery | 'seen' | 'interpreted'>({ max: maxCompiled });

  function compile(document: DocumentNode, name: string | undefined): CompiledQuery | 'interpreted' {
    try {
      const query = compileQuery(schema, document, name, { disablingCapturingStackErrors: true });
      return isCompiledQuery(query) ? query : 'interpreted';
    } catch {
      // What it cannot compile can still be interpreted.
      return 'interpreted';
    }
  }

  return {
    prepare(document, operation) {
      const name = operation.name?.value;
      const interpret: Run = (rootValue, variableValues, contextValue) =>
        execute({ schema, document, operationName: name ?? null, rootValue, variableValues, contextValue });
      if (!isCompilable(document)) return interpret;
      const key = `${++prepared}`;
      const conditions = conditionsOf(document);
      return (rootValue, variables, context) => {
        const values = conditions?.map((condition) => variables[condition]) ?? null;
        if (values?.some((value) => typeof value !== 'boolean')) return interpret(rootValue, variables, context);
        const variant = values === null ? key : `${key}:${values.join()}`;
        let query = compiled.get(variant);
        if (query === undefined) compiled.set(variant, 'seen');
        if (query === 'seen') {
          query = compile(conditions === null ? document : specialize(document, variables), name);
          compiled.set(variant, query);
        }
        if (typeof query !== 'object') return interpret(rootValue, variables, context);
        const result = query.query(rootValue, context, variables);
        return result instanceof Promise ? result.then(withPlainErrors) : withPlainErrors(result);
      };
    },
  };
}
