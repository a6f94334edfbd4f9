/**
 * Whether pages of an origin may open a WebSocket: browsers leave that to the server. The gateway's own page may always.
 *
 * @param origins - As in CORS: any, or those listed.
 */
export function createOriginRule(origins: '*' | readonly string[]): (origin: string, host: string | undefined) => boolean {
  if (origins === '*') return () => true;
  const listed = new Set(origins.map((origin) => origin.toLowerCase()));
  return (origin, host) => listed.has(origin.toLowerCase()) || (host !== undefined && URL.parse(origin)?.host === host.toLowerCase());
}
