import { type Problem, type ProblemCode, problem } from '../../core/problem.ts';

/** What an attempt came to, where it is not what was asked for. */
export interface HttpFailure {
  readonly kind: 'failure';
  readonly problem: Problem;
  /** `always`: it cannot have been applied. `safe`: it may have been. `never`: another attempt would come to the same. */
  readonly again: 'always' | 'safe' | 'never';
  /** How long the service asks to be left alone. */
  readonly retryAfterMs: number | null;
  /** Whether it is the service's failure, for the circuit breaker. */
  readonly counts: boolean;
  /** Of the reply, where one came. */
  readonly status: number | null;
}

export type HttpOutcome<T> = { readonly kind: 'done'; readonly value: T; readonly status: number } | HttpFailure;

/** What messages name: the backend and what it was asked to do. */
export interface Asked {
  readonly name: string;
  readonly operation: string;
  readonly safe: boolean;
}

type FailureExtras = Partial<Pick<HttpFailure, 'again' | 'retryAfterMs' | 'counts' | 'status'>> & { readonly retryAfterSeconds?: number };

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/** `what` reads on after the backend's name; `next` is a sentence's end after a colon. */
export function failure(asked: Asked, code: ProblemCode, what: string, next: string, extras: FailureExtras = {}): HttpFailure {
  const { again = 'safe', retryAfterMs = null, counts = true, status = null } = extras;
  const retryAfterSeconds = extras.retryAfterSeconds ?? (retryAfterMs === null ? undefined : seconds(retryAfterMs));
  return {
    kind: 'failure',
    problem: problem(code, `Backend ${asked.name} ${what} (${asked.operation}): ${next}.`, {
      backend: asked.name,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    }),
    again,
    retryAfterMs,
    counts,
    status,
  };
}

/** The next step after a failure that leaves open whether the request was applied. */
const tryAgain = (asked: Asked): string => (asked.safe ? 'try again' : 'see whether it took effect before trying again');

export const timedOut = (asked: Asked, timeoutMs: number): HttpFailure =>
  failure(asked, 'UPSTREAM_TIMEOUT', `did not answer within ${timeoutMs / 1_000} s`, tryAgain(asked));

const unreachable = (asked: Asked, code: string): HttpFailure =>
  failure(asked, 'UPSTREAM_UNAVAILABLE', `cannot be reached: ${code}`, 'try again, or check its `url`', { again: 'always' });

export const closing = (asked: Asked): HttpFailure =>
  failure(asked, 'UPSTREAM_UNAVAILABLE', 'is being shut down here', 'try again in a moment', { again: 'never', counts: false });

export const tooLarge = (asked: Asked, maxBodyBytes: number, status: number): HttpFailure =>
  failure(asked, 'UPSTREAM_FAILED', `answered more than ${maxBodyBytes} bytes`, 'ask for less', { again: 'never', status });

export const nonsense = (asked: Asked, status: number, what: string): HttpFailure =>
  failure(asked, 'UPSTREAM_FAILED', `answered ${status} with ${what}`, 'check its `url`', { again: 'never', status });

export const brokenOff = (asked: Asked): HttpFailure =>
  failure(asked, 'UPSTREAM_FAILED', 'broke off in the middle of its answer', tryAgain(asked));

// Before a connection stands nothing can have been applied.
const unconnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']);
const certificate = /CERT|ERR_TLS|ERR_SSL|^EPROTO$/;

/** What an error of the connection means; null where it is not one, but a mistake of ours. */
export function failureOf(asked: Asked, error: unknown, answering: boolean): HttpFailure | null {
  const code = codeOf(error);
  // Not every error of the parser has a code.
  if (code?.startsWith('HPE_') === true || code === 'UND_ERR_HEADERS_OVERFLOW' || (error as Error).name === 'HTTPParserError') {
    return failure(asked, 'UPSTREAM_FAILED', 'answered something that is not HTTP', 'check its `url`', { again: 'never' });
  }
  if (code === null) return null;
  if (unconnected.has(code)) return unreachable(asked, code);
  if (certificate.test(code)) return unreachable(asked, `no secure connection, ${code}`);
  if (answering) return brokenOff(asked);
  if (broken.has(code)) {
    return failure(asked, 'UPSTREAM_UNAVAILABLE', 'closed the connection before it answered', tryAgain(asked));
  }
  return null;
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  // One error for each address that was tried.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : codeOf(error.cause);
}
