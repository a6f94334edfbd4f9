import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refuse, success, validated } from './answers.ts';
import { keyIn, presenterOf } from './guard.ts';
import { chains } from './sessions.ts';
import { type SipherState, addKey, categories, newKey, tiers, usageOf } from './state.ts';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const edwards: ReadonlySet<string> = new Set(['solana', 'near', 'aptos', 'sui']);

/** Its front page, the list of its errors and its health page: for anybody. */
export function publicRoutes(app: FastifyInstance, state: SipherState, now: () => number): void {
  app.get('/', () => ({
    name: 'sipher',
    version: '0.1.0',
    documentation: '/skill.md',
    docs: '/docs',
    openapi: '/v1/openapi.json',
    security: { authentication: 'enabled', rateLimit: 'enabled' },
  }));
  const errors = [
    { code: 'SESSION_NOT_FOUND', httpStatus: 404, description: 'Session not found', retryable: false },
    // Catalogued, though nothing ever answers it.
    { code: 'SESSION_EXPIRED', httpStatus: 410, description: 'Session expired', retryable: false },
  ];
  app.get('/v1/errors', () => success({ totalCodes: errors.length, errors }));
  app.get('/v1/health', (_, reply) => {
    const status = state.hasSolana ? 'healthy' : 'unhealthy';
    return reply.code(state.hasSolana ? 200 : 503).send({
      success: state.hasSolana,
      data: {
        status,
        version: '0.1.0',
        timestamp: new Date(now()).toISOString(),
        uptime: 5,
        solana: { connected: state.hasSolana, cluster: 'unknown', provider: 'generic' },
        redis: { enabled: false, connected: false, ping: false },
        memory: { heapUsedMB: 106.92, rssMB: 349.34 },
        endpoints: 71,
        program: { id: 'S1PMFspo4W6BYKHWkHNF7kZ3fnqibEXg3LQjxepS9at', network: 'mainnet-beta', configPDA: 'none' },
        sdk: '@sip-protocol/sdk v0.11.0',
        chains: chains.length,
        sdks: 4,
      },
    });
  });
}

/** One endpoint that takes defaults of a session (X-Session-Id). Its keys are of the right form, and of no use. */
export function stealthRoutes(app: FastifyInstance): void {
  const generation = z.object({ chain: z.enum(chains).default('solana'), label: z.string().optional() });
  app.post('/v1/stealth/generate', (request, reply) => {
    const body = validated(generation, request.body ?? {}, reply);
    if (body === null) return reply;
    const { chain, label } = body;
    const curve = edwards.has(chain) ? 'ed25519' : 'secp256k1';
    const key = (): string => (curve === 'ed25519' ? `0x${hex(32)}` : `0x02${hex(32)}`);
    const base58 = chain === 'solana' && { spendingKeyBase58: hex(22), viewingKeyBase58: hex(22) };
    const metaAddress = { spendingKey: key(), viewingKey: key(), chain, ...(label !== undefined && { label }), ...base58 };
    return success({ metaAddress, spendingPrivateKey: `0x${hex(32)}`, viewingPrivateKey: `0x${hex(32)}`, chain, curve });
  });
}

/** The key's use of the day. */
export function billingRoutes(app: FastifyInstance, state: SipherState, now: () => number): void {
  app.get('/v1/billing/usage', (request) => {
    const { keyId, tier } = presenterOf(request);
    const { date, total, categories: used } = usageOf(state, keyId, now());
    const { quota } = tiers[tier];
    const counts = categories.map((each) => [each, { count: used.get(each) ?? 0, quota: quota.each }] as const);
    return success({ date, tier, total, quotaTotal: quota.total, categories: Object.fromEntries(counts) });
  });
}

/** Keys, for the holder of the admin's: which must be a key that the service takes, too. */
export function adminRoutes(app: FastifyInstance, state: SipherState, now: () => number, adminKey: string): void {
  const creation = z.object({
    tier: z.enum(['free', 'pro', 'enterprise']),
    name: z.string().min(1).max(100),
    expiresAt: z.iso.datetime().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  });
  app.register((admin, _, done) => {
    admin.addHook('onRequest', async (request, reply) => {
      if (keyIn(request) !== adminKey) return refuse(reply, 401, 'ADMIN_UNAUTHORIZED', 'Admin API key required');
    });
    admin.get('/v1/admin/tiers', () => success({ tiers: Object.entries(tiers).map(([tier, { limits }]) => ({ tier, limits })) }));
    admin.post('/v1/admin/keys', (request, reply) => {
      const body = validated(creation, request.body, reply);
      if (body === null) return reply;
      const { id, key, tier, name, createdAt, expiresAt } = addKey(state, newKey(body.tier), body.tier, now(), body.name, body.expiresAt);
      const notice = 'Store this key securely — it will only be shown once.';
      return reply.code(201).send(success({ id, key, tier, name, createdAt, expiresAt, limits: tiers[tier].limits, notice }));
    });
    admin.delete('/v1/admin/keys/:id', (request, reply) => {
      const { id } = request.params as { readonly id: string };
      const found = [...state.keys.values()].find((each) => each.id === id);
      if (found === undefined) return refuse(reply, 404, 'KEY_NOT_FOUND', 'API key not found');
      state.keys.delete(found.key);
      return success({ revoked: true });
    });
    done();
  });
}
