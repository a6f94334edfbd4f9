import { type Problem, problem } from '../../core/problem.ts';
import type { JsonObject } from '../../core/session.ts';
import type { HttpReply } from '../shared/http-message.ts';
import { longestWaitMs } from '../shared/retry-after.ts';
import { secretDefaults } from './mapping.ts';
import { type WireIssue, errorIn, issuesIn, resetIn } from './wire.ts';

/** What was asked, as messages name it. */
export interface Asked {
  readonly backend: string;
  readonly operation: string;
  /** The defaults that were sent, for messages about one of them. */
  readonly sent?: JsonObject;
}

const quotedCharacters = 200;
const valueCharacters = 60;

const bounded = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, characters - 1).toWellFormed()}…`;

/** A refusal of the service as the problem that it is for the gateway's client. */
export function refusalOf(asked: Asked, { status, json }: Pick<HttpReply, 'status' | 'json'>): Problem {
  const { backend, operation } = asked;
  const error = errorIn(json);
  const said = error === null || error.message === '' ? '' : `: "${bounded(error.message, quotedCharacters)}"`;
  switch (error?.code ?? '') {
    case 'SESSION_NOT_FOUND':
      // Said of what ran out, was deleted there, is another key's or never was. A handle in the record was given by the service.
      return problem('EXPIRED', `Backend ${backend} has the session no longer (${operation}): create another one.`, { backend });
    case 'VALIDATION_ERROR': {
      const [first, ...others] = error === null ? [] : issuesIn(error);
      if (first !== undefined) return invalid(asked, first, others.length);
      break;
    }
    case 'UNAUTHORIZED':
    case 'INVALID_API_KEY':
      return problem(
        'UPSTREAM_REFUSED',
        `Backend ${backend} does not take the gateway's key (${operation}): whoever runs the gateway has to check its \`apiKey\`.`,
        { backend },
      );
    case 'TIER_ACCESS_DENIED':
      return problem(
        'TIER_REQUIRED',
        `The gateway's key at backend ${backend} is of a tier without sessions (${operation}): whoever runs the gateway has to give it one of tier pro or enterprise.`,
        { backend },
      );
    default:
  }
  // Without the service's own word a 404 is no news of the session, but of what answers at its address.
  if (status === 404) {
    return problem('UPSTREAM_FAILED', `Backend ${backend} knows no such route (${operation}): check its \`url\`.`, { backend });
  }
  return problem('UPSTREAM_REFUSED', `Backend ${backend} refused with status ${status} (${operation})${said}.`, { backend });
}

function invalid({ backend, sent = {} }: Asked, { path, message, values }: WireIssue, others: number): Problem {
  const [place, key] = path.map(String);
  const isTtl = place === 'ttlSeconds';
  const field = isTtl ? ['rules', 'lifetimeSeconds'] : path.map(String);
  const value = place !== 'defaults' || key === undefined || secretDefaults.includes(key) ? undefined : sent[key];
  const got = value === undefined ? '' : `, got ${bounded(JSON.stringify(value), valueCharacters)}`;
  const rule =
    values === undefined
      ? `as backend ${backend} wants it ("${bounded(message, quotedCharacters)}")`
      : `one of ${bounded(values.join(', '), quotedCharacters)}`;
  const more = others === 0 ? '' : ` ${others === 1 ? 'One more field is' : `${others} more fields are`} wrong.`;
  return problem('BAD_INPUT', `Expected \`${field.join('.')}\` to be ${rule}${got}.${more}`, { path: field, backend });
}

/** The day's quota of the gateway's key, which unlike the rate limit is over for hours. Null = it is something else. */
export function quotaOf({ backend, operation }: Asked, { status, json }: Pick<HttpReply, 'status' | 'json'>, now: number): Problem | null {
  const error = status === 429 ? errorIn(json) : null;
  if (error?.code !== 'DAILY_QUOTA_EXCEEDED') return null;
  const saidAt = resetIn(error);
  // It is of the day: what is further off is another clock's.
  const resetAt = saidAt === null ? null : Math.min(saidAt, now + longestWaitMs);
  return problem(
    'RATE_LIMITED',
    `The gateway's key at backend ${backend} has used up its quota of the day (${operation}): ${resetAt === null ? 'try again tomorrow' : `it is counted anew at ${new Date(resetAt).toISOString()}`}.`,
    { backend, ...(resetAt !== null && { retryAfterSeconds: Math.max(1, Math.ceil((resetAt - now) / 1_000)) }) },
  );
}
