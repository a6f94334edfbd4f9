import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from './answers.ts';
import { type Category, type SipherKey, type SipherState, type SipherTier, sessionOf, tiers, usageOf } from './state.ts';

export interface GuardOptions {
  readonly state: SipherState;
  readonly now: () => number;
  readonly rateLimit: { readonly max: number; readonly windowMs: number };
}

/** Who asks, by the key that was presented. */
export interface Presented {
  readonly key: string;
  readonly keyId: string;
  readonly tier: SipherTier;
}

const unlimited: ReadonlySet<string> = new Set(['/', '/skill.md', '/v1/health']);
const open: ReadonlySet<string> = new Set(['/', '/skill.md', '/v1/health', '/v1/ready', '/v1/errors', '/v1/openapi.json']);
const metered: readonly (readonly [string, Category])[] = [
  ['/v1/stealth/', 'stealth'],
  ['/v1/sessions', 'session'],
];

const presented = new WeakMap<FastifyRequest, Presented>();

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? '';
const categoryOf = (request: FastifyRequest): Category | null =>
  metered.find(([prefix]) => pathOf(request).startsWith(prefix))?.[1] ?? null;

export const keyIn = ({ headers }: FastifyRequest): string | null => {
  const given = headers['x-api-key'];
  if (typeof given === 'string' && given !== '') return given;
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? null;
};

/** Of a request that got past the guard. */
export function presenterOf(request: FastifyRequest): Presented {
  const found = presented.get(request);
  if (found === undefined) throw new Error(`Expected ${request.url} to ask for a key.`);
  return found;
}

/** What comes before any route, in the service's order: rate limit by address, key and its tier, quota; then the body, then X-Session-Id. */
export function guard(app: FastifyInstance, { state, now, rateLimit }: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    const given = request.headers['x-request-id'];
    reply.header('X-Request-ID', typeof given === 'string' && given !== '' ? given : randomUUID());
    return limit(request, reply) ?? authenticate(request, reply) ?? checkQuota(request, reply) ?? undefined;
  });
  app.addHook('preHandler', async (request) => {
    const id = request.headers['x-session-id'];
    const { body } = request;
    const who = presented.get(request);
    if (typeof id !== 'string' || who === undefined || typeof body !== 'object' || body === null) return;
    // Malformed, gone or another key's: as if the header were not there.
    const session = sessionOf(state, id, who.key, now());
    if (session !== null) request.body = { ...session.defaults, ...body };
  });
  app.addHook('onSend', async (request, reply) => {
    const who = presented.get(request);
    const category = categoryOf(request);
    if (who === undefined || category === null || reply.statusCode >= 400) return;
    const usage = usageOf(state, who.keyId, now());
    usage.total += 1;
    usage.categories.set(category, (usage.categories.get(category) ?? 0) + 1);
  });

  function limit(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
    if (unlimited.has(pathOf(request))) return null;
    const { max, windowMs } = rateLimit;
    const before = state.hits.get(request.ip);
    const window = before !== undefined && before.resetAt > now() ? before : { count: 0, resetAt: now() + windowMs };
    window.count += 1;
    state.hits.set(request.ip, window);
    const resetSeconds = Math.ceil((window.resetAt - now()) / 1_000);
    reply.headers({
      'RateLimit-Policy': `${max};w=${windowMs / 1_000}`,
      'RateLimit-Limit': max,
      'RateLimit-Remaining': Math.max(0, max - window.count),
      'RateLimit-Reset': resetSeconds,
    });
    if (window.count <= max) return null;
    reply.header('Retry-After', resetSeconds);
    // The whole window, however much of it is left.
    const details = { retryAfter: Math.ceil(windowMs / 1_000), limit: max };
    return refuse(reply, 429, 'RATE_LIMIT_EXCEEDED', 'Too many requests, please try again later', details);
  }

  function authenticate(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
    const path = pathOf(request);
    if (open.has(path)) return null;
    const key = keyIn(request);
    if (key === null) {
      const message = 'API key required. Provide via X-API-Key header or Authorization: Bearer <key>';
      return refuse(reply, 401, 'UNAUTHORIZED', message);
    }
    const found = state.keys.get(key);
    const tier = found !== undefined && isValid(found) ? found.tier : state.legacyKeys.has(key) ? 'enterprise' : null;
    if (tier === null) return refuse(reply, 401, 'INVALID_API_KEY', 'Invalid API key');
    if (!isAllowed(tier, path)) {
      const message = `Endpoint ${path} not available on ${tier} tier. Upgrade to pro or enterprise.`;
      return refuse(reply, 403, 'TIER_ACCESS_DENIED', message);
    }
    presented.set(request, { key, keyId: found?.id ?? key, tier });
    return null;
  }

  function checkQuota(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
    const who = presented.get(request);
    const category = categoryOf(request);
    if (who === undefined || category === null) return null;
    const usage = usageOf(state, who.keyId, now());
    const { quota } = tiers[who.tier];
    const used = usage.categories.get(category) ?? 0;
    const [current, limit] = usage.total >= quota.total ? [usage.total, quota.total] : [used, quota.each];
    if (current < limit) return null;
    const resetAt = new Date(Date.parse(usage.date) + 86_400_000).toISOString();
    const message = `Daily quota exceeded. Used ${current}/${limit} operations. Resets at ${resetAt}.`;
    return refuse(reply, 429, 'DAILY_QUOTA_EXCEEDED', message, { category, current, limit, resetAt, tier: who.tier });
  }

  const isValid = ({ expiresAt }: SipherKey): boolean => expiresAt === undefined || Date.parse(expiresAt) > now();
}

function isAllowed(tier: SipherTier, path: string): boolean {
  const { allowedEndpoints } = tiers[tier].limits;
  if (allowedEndpoints === '*') return true;
  return allowedEndpoints.some((each) => (each.endsWith('*') ? path.startsWith(each.slice(0, -1)) : path === each));
}
