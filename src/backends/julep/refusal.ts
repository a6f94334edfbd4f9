import { type Problem, type ProblemCode, problem } from '../../core/problem.ts';
import type { HttpReply } from '../shared/http-message.ts';
import { isChatSetting } from './chat-settings.ts';

/** What a refusal says, in whichever of the services' forms. */
interface Said {
  readonly message: string | null;
  readonly code: string | null;
  /** Where in the request the mistake is, as Python's validators say it: `['body', 'agent_id']`. */
  readonly place: readonly string[];
}

export interface RefusalOptions {
  readonly name: string;
  readonly operation: string;
  /** Of a chat: then a bad request is one of the agent's model, if no field is named. @default false */
  readonly chat?: boolean;
  /** Whether services may lack the call: then it is UNSUPPORTED. @default false */
  readonly optional?: boolean;
  /** Is not quoted. */
  readonly secret: string;
}

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textIn = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value : null);

/**
 * v0.3: `{ detail }`, `{ error: { message } }`, `{ status_code, message }` of a validation with Python's text of it. v1:
 * `{ error: { message, code, type, details: [{ loc, msg }] } }`. FastAPI's own: `{ detail: [{ loc, msg }] }`.
 */
function saidIn(json: unknown): Said {
  const body = fieldsOf(json);
  const error = fieldsOf(body['error']);
  const list = [error['details'], body['detail']].find(Array.isArray) as readonly unknown[] | undefined;
  const first = fieldsOf(list?.[0]);
  // The mistakes of a row that the service has are wrapped once more.
  const inner = fieldsOf(error['message']);
  const message =
    textIn(first['msg']) ??
    textIn(error['message']) ??
    textIn(inner['message']) ??
    textIn(body['error']) ??
    textIn(body['detail']) ??
    textIn(body['message']);
  const loc = first['loc'];
  const place = Array.isArray(loc) ? loc.map((part) => (typeof part === 'object' ? '' : String(part))) : placeIn(message ?? '');
  return { message, code: textIn(error['code']) ?? textIn(error['type']), place };
}

/** `'loc': ('body', 'agent_id')` of one version of the validator, `body -> agent_id` of another. */
function placeIn(message: string): readonly string[] {
  const tuple = /\((?='(?:body|query)')([^)]*)\)/.exec(message)?.[1];
  if (tuple !== undefined) return tuple.split(',').map((each) => each.trim().replaceAll("'", ''));
  return /\bbody(?: -> \w+)+/.exec(message)?.[0].split(' -> ') ?? [];
}

const inputs: Readonly<Record<string, readonly string[]>> = {
  agent_id: ['agentId'],
  agent: ['agentId'],
  agents: ['agentId'],
  user_id: ['options', 'julep', 'userId'],
  user: ['options', 'julep', 'userId'],
  render_templates: ['options', 'julep', 'renderTemplates'],
  token_budget: ['options', 'julep', 'tokenBudget'],
  context_overflow: ['options', 'julep', 'contextOverflow'],
  situation: ['situation'],
  metadata: ['metadata'],
};

/** The field of the gateway's input that a place in a request stems from; null = none that is known. */
function pathOf(place: readonly string[]): readonly string[] | null {
  const field = place.find((each) => each !== 'body');
  if (field === undefined) return null;
  if (field === 'messages') return [place.at(-1) === 'role' ? 'role' : 'content'];
  return (Object.hasOwn(inputs, field) ? inputs[field] : undefined) ?? (isChatSetting(field) ? ['options', field] : null);
}

const maxQuoted = 200;

/** What the service said, to be quoted within a sentence. */
function quoted(message: string | null, secret: string): string {
  if (message === null) return '';
  const safe = secret === '' ? message : message.replaceAll(secret, '…');
  const line = safe.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  return `: ${line.length > maxQuoted ? `${line.slice(0, maxQuoted).toWellFormed()}…` : line}`;
}

/** Free accounts of v1 are refused once they are used up, in several ways. */
const isLimit = ({ code, message }: Said): boolean =>
  /cost_limit/i.test(code ?? '') || /cost limit|free tier|limit (?:exceeded|reached)/i.test(message ?? '');

/** Of the refusals of both APIs. A path that nobody serves, or a proxy in between, says less: by that no session must be taken for gone. */
const isThing = /\b(?:sessions?|agents?|users?|reference)\b/i;

/** Where a refusal speaks of what was referred to, and that is not there. */
const referred = /\breference to (agent|user)\b/i;

/** A refusal as a problem. What is not there is NOT_FOUND, for the caller to say what is gone. */
export function refused(
  { status, json }: Pick<HttpReply, 'status' | 'json'>,
  { name, operation, chat = false, optional = false, secret }: RefusalOptions,
): Problem {
  const said = saidIn(json);
  const quote = quoted(said.message, secret);
  const because = (code: ProblemCode, what: string, next: string, path: readonly string[] | null = null): Problem =>
    problem(code, `Backend ${name} ${what} (${operation})${quote}. ${next}.`, { backend: name, ...(path !== null && { path }) });
  const path = pathOf(said.place);
  switch (status) {
    case 401:
    case 403:
      return isLimit(said)
        ? because('UPSTREAM_REFUSED', 'has reached a limit of its account', 'An operator has to raise it at the service')
        : because(
            'UPSTREAM_REFUSED',
            "does not take the gateway's key",
            'An operator has to check `apiKey`, `authHeader` and `developerId`',
          );
    case 404:
      if (isThing.test(said.message ?? '')) return because('NOT_FOUND', 'has nothing by that id', 'Check the id', path);
      return because(optional ? 'UNSUPPORTED' : 'UPSTREAM_FAILED', 'has no such call', 'Check its `url` and `contract`');
    case 405:
      return because(optional ? 'UNSUPPORTED' : 'UPSTREAM_FAILED', 'has no such call', 'Check its `url` and `contract`');
    case 409: {
      const [, thing = null] = referred.exec(said.message ?? '') ?? [];
      if (thing !== null)
        return because('NOT_FOUND', 'has nothing by that id', 'Check the id', path ?? inputs[thing.toLowerCase()] ?? null);
      return because('CONFLICT', 'refuses it as it stands', 'Read it again first', path);
    }
    case 413:
      return because('TOO_LARGE', 'takes less than that', 'Send less');
    case 400:
    case 422:
      if (path !== null || status === 422) return because('BAD_INPUT', 'does not take the input', 'Correct it', path);
      return chat
        ? because('UPSTREAM_FAILED', "could not get the agent's reply", "Check the options, or the agent's model")
        : because('UPSTREAM_REFUSED', 'refused the request', 'Correct it');
    default:
      return because('UPSTREAM_REFUSED', `refused the request with status ${status}`, 'Check its `url` and `contract`');
  }
}

/** A failure of a chat that the service says something of; null = it says nothing. */
export function chatFailure(
  { status, json }: Pick<HttpReply, 'status' | 'json'>,
  { name, operation, secret }: RefusalOptions,
): Problem | null {
  const { message } = saidIn(json);
  if (status < 500 || message === null) return null;
  const detail = `Backend ${name} could not get the agent's reply (${operation})${quoted(message, secret)}. Try again later.`;
  return problem('UPSTREAM_FAILED', detail, { backend: name });
}

/** A failure that a stream reports within it; null where the event is none. */
export function failureInStream(json: unknown, options: RefusalOptions): Problem | null {
  return 'error' in fieldsOf(json) ? chatFailure({ status: 502, json }, options) : null;
}
