import { type Problem, type ProblemCode, problem } from '../../core/problem.ts';
import type { HttpReply } from '../shared/http-message.ts';
import { saysFailed } from '../shared/says-failed.ts';
import { type StatusWire, recordOf, statusWire } from './wire.ts';

/** What was asked when the service refused. */
export interface Asked {
  readonly backend: string;
  /** In a few words that messages quote: `join the session`. */
  readonly operation: string;
  /** The session that it was asked about; null = none. */
  readonly handle: string | null;
  readonly joining?: boolean;
}

type Code =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'UNAUTHENTICATED'
  | 'OTHER';

const codes: Readonly<Record<number, Code>> = {
  3: 'INVALID_ARGUMENT',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  10: 'ABORTED',
  11: 'OUT_OF_RANGE',
  12: 'UNIMPLEMENTED',
  16: 'UNAUTHENTICATED',
};
const byStatus: Readonly<Record<number, Code>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  405: 'UNIMPLEMENTED',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  501: 'UNIMPLEMENTED',
};

/** The service's fields, by their names without case and underscores, as clients of the gateway know them. */
const fields: Readonly<Record<string, readonly string[]>> = {
  sessionid: ['handle'],
  displayname: ['title'],
  description: ['description'],
  sessiontype: ['visibility'],
  owners: ['owners'],
  allowedusers: ['rules', 'allowlist'],
  profile: ['options', 'machani', 'profile'],
  defaultchannels: ['options', 'machani', 'channels'],
  options: ['options', 'machani', 'options'],
  channel: ['channel'],
  message: ['content'],
  name: ['identity', 'name'],
};

const namesIn = (text: string): string => text.toLowerCase().replaceAll('_', '');

