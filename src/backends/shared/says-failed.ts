import { type Problem, problem } from '../../core/problem.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Whether there is something in it: errors that are null, false or an empty list are none. */
const isError = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

/**
 * Whether a body says that what was asked for was not done, whatever its status: in none of the services' documented answers stand these
 * fields with these values, but in refusals, their own and those of gateways in front of them.
 */
export function saysFailed(json: unknown): boolean {
  if (!isObject(json)) return false;
  const { success, ok, status, error, errors } = json;
  const isBadStatus =
    typeof status === 'number' ? status >= 400 : typeof status === 'string' && /^(?:error|fail|failed|failure)$/i.test(status);
  return success === false || ok === false || isBadStatus || isError(error) || isError(errors);
}

/** What that comes to. It may have been done in part: nobody knows. */
export const notDone = (backend: string, operation: string): Problem =>
  problem(
    'UPSTREAM_FAILED',
    `Backend ${backend} says in an answer of success that it failed (${operation}): see whether it took effect before trying again.`,
    { backend },
  );
