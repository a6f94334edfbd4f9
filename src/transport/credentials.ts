import type { IncomingHttpHeaders } from 'node:http';
import type { AuthRefusal, PresentedCredentials } from '../auth/authenticator.ts';

type Presented = Omit<PresentedCredentials, 'remoteAddress'>;

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(', ') : value);

/** The credentials among a request's headers. */
export const credentialsOf = (headers: IncomingHttpHeaders): Presented => ({
  apiKey: one(headers['x-api-key']),
  authorization: headers.authorization,
  sessionId: one(headers['x-session-id']),
});

/**
 * The credentials of a WebSocket: those in the payload of `connection_init`, under the names of the headers in any case, before those of the
 * request that opened it. A key or token in the payload puts both of the request's aside.
 */
export function withConnectionParams(headers: Presented, params: Readonly<Record<string, unknown>> | undefined): Presented {
  const given: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(params ?? {})) {
    // What is no text cannot be right, and is refused as a text that is not right.
    if (value !== null && value !== undefined) given[name.toLowerCase()] = typeof value === 'string' ? value : `(${typeof value})`;
  }
  const { apiKey, authorization, sessionId } = credentialsOf(given);
  const own = apiKey !== undefined || authorization !== undefined;
  return {
    apiKey: own ? apiKey : headers.apiKey,
    authorization: own ? authorization : headers.authorization,
    sessionId: sessionId ?? headers.sessionId,
  };
}

/** Refusals that say nothing against the credentials. */
const otherwise: ReadonlySet<string> = new Set(['BAD_INPUT', 'RATE_LIMITED']);

/** The HTTP status that a refusal of credentials is answered with. */
export const statusOfRefusal = ({ problem }: AuthRefusal): number =>
  otherwise.has(problem.code) || problem.status === 503 ? problem.status : 401;