function pathOf({ details, message }: StatusWire): readonly string[] | undefined {
  const violations = details?.flatMap(({ fieldViolations }) => fieldViolations ?? []) ?? [];
  for (const { field } of violations) {
    const known = namesIn(field)
      .split('.')
      .map((part) => fields[part.replace(/\[.*$/, '')])
      .findLast((path) => path !== undefined);
    if (known !== undefined) return known;
  }
  // Only names that are no words of a sentence as well.
  const said = namesIn(message ?? '');
  return ['sessionid', 'displayname', 'sessiontype', 'allowedusers', 'defaultchannels'].flatMap((name) =>
    said.includes(name) ? [fields[name] ?? []] : [],
  )[0];
}

const maxQuoted = 200;

/** What the service says of its refusal, as a sentence may end with it. */
function quoted({ message }: StatusWire): string {
  const line = (message ?? '').replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  if (line === '') return 'it gives no reason';
  return line.length <= maxQuoted ? line : `${line.slice(0, maxQuoted - 1).toWellFormed()}…`;
}

function codeOf(said: StatusWire, httpStatus: number | null): Code {
  const number = said.grpc_code ?? said.code;
  const named = Object.values(codes).find((code) => code === said.status);
  return named ?? (number === undefined ? undefined : codes[number]) ?? (httpStatus === null ? undefined : byStatus[httpStatus]) ?? 'OTHER';
}

const statusIn = (json: unknown): StatusWire => {
  const body = recordOf(json) ?? {};
  return statusWire.parse(recordOf(body['error']) ?? body);
};

/** Whether an answer of success is a refusal by what it says: gateways of gRPC give a code to these alone, and 0 to none. */
export function isFailure(json: unknown): boolean {
  const { code, grpc_code: grpcCode, message } = statusIn(json);
  return saysFailed(json) || ((grpcCode ?? code ?? 0) !== 0 && message !== undefined);
}

/** Whether the service says itself that there is nothing there: a server of something else answers 404 without saying so. */
export const isGone = ({ status, json }: HttpReply): boolean =>
  status === 410 || (status === 404 && codeOf(statusIn(json), null) === 'NOT_FOUND');

/** Whether it is the answer of a gateway of gRPC to a path that it does not know: it looks as if a session were not there. */
export const isUnrouted = ({ status, json }: HttpReply): boolean => status === 404 && statusIn(json).message === 'Not Found';

/** Whether the service has it already. */
export const isThere = ({ status, json }: HttpReply): boolean => status === 409 && codeOf(statusIn(json), status) === 'ALREADY_EXISTS';

/** Whether the service has no such method. */
export const isMissing = ({ status, json }: HttpReply): boolean => codeOf(statusIn(json), status) === 'UNIMPLEMENTED';

export const goneFrom = ({ backend, handle }: Pick<Asked, 'backend' | 'handle'>): Problem =>
  problem('ENDED', `Session ${handle} is no longer at backend ${backend}: create another one.`, { backend });

/** A refusal as a problem. Statuses follow gRPC gateways: the service documents 400 alone, and no body. */
export function refusalOf(reply: HttpReply, asked: Asked): Problem {
  const { status, json } = reply;
  if (isGone(reply) && asked.handle !== null) return goneFrom(asked);
  if (status === 413) return refusal('TOO_LARGE', asked, 'finds it too large', 'send less');
  if (status === 404 && !isGone(reply)) return refusal('UPSTREAM_FAILED', asked, 'answered 404 as another server would', 'check its `url`');
  return statusProblem(statusIn(json), asked, status);
}

/** @param httpStatus - Null where the failure came within a stream. */
export function statusProblem(said: StatusWire, asked: Asked, httpStatus: number | null): Problem {
  const reason = quoted(said);
  switch (codeOf(said, httpStatus)) {
    case 'INVALID_ARGUMENT':
    case 'OUT_OF_RANGE': {
      const path = pathOf(said);
      return refusal('BAD_INPUT', asked, `refuses the input: ${reason}`, 'change it', path);
    }
    case 'NOT_FOUND':
      return asked.handle === null
        ? refusal('UPSTREAM_REFUSED', asked, `found nothing: ${reason}`, 'check its `url` and `profile`')
        : goneFrom(asked);
    case 'ALREADY_EXISTS':
      return asked.handle === null
        ? refusal('CONFLICT', asked, `has one already: ${reason}`, 'choose another handle', ['handle'])
        : refusal('CONFLICT', asked, `has it already: ${reason}`, 'read the session');
    case 'FAILED_PRECONDITION':
    case 'ABORTED':
      return refusal('CONFLICT', asked, `cannot do it now: ${reason}`, 'read the session and try again');
    case 'PERMISSION_DENIED':
      return asked.joining === true
        ? refusal('NOT_ALLOWLISTED', asked, `lets only some in: ${reason}`, 'ask an owner of the session')
        : refusal('UPSTREAM_REFUSED', asked, `does not permit it: ${reason}`, 'its operator may check `authorization`');
    case 'UNAUTHENTICATED':
      return refusal(
        'UPSTREAM_REFUSED',
        asked,
        'does not accept the credentials of the gateway',
        'its operator has to set `authorization`',
      );
    case 'RESOURCE_EXHAUSTED':
      return refusal('RATE_LIMITED', asked, `takes no more for now: ${reason}`, 'try again later');
    case 'UNIMPLEMENTED':
      return refusal('UNSUPPORTED', asked, 'has no such method', 'do without');
    case 'OTHER': {
      const how = httpStatus === null ? 'failed' : `answered ${httpStatus}`;
      return refusal(httpStatus === null ? 'UPSTREAM_FAILED' : 'UPSTREAM_REFUSED', asked, `${how}: ${reason}`, 'try again later');
    }
  }
}

const refusal = (code: ProblemCode, { backend, operation }: Asked, what: string, next: string, path?: readonly string[]): Problem =>
  problem(code, `Backend ${backend} ${what} (${operation}): ${next}.`, { backend, ...(path && path.length > 0 && { path }) });
