import { randomBytes } from 'node:crypto';

export type SipherTier = 'free' | 'pro' | 'enterprise';

export interface SipherKey {
  readonly id: string;
  readonly key: string;
  readonly tier: SipherTier;
  readonly name: string;
  /** ISO, unlike the instants of sessions. */
  readonly createdAt: string;
  readonly expiresAt?: string | undefined;
}

export interface SipherSession {
  readonly id: string;
  /** The key string that made it: nobody else has it. */
  readonly owner: string;
  /** The secret one among them. */
  defaults: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds, as the next two. */
  readonly createdAt: number;
  readonly expiresAt: number;
  lastAccessedAt: number;
}

export interface Usage {
  /** `2026-11-22`, in UTC. */
  readonly date: string;
  total: number;
  readonly categories: Map<Category, number>;
}

export const categories = [
  'stealth',
  'commitment',
  'transfer',
  'scan',
  'viewing_key',
  'proof',
  'privacy',
  'compute',
  'swap',
  'governance',
  'compliance',
  'session',
  'jito',
] as const;
export type Category = (typeof categories)[number];

export const tiers: Readonly<
  Record<
    SipherTier,
    {
      readonly limits: {
        readonly requestsPerHour: number;
        readonly burstLimit: number;
        readonly allowedEndpoints: '*' | readonly string[];
      };
      readonly quota: { readonly total: number; readonly each: number };
    }
  >
> = {
  free: {
    limits: {
      requestsPerHour: 100,
      burstLimit: 10,
      allowedEndpoints: ['/v1/stealth/*', '/v1/commitment/*', '/v1/viewing-key/*', '/v1/health', '/v1/ready'],
    },
    quota: { total: 100, each: 50 },
  },
  pro: { limits: { requestsPerHour: 10_000, burstLimit: 100, allowedEndpoints: '*' }, quota: { total: 10_000, each: 2_000 } },
  enterprise: { limits: { requestsPerHour: 100_000, burstLimit: 1_000, allowedEndpoints: '*' }, quota: { total: 100_000, each: 20_000 } },
};

/** What the service holds; tests may change it. */
export interface SipherState {
  /** By the key string. */
  readonly keys: Map<string, SipherKey>;
  /** Keys of its environment: of the highest tier, and without an id. */
  readonly legacyKeys: Set<string>;
  readonly sessions: Map<string, SipherSession>;
  /** Requests in the current window, by address. */
  readonly hits: Map<string, { count: number; readonly resetAt: number }>;
  /** Of the day, by the key's id. */
  readonly usage: Map<string, Usage>;
  /** Whether its Solana node answers, which only its health page depends on. */
  hasSolana: boolean;
}

export const createState = (): SipherState => ({
  keys: new Map(),
  legacyKeys: new Set(),
  sessions: new Map(),
  hits: new Map(),
  usage: new Map(),
  hasSolana: false,
});

export const newKey = (tier: SipherTier): string => `sk_${tier === 'enterprise' ? 'ent' : tier}_${randomBytes(24).toString('hex')}`;

export function addKey(state: SipherState, key: string, tier: SipherTier, now: number, name: string = tier, expiresAt?: string): SipherKey {
  const made = { id: randomBytes(8).toString('hex'), key, tier, name, createdAt: new Date(now).toISOString(), expiresAt };
  state.keys.set(key, made);
  return made;
}

export function addSession(
  state: SipherState,
  {
    owner,
    defaults,
    ttlSeconds = 3_600,
    now,
  }: { owner: string; defaults: SipherSession['defaults']; ttlSeconds?: number | undefined; now: number },
): SipherSession {
  const id = `sess_${randomBytes(32).toString('hex')}`;
  const session = { id, owner, defaults, createdAt: now, expiresAt: now + ttlSeconds * 1_000, lastAccessedAt: now };
  state.sessions.set(id, session);
  return session;
}

/** Null also where it belongs to another key. Having it touches it. */
export function sessionOf(state: SipherState, id: string, owner: string, now: number): SipherSession | null {
  const session = state.sessions.get(id);
  if (session === undefined) return null;
  if (session.expiresAt <= now) {
    state.sessions.delete(id);
    return null;
  }
  if (session.owner !== owner) return null;
  session.lastAccessedAt = now;
  return session;
}

export function usageOf(state: SipherState, keyId: string, now: number): Usage {
  const date = new Date(now).toISOString().slice(0, 10);
  const before = state.usage.get(keyId);
  if (before?.date === date) return before;
  const usage: Usage = { date, total: 0, categories: new Map() };
  state.usage.set(keyId, usage);
  return usage;
}
