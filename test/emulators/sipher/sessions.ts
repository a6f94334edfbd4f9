import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { refuse, success, validated } from './answers.ts';
import { presenterOf } from './guard.ts';
import { type SipherSession, type SipherState, addSession, sessionOf } from './state.ts';

export const chains = [
  'solana',
  'ethereum',
  'polygon',
  'arbitrum',
  'optimism',
  'base',
  'near',
  'aptos',
  'sui',
  'cosmos',
  'osmosis',
  'injective',
  'celestia',
  'sei',
  'dydx',
  'bitcoin',
  'zcash',
] as const;

// What they do not name is dropped without a word, null is refused.
const defaults = z.object({
  chain: z.enum(chains).optional(),
  privacyLevel: z.enum(['standard', 'shielded', 'maximum']).optional(),
  rpcProvider: z.enum(['helius', 'quicknode', 'triton', 'generic']).optional(),
  backend: z.enum(['sip-native']).optional(),
  defaultViewingKey: z
    .string()
    .regex(/^0x[0-9a-fA-F]+$/, '0x-prefixed hex string')
    .optional(),
});
const creation = z.object({ defaults, ttlSeconds: z.int().min(60).max(86_400).optional() });
const change = z.object({ defaults });

/** `/v1/sessions`: the tier was checked before, by the path. */
export function sessionRoutes(app: FastifyInstance, state: SipherState, now: () => number): void {
  // A larger body is a 500, not a 413.
  const options = { bodyLimit: 1_048_576 };

  app.post('/v1/sessions', options, (request, reply) => {
    const body = validated(creation, request.body, reply);
    if (body === null) return reply;
    const session = addSession(state, { owner: presenterOf(request).key, ...body, now: now() });
    const { createdAt, expiresAt } = session;
    return reply.code(201).send(success({ sessionId: session.id, defaults: session.defaults, createdAt, expiresAt }));
  });

  app.get('/v1/sessions/:id', (request, reply) => {
    const session = find(request, reply);
    if (session === null) return reply;
    const { id, createdAt, expiresAt, lastAccessedAt } = session;
    return success({ sessionId: id, defaults: session.defaults, createdAt, expiresAt, lastAccessedAt });
  });

  app.patch('/v1/sessions/:id', options, (request, reply) => {
    // Before the id is looked at.
    const body = validated(change, request.body, reply);
    const session = body === null ? null : find(request, reply);
    if (body === null || session === null) return reply;
    session.defaults = { ...session.defaults, ...body.defaults };
    const { id, expiresAt, lastAccessedAt } = session;
    return success({ sessionId: id, defaults: session.defaults, expiresAt, lastAccessedAt });
  });

  app.delete('/v1/sessions/:id', (request, reply) => {
    const session = find(request, reply);
    if (session === null) return reply;
    state.sessions.delete(session.id);
    return success({ sessionId: session.id, deleted: true });
  });

  function find(request: FastifyRequest, reply: FastifyReply): SipherSession | null {
    const { id } = request.params as { readonly id: string };
    if (!/^sess_[0-9a-f]{64}$/.test(id)) {
      refuse(reply, 400, 'VALIDATION_ERROR', 'Invalid session ID format. Expected sess_ + 64 hex chars.');
      return null;
    }
    const session = sessionOf(state, id, presenterOf(request).key, now());
    if (session === null) refuse(reply, 404, 'SESSION_NOT_FOUND', `Session not found: ${id}`);
    return session;
  }
}
