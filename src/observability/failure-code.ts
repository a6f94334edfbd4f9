import { ProblemError, type Problem } from '../core/problem.ts';

/** What went wrong with an operation, as far as an observer cares. */
export interface Failing {
  readonly code: string;
  /** Whether it went wrong here or at a service; otherwise the caller asked for what it cannot have. */
  readonly ours: boolean;
}

const internal: Failing = { code: 'INTERNAL_SERVER_ERROR', ours: true };

export const failingOf = ({ code, status }: Problem): Failing => ({ code, ours: status >= 500 });

interface Chained {
  readonly originalError?: unknown;
  readonly extensions?: { readonly code?: unknown };
}

/** Reads what an error of an operation's result will be shown as. */
export function failingIn(error: unknown): Failing {
  let link: unknown = error;
  for (let depth = 0; depth < 10 && typeof link === 'object' && link !== null; depth += 1) {
    if (link instanceof ProblemError) return failingOf(link.problem);
    const { originalError, extensions } = link as Chained;
    if (originalError === undefined || originalError === null) {
      const code = extensions?.code;
      return typeof code === 'string' && code !== internal.code ? { code, ours: false } : internal;
    }
    link = originalError;
  }
  return internal;
}
