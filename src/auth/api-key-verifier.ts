import { LRUCache } from 'lru-cache';
import type { ApiKeyStore, Clock } from '../core/ports.ts';
import type { Viewer } from '../core/viewer.ts';
import { hashApiKey, looksLikeApiKey } from './api-keys.ts';

export type ApiKeyViewer = Extract<Viewer, { readonly kind: 'API_KEY' }>;

export interface ApiKeyVerifier {
  verify(key: string): Promise<ApiKeyViewer | 'malformed' | 'unknown' | 'revoked'>;
}

const cachedKeys = 10_000;
// Revocation is promised within a second, also when another process did it: the store is asked again just before.
const trustedForMs = 900;

/** Recognises API keys by their digest, with at most about one read a second from the store for each key in use. */
export function createApiKeyVerifier({
  store,
  clock,
}: {
  readonly store: Pick<ApiKeyStore, 'byHash'>;
  readonly clock: Pick<Clock, 'now'>;
}): ApiKeyVerifier {
  // Only good keys get in, so that junk cannot push them out.
  const verified = new LRUCache<string, { readonly viewer: ApiKeyViewer; readonly checkedAt: number }>({ max: cachedKeys });

  return {
    async verify(key) {
      if (!looksLikeApiKey(key)) return 'malformed';
      const hash = hashApiKey(key);
      const checkedAt = clock.now();
      const known = verified.get(hash);
      // The absolute value: a clock that was set back must not prolong the trust.
      if (known !== undefined && Math.abs(checkedAt - known.checkedAt) < trustedForMs) return known.viewer;
      const record = await store.byHash(hash);
      if (record === null || record.revokedAt !== null) {
        verified.delete(hash);
        return record === null ? 'unknown' : 'revoked';
      }
      const viewer: ApiKeyViewer = { kind: 'API_KEY', keyId: record.id, name: record.name, tier: record.tier };
      verified.set(hash, { viewer, checkedAt });
      return viewer;
    },
  };
}
