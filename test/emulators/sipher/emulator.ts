import { readFileSync } from 'node:fs';
import { type Emulator, createEmulator } from '../shared/emulator.ts';
import type { SpecException } from '../shared/spec-check.ts';
import { refuse } from './answers.ts';
import { guard } from './guard.ts';
import { adminRoutes, billingRoutes, publicRoutes, stealthRoutes } from './other-routes.ts';
import { sessionRoutes } from './sessions.ts';
import { type SipherSession, type SipherState, type SipherTier, addKey, addSession, createState, newKey } from './state.ts';

/** Keys that an emulator has from the start, one of each kind and another of tier pro. */
export const sipherKeys: Readonly<Record<SipherTier | 'otherPro' | 'admin', string>> = {
  free: `sk_free_${'1'.repeat(48)}`,
  pro: `sk_pro_${'2'.repeat(48)}`,
  otherPro: `sk_pro_${'3'.repeat(48)}`,
  enterprise: `sk_ent_${'4'.repeat(48)}`,
  /** Also a key of the environment. */
  admin: 'the-admin-key-of-the-emulator',
};

export interface SipherEmulatorOptions {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** On 127.0.0.1. @default 0 // any free one */
  readonly port?: number;
  /** Requests of an address in a window. @default { max: 100, windowMs: 60_000 } // as the service's */
  readonly rateLimit?: { readonly max: number; readonly windowMs: number };
  /** `memory`: a restart loses the sessions. `redis`: it does not. @default 'redis' */
  readonly keeps?: 'memory' | 'redis';
}

/** Sipher's sessions, with what tests do to them behind the gateway's back. */
export interface SipherEmulator extends Emulator {
  readonly state: SipherState;
  /** Makes a session as another client of the same key would. @default of the key `pro`, for an hour */
  open(session?: { readonly key?: string; readonly defaults?: SipherSession['defaults']; readonly ttlSeconds?: number }): SipherSession;
  /** Merges defaults into it. */
  change(id: string, defaults: SipherSession['defaults']): void;
  /** Lets its time be over. */
  expire(id: string): void;
  remove(id: string): void;
  /** A new key; taking one away is `state.keys.delete`. */
  addKey(tier: SipherTier): string;
  /** Uses up the day's quota of a key for sessions. */
  exhaust(key: string): void;
}

const spec: unknown = JSON.parse(readFileSync(new URL('../specs/sipher.json', import.meta.url), 'utf8'));
const exceptions: readonly SpecException[] = [
  { problem: 'status 401', reason: 'observed: no key, or a wrong one' },
  { problem: 'status 429', reason: 'observed: the rate limit; read in its code: the quota' },
  { problem: 'status 500', reason: 'read in its code: a body of more than 1 MB' },
  { operation: 'GET /v1/health', problem: '503 ', reason: 'observed: it answers `data`, not `error`' },
];

/** Starts a Sipher service as far as its sessions go. */
export async function createSipherEmulator(options: SipherEmulatorOptions = {}): Promise<SipherEmulator> {
  const { now = Date.now, port, rateLimit = { max: 100, windowMs: 60_000 }, keeps = 'redis' } = options;
  const state = createState();
  for (const tier of ['free', 'pro', 'enterprise'] as const) addKey(state, sipherKeys[tier], tier, now());
  addKey(state, sipherKeys.otherPro, 'pro', now());
  state.legacyKeys.add(sipherKeys.admin);

  const emulator = await createEmulator({
    name: 'sipher',
    ...(port !== undefined && { port }),
    spec: { document: spec, exceptions },
    onRestart() {
      state.hits.clear();
      if (keeps === 'memory') state.sessions.clear();
    },
    routes(app) {
      app.setErrorHandler((error: { readonly statusCode?: number }, _, reply) =>
        error.statusCode === 400
          ? refuse(reply, 400, 'INVALID_JSON', 'Request body is not valid JSON')
          : refuse(reply, 500, 'INTERNAL_SERVER_ERROR', 'An unexpected error occurred'),
      );
      // A body of another type is none.
      app.addContentTypeParser('*', { parseAs: 'string' }, (_, __, done) => done(null, undefined));
      guard(app, { state, now, rateLimit });
      app.setNotFoundHandler((request, reply) =>
        refuse(reply, 404, 'NOT_FOUND', `Route ${request.method} ${request.url.split('?', 1)[0]} not found`),
      );
      publicRoutes(app, state, now);
      sessionRoutes(app, state, now);
      stealthRoutes(app);
      billingRoutes(app, state, now);
      adminRoutes(app, state, now, sipherKeys.admin);
    },
  });

  const existing = (id: string): SipherSession => {
    const session = state.sessions.get(id);
    if (session === undefined) throw new Error(`There is no session ${id} at the emulator.`);
    return session;
  };
  return Object.assign(emulator, {
    state,
    open: ({ key = sipherKeys.pro, defaults = {}, ttlSeconds }: Parameters<SipherEmulator['open']>[0] = {}) =>
      addSession(state, { owner: key, defaults, ttlSeconds, now: now() }),
    change(id: string, defaults: SipherSession['defaults']) {
      const session = existing(id);
      session.defaults = { ...session.defaults, ...defaults };
    },
    expire: (id: string) => void state.sessions.set(id, { ...existing(id), expiresAt: now() }),
    remove: (id: string) => void state.sessions.delete(existing(id).id),
    addKey: (tier: SipherTier) => addKey(state, newKey(tier), tier, now()).key,
    exhaust(key: string) {
      const found = state.keys.get(key);
      if (found === undefined) throw new Error('Expected a key of the emulator.');
      const date = new Date(now()).toISOString().slice(0, 10);
      state.usage.set(found.id, { date, total: 2_000, categories: new Map([['session', 20_000]]) });
    },
  });
}
