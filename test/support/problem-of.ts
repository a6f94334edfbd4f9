import { ProblemError } from '../../src/core/problem.ts';

/** The code of the problem that the work rejects with; `none` where it does not. */
export async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
  return 'none';
}
