import type { Service } from './service.ts';
import type { SessionVisibility } from './session.ts';
import type { Tier } from './viewer.ts';

export type BackendKind = 'LOCAL' | 'QUICKSYNC' | 'SIPHER' | 'MACHANI' | 'ELIZA' | 'JULEP';

export const features = [
  'LIST',
  'UPDATE',
  'REPLACE',
  'JOIN',
  'KICK',
  'PASSWORD',
  'ALLOWLIST',
  'CAPACITY',
  'EXPIRY',
  'RENEWAL',
  'HEARTBEAT',
  'DEFAULTS',
  'MESSAGES',
  'HISTORY',
  'AGENT_REPLY',
  'REPLY_STREAM',
  'SUGGESTIONS',
  'LIVE_EVENTS',
] as const;

export type Feature = (typeof features)[number];
/** Who does it: the service itself, the gateway on top of it, or nobody. */
export type FeatureProvider = 'UPSTREAM' | 'GATEWAY' | 'UNAVAILABLE';

export interface BackendHealth {
  readonly status: 'UP' | 'DEGRADED' | 'DOWN';
  readonly circuit: 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  readonly latencyMs: number | null;
  /** Epoch milliseconds. */
  readonly checkedAt: number | null;
  readonly message: string | null;
}

/** Somebody who can be talked to at a backend. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
}

/**
 * Where sessions live. What the service itself models it is asked to do (`service`), before the gateway commits its own record; what it
 * lacks (`features`: GATEWAY) the core does on top, the same for every backend.
 */
export interface Backend {
  /** The configured name: lower-case letters, digits and dashes. */
  readonly name: string;
  readonly kind: BackendKind;
  /** API keys of a lower tier get TIER_REQUIRED when they create sessions here. Null = any caller that may create. */
  readonly minimumTier: Tier | null;
  readonly features: Readonly<Record<Feature, FeatureProvider>>;
  health(signal?: AbortSignal): Promise<BackendHealth>;
  /** Rejects with a `ProblemError` where the service cannot say. */
  agents(signal?: AbortSignal): Promise<readonly Agent[]>;
  /** Null = the gateway itself: there is no service behind it. */
  readonly service: Service | null;
  /** What becomes of a session at the service when the gateway's rules end it. */
  readonly onExpiry: 'KEEP' | 'DELETE';
  /** Who may find sessions that were made at the service itself, where the service does not say: everybody, or API keys only. */
  readonly foreignVisibility: Extract<SessionVisibility, 'PUBLIC' | 'PRIVATE'>;
  /** How often a session is looked at while somebody follows it, where the service does not tell by itself. Milliseconds. */
  readonly pollMs: number;
}
