import { type Problem, type ProblemCode, problem } from '../../core/problem.ts';
import type { HttpReply } from '../shared/http-message.ts';
import { longestWaitMs } from '../shared/retry-after.ts';

const quotedChars = 200;

/** What a refused request was about, so that the refusal names the input's field. */
export type Subject = 'CREATION' | 'SESSION' | 'MESSAGE' | 'TIMEOUT' | 'SERVER';

interface Refusal {
  /** A session router's code is a text; other layers use numbers, or none. */
  readonly code: string | null;
  readonly message: string | null;
}

const textOf = (value: unknown): string | null => {
  if (typeof value !== 'string') return null;
  // A stack trace goes on in further lines.
  const [line = ''] = value.trim().split('\n', 1);
  return line === '' ? null : line.length > quotedChars ? `${line.slice(0, quotedChars - 1)}…` : line;
};

/** What the service says, in whichever of its shapes. Its `stack` and `details` are not looked at. */
function refusalIn({ json }: HttpReply): Refusal {
  const body = (typeof json === 'object' && json !== null ? json : {}) as { readonly error?: unknown; readonly message?: unknown };
  const { error, message } = body;
  if (typeof error !== 'object' || error === null) return { code: null, message: textOf(message) ?? textOf(error) };
  const inner = error as { readonly code?: unknown; readonly message?: unknown };
  return { code: typeof inner.code === 'string' ? inner.code : null, message: textOf(inner.message) };
}

const pathsOf: Readonly<Record<Subject, readonly (readonly [pattern: RegExp, path: readonly string[]])[]>> = {
  CREATION: [
    [/^Invalid metadata/, ['metadata']],
    [/'userId'/, ['options', 'eliza', 'userId']],
    [/agentId/, ['agentId']],
  ],
  SESSION: [],
  MESSAGE: [
    [/^Invalid metadata/, ['metadata']],
    [/^Invalid content/, ['content']],
  ],
  TIMEOUT: [[/^Invalid timeout/, ['rules', 'timeout']]],
  SERVER: [],
};

/** Gone, in whichever way the service says it: 410 once when it notices, 404 ever after, and 404 for all when it was started again. */
const gone = (name: string, sessionId: string): Problem =>
  problem('EXPIRED', `Backend ${name} has session ${sessionId} no longer: it expired, was deleted, or the service was started again.`, {
    backend: name,
  });

/** What a 4xx of the service means. `operation` and `sessionId` are for the message. */
export function refusalOf(
  reply: HttpReply,
  {
    name,
    operation,
    subject,
    sessionId,
  }: { readonly name: string; readonly operation: string; readonly subject: Subject; readonly sessionId: string },
): Problem {
  const { status } = reply;
  const { code, message } = refusalIn(reply);
  const said = message === null ? '' : `: ${message}`;
  const because = (as: ProblemCode, next: string, path?: readonly string[]): Problem =>
    problem(as, `Backend ${name} refused to ${operation} with status ${status}${said}${/[.!?…]$/.test(said) ? '' : '.'} ${next}`, {
      backend: name,
      ...(path && { path }),
    });
  if (code === 'SESSION_EXPIRED' || code === 'SESSION_NOT_FOUND' || status === 410) return gone(name, sessionId);
  if (code === 'AGENT_NOT_FOUND') return because('BAD_INPUT', 'Name an agent that runs there.', ['agentId']);
  if (code === 'SESSION_RENEWAL_FAILED') return because('CONFLICT', 'It has reached its maximum duration: create another session.');
  if (code === 'VALIDATION_ERROR') {
    const path = pathsOf[subject].find(([pattern]) => message !== null && pattern.test(message))?.[1];
    if (path !== undefined) return because('BAD_INPUT', 'Change the value.', path);
    return because('UPSTREAM_REFUSED', 'It is another version than this connector is for, perhaps.');
  }
  if (status === 401 || status === 403)
    return because('UPSTREAM_REFUSED', 'The `apiKey` that the gateway is configured with is not right there.');
  if (status === 413) return because('TOO_LARGE', 'Send less.');
  if (status === 404) return because('UPSTREAM_FAILED', 'Check its `url`.');
  return because('UPSTREAM_REFUSED', 'It is another version than this connector is for, perhaps.');
}

/** Codes of 500s that say in a sentence what failed. */
const tellingCodes: ReadonlySet<string> = new Set(['SESSION_CREATION_FAILED', 'MESSAGE_SEND_FAILED']);

/**
 * What a 5xx or 429 of the service means, where the usual reading would lose something: a failure that it explains, malformed JSON that it
 * answers with 500, a limit whose end stands in a header of its own. Null = the usual reading.
 */
export function serverErrorOf(
  reply: HttpReply,
  { name, operation }: { readonly name: string; readonly operation: string },
): Problem | null {
  const { status, headers } = reply;
  if (status === 429) {
    const seconds = Number(headers['ratelimit-reset'] ?? Number.NaN);
    if (headers['retry-after'] !== undefined || !Number.isInteger(seconds) || seconds < 0) return null;
    const wait = Math.min(Math.max(1, seconds), longestWaitMs / 1_000);
    const detail = `Backend ${name} takes no more requests from here for now (${operation}): try again in ${wait} s.`;
    return problem('RATE_LIMITED', detail, { backend: name, retryAfterSeconds: wait });
  }
  const { code, message } = refusalIn(reply);
  if (status !== 500 || code === null || !tellingCodes.has(code) || message === null) return null;
  return problem(
    'UPSTREAM_FAILED',
    `Backend ${name} failed to ${operation}: ${message}${message.endsWith('.') ? '' : '.'} Try again later.`,
    {
      backend: name,
    },
  );
}
