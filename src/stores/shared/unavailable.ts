import { ProblemError, problem } from '../../core/problem.ts';

const retryAfterSeconds = 1;

/** The store cannot do it now. `cause` is for the log. */
export const unavailable = (detail: string, options?: ErrorOptions): ProblemError =>
  new ProblemError(problem('UNAVAILABLE', detail, { retryAfterSeconds }), options);

/** More is asked of the store than it gets done in time. Nothing was written. */
export const busy = (): ProblemError => unavailable(`The store has too much to do: try again in ${retryAfterSeconds} s.`);
