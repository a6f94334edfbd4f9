import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What may be read of the gateway by those who look after it. */
export interface MetricsPage {
  /** What `Authorization: Bearer` must carry. Null = nothing is asked for. */
  readonly token: string | null;
  /** All of it as text. */
  render(): Promise<{ readonly type: string; readonly text: string }>;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** `GET /metrics`. No page of another origin can read it, whatever `server.corsOrigins` says. */
export function registerMetrics(app: FastifyInstance, { token, render }: MetricsPage): void {
  const expected = token === null ? null : digest(token);

  // Digests are of one length, so that the time of the comparison says nothing.
  const isAllowed = ({ headers }: FastifyRequest): boolean => {
    if (expected === null) return true;
    const [, given = ''] = /^Bearer (.*)$/i.exec(headers.authorization ?? '') ?? [];
    return timingSafeEqual(digest(given), expected);
  };

  app.get('/metrics', async (request: FastifyRequest, reply: FastifyReply) => {
    for (const name of Object.keys(reply.getHeaders())) if (name.startsWith('access-control-')) reply.removeHeader(name);
    void reply
      .header('cache-control', 'no-store')
      .header('cross-origin-resource-policy', 'same-origin')
      .header('x-content-type-options', 'nosniff');
    if (!isAllowed(request)) {
      return reply
        .code(401)
        .header('www-authenticate', 'Bearer realm="parley metrics"')
        .type('text/plain')
        .send('Send the token of `metrics.token` as `Authorization: Bearer`.\n');
    }
    const { type, text } = await render();
    return reply.header('content-type', type).send(text);
  });
}
