import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLErrorOptions, type GraphQLFormattedError } from 'graphql';
import { type Problem, ProblemError } from '../core/problem.ts';

/** Codes of `extensions.code` besides the problem codes: what is wrong with a request as such, and what failed here. */
export const errorCodes = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'OPERATION_TOO_COMPLEX',
  'BAD_USER_INPUT',
  'SLOW_CONSUMER',
  'ABORTED',
  'INTERNAL_SERVER_ERROR',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Told of each unexpected error, with the id under which the client was told that there was one. */
export type Report = (error: unknown, correlationId: string) => void;

/**
 * @param error - What went wrong, or what a server has already made of it.
 * @param original - What went wrong, where `error` is what a server made of it.
 */
export type FormatError = (error: unknown, original?: unknown) => GraphQLFormattedError;

/** What an error says of a problem. Fields that are null are left out. */
function problemExtensions(cause: Problem): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(cause).filter(([name, value]) => name !== 'kind' && value !== null));
}

/** A problem where only an error fits. */
export const problemError = (cause: Problem, options: GraphQLErrorOptions = {}): GraphQLError =>
  new GraphQLError(cause.detail ?? cause.title, { ...options, extensions: problemExtensions(cause) });

export const codedError = (code: ErrorCode, message: string, options: GraphQLErrorOptions = {}): GraphQLError =>
  new GraphQLError(message, { ...options, extensions: { ...options.extensions, code } });

/** The same error with a code, unless it has one. */
export const withCode = (error: GraphQLError, code: ErrorCode): GraphQLError => {
  if (error.extensions['code'] !== undefined) return error;
  const { message, nodes, source, positions, path, extensions } = error;
  return new GraphQLError(message, { nodes: nodes ?? null, source, positions, path, extensions: { ...extensions, code } });
};

// Apollo wraps what resolvers throw, and so does graphql-js: the cause is at the end of the chain.
function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError !== undefined && cause.originalError !== cause) cause = cause.originalError;
  return cause;
}

/** Says that the gateway itself, not a service, cannot do it at the moment: the store is away, or has too much to do. */
const isPassing = ({ code, backend }: Problem): boolean => backend === null && code === 'UNAVAILABLE';

/** The failure that an execution would not have had at a better time; null = none of these is one. */
export function passingFailureIn(errors: readonly GraphQLError[]): ProblemError | null {
  for (const error of errors) {
    const cause = causeOf(error);
    if (cause instanceof ProblemError && isPassing(cause.problem)) return cause;
  }
  return null;
}

const isAbort = (cause: unknown): boolean => cause instanceof Error && cause.name === 'AbortError';

// Execution finds these where a variable that may be null stands in for an argument that may not.
const badArgument = /^Argument "\w+" of (?:non-null|required) type /;

function codeOf(cause: unknown, formatted: Formatted): unknown {
  if (!(cause instanceof GraphQLError)) return undefined;
  // Errors of other makers may lack what their type promises, and this must not fail.
  const extensions: GraphQLError['extensions'] | undefined = cause.extensions;
  const code = extensions?.['code'] ?? formatted.extensions?.['code'];
  if (code !== undefined && code !== 'INTERNAL_SERVER_ERROR') return code;
  return badArgument.test(cause.message) ? 'BAD_USER_INPUT' : undefined;
}

interface Formatted {
  readonly message: string;
  readonly locations?: GraphQLFormattedError['locations'] | undefined;
  readonly path?: GraphQLFormattedError['path'] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

const isFormatted = (error: unknown): error is Formatted =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' && !(error instanceof Error);

const asFormatted = (error: unknown): Formatted => {
  if (error instanceof GraphQLError) return error.toJSON();
  return isFormatted(error) ? error : { message: error instanceof Error ? error.message : String(error) };
};

/**
 * The one funnel from errors to what clients see. A problem shows its fields; an error about the request shows as it is; anything else is
 * masked, and reported under the correlation id that the client is given.
 */
export function createFormatError(report: Report): FormatError {
  return (error, original = error) => {
    const formatted = asFormatted(error);
    const { message, locations, path, extensions } = formatted;
    const place = { ...(locations && { locations }), ...(path && { path }) };
    const cause = causeOf(original);
    if (cause instanceof ProblemError) return { message: cause.message, ...place, extensions: problemExtensions(cause.problem) };
    if (isAbort(cause)) return { message: 'The request was cancelled.', ...place, extensions: { code: 'ABORTED' } };
    const code = codeOf(cause, formatted);
    if (code !== undefined) {
      const { stacktrace: _, ...rest }: Readonly<Record<string, unknown>> = extensions ?? {};
      // An exceeded limit is told as such also where a server names all errors of its validation alike.
      return { message, ...place, extensions: { ...rest, code: 'limit' in rest ? 'OPERATION_TOO_COMPLEX' : code } };
    }
    const correlationId = randomUUID();
    report(cause, correlationId);
    return {
      message: `Something failed here that should not have. It is logged under ${correlationId}: tell whoever runs this gateway.`,
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId },
    };
  };
}
