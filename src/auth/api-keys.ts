import { createHash, randomBytes } from 'node:crypto';
import type { ApiKeyRecord, ApiKeyStore, Clock } from '../core/ports.ts';
import { problem, type Problem } from '../core/problem.ts';
import { tiers, type Tier } from '../core/viewer.ts';

/** An API key as it may be shown: without what it is recognised by. */
export type ApiKeyInfo = Omit<ApiKeyRecord, 'hash'>;

const shape = /^pk_[0-9a-f]{16}_[\w-]{43}$/;

/** Whether a text can be an API key at all: `pk_`, the key's id, `_` and 32 random bytes in base64url. */
export const looksLikeApiKey = (text: string): boolean => shape.test(text);

/** What a key is kept and found by. Its 256 random bits need no slow hash. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/**
 * Makes and stores a key. The answer is the only place that ever shows it.
 * BAD_INPUT: a name that is not 1 to 100 printable characters, an unknown tier.
 */
export async function createApiKey(
  store: ApiKeyStore,
  input: { readonly name: string; readonly tier: string },
  clock: Pick<Clock, 'now'>,
): Promise<{ readonly key: string; readonly record: ApiKeyInfo } | Problem> {
  const name = input.name.trim();
  const length = Array.from(name).length;
  if (length < 1 || length > 100) {
    return problem('BAD_INPUT', `The name of an API key must have 1 to 100 characters, got ${length}.`, { path: ['name'] });
  }
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) {
    return problem('BAD_INPUT', 'The name of an API key must not hold control characters or lone surrogates.', { path: ['name'] });
  }
  const tier = tierNamed(input.tier);
  if (tier === null) {
    return problem('BAD_INPUT', `The tier must be one of ${tiers.join(', ')}, got ${JSON.stringify(input.tier.slice(0, 60))}.`, {
      path: ['tier'],
    });
  }
  const id = randomBytes(8).toString('hex');
  const key = `pk_${id}_${randomBytes(32).toString('base64url')}`;
  const record: ApiKeyInfo = { id, name, tier, createdAt: clock.now(), revokedAt: null };
  await store.insert({ ...record, hash: hashApiKey(key) });
  return { key, record };
}

/** All keys, newest first, revoked ones among them. */
export async function listApiKeys(store: ApiKeyStore): Promise<readonly ApiKeyInfo[]> {
  const records = await store.list();
  return records.map(({ hash: _hash, ...info }) => info);
}

/** Ends a key for good: every gateway on the store refuses it within a second. NOT_FOUND: no such id. CONFLICT: revoked before. */
export async function revokeApiKey(store: ApiKeyStore, id: string, clock: Pick<Clock, 'now'>): Promise<null | Problem> {
  if (await store.revoke(id, clock.now())) return null;
  const [record] = await store.byIds([id]);
  return record === null || record === undefined
    ? problem('NOT_FOUND', `There is no API key with the id ${JSON.stringify(id.slice(0, 20))}: \`parley keys list\` shows the ids.`)
    : problem('CONFLICT', `The API key ${id} (${record.name}) is revoked already.`);
}

const tierNamed = (text: string): Tier | null => tiers.find((tier) => tier === text.toUpperCase()) ?? null;
