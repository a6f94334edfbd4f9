import type { IncomingHttpHeaders } from 'node:http';

/** One of these is enough: no page can send them elsewhere without the browser's asking first. */
export const csrfHeaders = ['x-apollo-operation-name', 'apollo-require-preflight'] as const;

const simpleTypes = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']);

/** Whether a browser would have asked before letting a page of another origin send this: the rule that Apollo Server has for its own requests. */
export function isPreflighted(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return (type !== undefined && !simpleTypes.has(type)) || csrfHeaders.some((name) => (headers[name]?.length ?? 0) > 0);
}
