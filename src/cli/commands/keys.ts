import { type ApiKeyInfo, createApiKey, listApiKeys, revokeApiKey } from '../../auth/api-keys.ts';
import type { ApiKeyStore } from '../../core/ports.ts';
import { isProblem, type Problem } from '../../core/problem.ts';
import { systemClock } from '../../core/system-clock.ts';
import { loadConfigFor, type ParsedFlags } from '../config-flags.ts';
import { CommandFailure } from '../failure.ts';
import { openStoreFor } from '../open-store-for.ts';
import { renderTable } from '../table.ts';

async function withKeys<T>(flags: ParsedFlags, use: (keys: ApiKeyStore) => Promise<T>): Promise<T> {
  const { config } = await loadConfigFor(flags);
  if (config.store.driver === 'memory') {
    throw new CommandFailure('API keys need a store that outlives the process: `store.driver` is `memory`');
  }
  const store = await openStoreFor(config);
  try {
    return await use(store.apiKeys);
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

function orFail<T>(value: T | Problem): T {
  if (isProblem(value)) throw new CommandFailure(value.detail ?? value.title);
  return value;
}

/** An instant or nothing, as people and programs read it. */
const iso = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString());

const asJson = ({ id, name, tier, createdAt, revokedAt }: ApiKeyInfo) => ({
  id,
  name,
  tier,
  createdAt: iso(createdAt),
  revokedAt: iso(revokedAt),
});

const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

/** `parley keys create`: the key is printed this once; what is stored is its hash. */
export async function createKey(flags: ParsedFlags & { readonly name: string; readonly tier: string }): Promise<void> {
  const { key, record } = orFail(await withKeys(flags, (keys) => createApiKey(keys, flags, systemClock)));
  if (flags['json'] === true) return printJson({ ...asJson(record), key });
  process.stdout.write(`${key}\n`);
  process.stderr.write(
    `API key ${record.id} for ${record.name}, tier ${record.tier}. It is not shown again: keep it now. Clients send it as X-API-Key.\n`,
  );
}

/** `parley keys list` */
export async function listKeys(flags: ParsedFlags): Promise<void> {
  const found = await withKeys(flags, listApiKeys);
  if (flags['json'] === true) return printJson(found.map(asJson));
  if (found.length === 0) {
    process.stdout.write('There are no API keys. `parley keys create --name <name>` makes one.\n');
    return;
  }
  const rows = found.map(({ id, name, tier, createdAt, revokedAt }) => [id, name, tier, iso(createdAt) ?? '', iso(revokedAt) ?? '']);
  process.stdout.write(renderTable([['ID', 'NAME', 'TIER', 'CREATED', 'REVOKED'], ...rows]));
}

/** `parley keys revoke` */
export async function revokeKey(id: string, flags: ParsedFlags): Promise<void> {
  orFail(await withKeys(flags, (keys) => revokeApiKey(keys, id, systemClock)));
  if (flags['json'] === true) return printJson({ id, revoked: true });
  process.stdout.write(`API key ${id} is revoked.\n`);
}
