import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { AttemptLimiter } from '../core/ports.ts';

export interface AttemptLimiterOptions {
  /** Attempts let through per key and window. @default 10 */
  readonly limit?: number;
  /** Counted from a key's first attempt. @default 60 */
  readonly windowSeconds?: number;
  /** Keys counted at once; beyond it, the one that was quiet for longest is forgotten. @default 50_000 */
  readonly maxKeys?: number;
}

/** Counts attempts within this process. Aliases in one request count one by one: each is an attempt. */
export function createAttemptLimiter({ limit = 10, windowSeconds = 60, maxKeys = 50_000 }: AttemptLimiterOptions = {}): AttemptLimiter {
  const counts = new RateLimiterMemory({ points: limit, duration: windowSeconds });
  // The limiter keeps as many keys as come within a window. A key under attack is a busy one, so it is not the one to go.
  const keys = new LRUCache<string, true>({ max: maxKeys, dispose: (_, key) => void counts.delete(key) });

  return {
    async consume(name) {
      const key = bounded(name);
      keys.set(key, true);
      try {
        await counts.consume(key);
        return null;
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        return Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
      }
    },
    async reset(name) {
      keys.delete(bounded(name));
    },
  };
}

/** Names of users come from outside and can be long. */
const bounded = (name: string): string => (name.length <= 128 ? name : createHash('sha256').update(name).digest('base64'));
