/** Every refusal a caller can act on, with the HTTP status it stands for and its short, constant title. */
export const problemTable = {
  BAD_INPUT: { status: 400, title: 'The input breaks a rule' },
  UNAUTHENTICATED: { status: 401, title: 'Valid credentials are needed' },
  WRONG_PASSWORD: { status: 401, title: 'The password is wrong' },
  FORBIDDEN: { status: 403, title: 'The caller may not do this' },
  TIER_REQUIRED: { status: 403, title: 'A higher tier is needed' },
  NOT_ALLOWLISTED: { status: 403, title: 'The caller is not on the allowlist' },
  NOT_A_MEMBER: { status: 403, title: 'Only members may do this' },
  KICKED: { status: 403, title: 'The member was removed from the session' },
  NOT_FOUND: { status: 404, title: 'There is nothing by that id' },
  CONFLICT: { status: 409, title: 'The state does not allow this' },
  IDEMPOTENCY_MISMATCH: { status: 409, title: 'The idempotency key was used with another input' },
  EXPIRED: { status: 410, title: 'The session has expired' },
  ENDED: { status: 410, title: 'The session has ended' },
  SESSION_FULL: { status: 409, title: 'The session is full' },
  TOO_LARGE: { status: 413, title: 'The input is too large' },
  RATE_LIMITED: { status: 429, title: 'Too many attempts' },
  UNAVAILABLE: { status: 503, title: 'The gateway cannot do this now' },
  UNSUPPORTED: { status: 422, title: 'The backend does not support this' },
  UPSTREAM_REFUSED: { status: 422, title: 'The service refused the request' },
  UPSTREAM_FAILED: { status: 502, title: 'The service failed' },
  UPSTREAM_UNAVAILABLE: { status: 503, title: 'The service cannot be reached' },
  UPSTREAM_TIMEOUT: { status: 504, title: 'The service did not answer in time' },
} as const;

export type ProblemCode = keyof typeof problemTable;

export const problemCodes = Object.keys(problemTable) as readonly ProblemCode[];

/** A refusal as a value. `detail` names the thing, the rule, the value and, where there is one, the next step. */
export interface Problem {
  readonly kind: 'problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string | null;
  /** The input's field, outermost first: `['rules', 'maxMembers']`. */
  readonly path: readonly string[] | null;
  readonly retryAfterSeconds: number | null;
  /** The name of the backend it came from, where it came from one. */
  readonly backend: string | null;
}

export interface ProblemExtras {
  readonly path?: readonly string[];
  readonly retryAfterSeconds?: number;
  readonly backend?: string;
}

export const problem = (code: ProblemCode, detail: string, extras: ProblemExtras = {}): Problem => ({
  kind: 'problem',
  code,
  ...problemTable[code],
  detail,
  path: extras.path ?? null,
  retryAfterSeconds: extras.retryAfterSeconds ?? null,
  backend: extras.backend ?? null,
});

export const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && (value as Partial<Problem>).kind === 'problem';

/** A problem where only an exception fits: a query field, a subscription. The GraphQL edge turns it into an error with the problem's fields. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  /** @param options - `cause` is for the log: nobody is shown it. */
  constructor(given: Problem, options?: ErrorOptions) {
    super(given.detail ?? given.title, options);
    this.problem = given;
  }
}

/** The value, or the problem thrown as a `ProblemError`. */
export function orThrow<T>(value: T | Problem): T {
  if (isProblem(value)) throw new ProblemError(value);
  return value;
}

/** What comes of the work, a `ProblemError` as the problem that it carries. Other failures stay exceptions. */
export async function orProblem<T>(work: Promise<T>): Promise<T | Problem> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
}
