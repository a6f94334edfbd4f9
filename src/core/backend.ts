import type { Problem } from './problem.ts';
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

/** What a backend is told when a session is to be opened there. */
export interface OpenRequest {
  /** The id the client wants it to have, where it named one. */
  readonly handle: string | null;
}

/**
 * A service that sessions live at. What the service itself models it is asked to do here, before the gateway commits its own record;
 * what it lacks (`features`: GATEWAY) the core does on top, the same for every backend.
 */
export interface Backend {
  /** The configured name: lower-case letters, digits and dashes. */
  readonly name: string;
  readonly kind: BackendKind;
  /** API keys of a lower tier get TIER_REQUIRED when they create sessions here. Null = any caller that may create. */
  readonly minimumTier: Tier | null;
  readonly features: Readonly<Record<Feature, FeatureProvider>>;
  health(signal?: AbortSignal): Promise<BackendHealth>;
  agents(signal?: AbortSignal): Promise<readonly Agent[]>;
  /** Opens a session at the service and answers with the handle that the service knows it by. */
  open(request: OpenRequest, signal?: AbortSignal): Promise<{ readonly handle: string } | Problem>;
}
