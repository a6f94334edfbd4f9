import { type HttpFailure, type HttpOutcome, type Asked, failure, nonsense } from './http-outcome.ts';
import type { HttpReply, HttpRequest } from './http-message.ts';
import { retryAfterMs } from './retry-after.ts';

type Rules = Pick<HttpRequest, 'acceptStatuses' | 'json' | 'pages' | 'mapServerErrors'>;

const markup = /html|xml/i;

/** Whether it is a page, as proxies and other servers answer with, whichever type it says it has. */
const isPage = (type: string, text: string): boolean => markup.test(type) || /^\s*<[!?a-z]/i.test(text);

/** Takes a whole reply for what the service meant by it, or for a failure of the service. */
export function judge(asked: Asked, status: number, headers: HttpReply['headers'], text: string, rules: Rules): HttpOutcome<HttpReply> {
  const type = headers['content-type'] ?? '';
  const parsed = parse(type, text);
  const reply: HttpReply = { kind: 'reply', status, headers, json: parsed?.json ?? null, text };
  if (meant(status, rules)) {
    if (parsed !== null) return { kind: 'done', value: reply, status };
    // That something answered is no sign that it was the service.
    if (isPage(type, text)) return rules.pages ? { kind: 'done', value: reply, status } : nonsense(asked, status, 'a page instead of JSON');
    // Services refuse in plain text as well.
    const isFree = status >= 400 || (rules.json === false && !/json/i.test(type));
    return isFree ? { kind: 'done', value: reply, status } : nonsense(asked, status, 'a body that is not JSON');
  }
  const mapped = rules.mapServerErrors?.(reply) ?? null;
  if (mapped === null) return refusal(asked, reply);
  return { kind: 'failure', problem: mapped, again: 'never', retryAfterMs: null, counts: mapped.code.startsWith('UPSTREAM_'), status };
}

/** Whether a status is an answer that the connector is to judge. */
export const meant = (status: number, { acceptStatuses = [] }: Rules): boolean =>
  acceptStatuses.includes(status) || (status >= 200 && status < 300) || (status >= 400 && status < 500 && status !== 408 && status !== 429);

/** Null where it is not JSON. */
function parse(type: string, text: string): { readonly json: unknown } | null {
  if (text.trim() === '') return { json: null };
  if (isPage(type, text)) return null;
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

function refusal(asked: Asked, { status, headers }: HttpReply): HttpFailure {
  const waitMs = retryAfterMs(headers['retry-after'], Date.now());
  const inSeconds = waitMs === null ? 'try again later' : `try again in ${Math.max(1, Math.ceil(waitMs / 1_000))} s`;
  if (status === 429) {
    return failure(asked, 'RATE_LIMITED', 'answered 429: it takes no more requests for now', inSeconds, {
      again: 'always',
      retryAfterMs: waitMs,
      counts: false,
      status,
    });
  }
  if (status === 408) return failure(asked, 'UPSTREAM_TIMEOUT', 'answered 408: it took too long', 'try again', { status });
  if (status === 503 && waitMs !== null) {
    return failure(asked, 'UPSTREAM_UNAVAILABLE', 'answered 503: it is not available', inSeconds, {
      again: 'always',
      retryAfterMs: waitMs,
      status,
    });
  }
  if (status < 400) return nonsense(asked, status, 'a redirect, which is not followed');
  const again = [500, 502, 503, 504].includes(status) ? 'safe' : 'never';
  return failure(asked, 'UPSTREAM_FAILED', `failed with status ${status}`, 'try again later', { again, status });
}
