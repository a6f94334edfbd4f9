import { type Problem, problem } from '../../core/problem.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the service's URL, from its slash, with `{placeholders}` for what is in `params`: `/sessions/{id}`. */
  readonly path: string;
  /** Values of the placeholders, encoded here. */
  readonly params?: Readonly<Record<string, string>>;
  /** Undefined values are left out; a list is sent as one parameter for each. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Secret, as the client's own are. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. Undefined = no body. */
  readonly body?: unknown;
  /** Of what the request is about: as those that it is sent with, they are taken out of a refusal. @default none */
  readonly secrets?: readonly string[];
  /** Whether doing it twice is as good as once. @default true for GET and HEAD, false for others */
  readonly safe?: boolean;
  /** Aborting rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Instead of the client's. */
  readonly timeoutMs?: number;
  /** What it is for, in a few words that messages quote: `read the session`. */
  readonly operation: string;
  /** Statuses besides 2xx and 4xx that the service answers with on purpose: 503 of a health page. */
  readonly acceptStatuses?: readonly number[];
  /** False = the reply may be anything but a page, and JSON that it says it is. @default true */
  readonly json?: boolean;
  /** True = a page is an answer as well, one without JSON: that there is no such call. @default false */
  readonly pages?: boolean;
  /**
   * Called with a reply of 5xx, 408 or 429 before it becomes a problem. Null = it becomes the usual one. A problem that it gives is
   * answered without another attempt, and counts against the service only if its code begins with UPSTREAM_.
   */
  readonly mapServerErrors?: (reply: HttpReply) => Problem | null;
}

/** What the service answered on purpose: any 2xx, any 4xx but 408 and 429, and those that the request accepts. */
export interface HttpReply {
  readonly kind: 'reply';
  readonly status: number;
  /** By names in lower case; several of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as JSON; null where it is empty, or is not JSON and need not be. */
  readonly json: unknown;
  readonly text: string;
}

export interface HttpStreamRequest extends Omit<HttpRequest, 'json'> {
  /** The media type asked for. */
  readonly accept: string;
  /** For the longest silence, once the stream is open. 0 = any. @default 0 */
  readonly idleTimeoutMs?: number;
}

/** An open reply. `body` can be read once; it ends, or throws a `ProblemError`, or the reason of the request's signal. */
export interface HttpStream {
  readonly kind: 'stream';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Disposing closes the connection, and lets the iteration end. */
  readonly body: AsyncIterable<Uint8Array> & AsyncDisposable;
}

/** The path and query to send, or a problem where a value cannot be part of a path. */
export function targetOf(prefix: string, request: Pick<HttpRequest, 'path' | 'params' | 'query'>, backend: string): string | Problem {
  const { path, params = {}, query = {} } = request;
  // Encoded or not, servers take these for steps up the path, and an empty one for the list above.
  if (Object.values(params).some((value) => value === '' || value === '.' || value === '..')) {
    return problem('NOT_FOUND', `Backend ${backend} has nothing by an id of that form.`, { backend });
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`Expected a value for {${name}} of ${path}, got none.`);
    // Ids come from callers: half a surrogate pair cannot be encoded.
    return encodeURIComponent(value.toWellFormed());
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each));
  }
  const text = search.toString();
  return `${prefix}${filled}${text === '' ? '' : `?${text}`}`;
}

/** Headers by names in lower case, one text for each. */
export function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
