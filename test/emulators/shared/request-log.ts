import type { FastifyRequest } from 'fastify';

export interface EmulatorRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** As the route was registered: `/v1/sessions/:id`; null where there is none. */
  readonly route: string | null;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed; undefined where there is none, or it could not be parsed. */
  readonly body: unknown;
  /** Null until it is answered, and where it never was. */
  readonly status: number | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** `GET /v1/sessions/:id`, by the route or by the path as sent; or a predicate. */
export type RequestMatch = string | ((request: EmulatorRequest) => boolean);

export const matches = (request: EmulatorRequest, match: RequestMatch | undefined): boolean => {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(request);
  return match === `${request.method} ${request.route}` || match === `${request.method} ${request.url.split('?', 1)[0]}`;
};

type Entry = { -readonly [Key in keyof EmulatorRequest]: EmulatorRequest[Key] };

export interface RequestLog {
  readonly requests: readonly EmulatorRequest[];
  count(match?: RequestMatch): number;
  received(match?: RequestMatch): Promise<EmulatorRequest>;
  clear(): void;
  begin(request: FastifyRequest): void;
  /** Its body is there. */
  read(request: FastifyRequest): EmulatorRequest;
  end(request: FastifyRequest, status: number): void;
  of(request: FastifyRequest): EmulatorRequest;
}

export function createRequestLog(): RequestLog {
  const requests: Entry[] = [];
  const entries = new WeakMap<FastifyRequest, Entry>();
  let waiting: { readonly match: RequestMatch | undefined; readonly resolve: (request: EmulatorRequest) => void }[] = [];
  const entryOf = (request: FastifyRequest): Entry => {
    const entry = entries.get(request);
    if (entry === undefined) throw new Error(`Expected ${request.method} ${request.url} to be in the log.`);
    return entry;
  };
  return {
    requests,
    count: (match) => requests.filter((request) => matches(request, match)).length,
    received: (match) =>
      new Promise((resolve) => {
        waiting.push({ match, resolve });
      }),
    clear() {
      requests.length = 0;
    },
    begin(request) {
      const { method, url, headers } = request;
      const route = request.is404 ? null : (request.routeOptions.url ?? null);
      const entry: Entry = { method, url, route, headers, body: undefined, status: null, at: Date.now() };
      entries.set(request, entry);
      requests.push(entry);
    },
    read(request) {
      const entry = entryOf(request);
      entry.body = request.body ?? undefined;
      const now = waiting.filter(({ match }) => matches(entry, match));
      waiting = waiting.filter((each) => !now.includes(each));
      for (const { resolve } of now) resolve(entry);
      return entry;
    },
    end(request, status) {
      entryOf(request).status = status;
    },
    of: entryOf,
  };
}
