import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createApiKeyVerifier } from '../../src/auth/api-key-verifier.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '../../src/auth/api-keys.ts';
import { isProblem, orThrow } from '../../src/core/problem.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSteppedClock } from '../support/auth-clock.ts';

function start() {
  const clock = createSteppedClock();
  const store = createMemoryStore().apiKeys;
  const create = async (name = 'app', tier = 'PRO') => orThrow(await createApiKey(store, { name, tier }, clock));
  return { clock, store, create, verifier: createApiKeyVerifier({ store, clock }) };
}

test('a key is shown once and kept as its SHA-256', async () => {
  const { clock, store, create } = start();
  const { key, record } = await create();
  expect(key).toMatch(/^pk_[0-9a-f]{16}_[\w-]{43}$/);
  expect(key).toContain(record.id);
  expect(record).toEqual({ id: record.id, name: 'app', tier: 'PRO', createdAt: clock.now(), revokedAt: null });
  const [kept] = await store.byIds([record.id]);
  expect(kept).toEqual({ ...record, hash: createHash('sha256').update(key).digest('hex') });
  expect(JSON.stringify(await store.list())).not.toContain(key.slice(-43));
});

test('no two keys are alike', async () => {
  const { create } = start();
  const made = await Promise.all(Array.from({ length: 50 }, () => create()));
  expect(new Set(made.map(({ record }) => record.id)).size).toBe(50);
  expect(new Set(made.map(({ key }) => key.slice(-43))).size).toBe(50);
});

test.each(['x', 'x'.repeat(100), '💥'.repeat(100), 'Größe 3', '  trimmed  '])('%j is a name', async (name) => {
  const { create } = start();
  expect((await create(name)).record.name).toBe(name.trim());
});

test.each([
  ['', 'got 0'],
  ['   ', 'got 0'],
  ['x'.repeat(101), 'got 101'],
  ['a\u0000b', 'control characters'],
  ['a\nb', 'control characters'],
  ['a\ud800b', 'lone surrogates'],
])('%j is no name', async (name, detail) => {
  const { clock, store } = start();
  const outcome = await createApiKey(store, { name, tier: 'FREE' }, clock);
  expect(outcome).toMatchObject({ kind: 'problem', code: 'BAD_INPUT', path: ['name'], detail: expect.stringContaining(detail) });
  expect(await store.list()).toEqual([]);
});

test('a tier is taken in any case, and an unknown one is refused with those there are', async () => {
  const { clock, store, create } = start();
  expect((await create('app', 'enterprise')).record.tier).toBe('ENTERPRISE');
  const outcome = await createApiKey(store, { name: 'app', tier: 'GOLD' }, clock);
  expect(outcome).toMatchObject({
    code: 'BAD_INPUT',
    path: ['tier'],
    detail: 'The tier must be one of FREE, PRO, ENTERPRISE, got "GOLD".',
  });
});

test('keys are listed newest first, without what they are recognised by', async () => {
  const { clock, store, create } = start();
  await create('first');
  clock.advance(1);
  await create('second');
  const listed = await listApiKeys(store);
  expect(listed.map(({ name }) => name)).toEqual(['second', 'first']);
  expect(listed.some((info) => 'hash' in info)).toBe(false);
});

test('a key is revoked once', async () => {
  const { clock, store, create } = start();
  const { record } = await create();
  clock.advance(5);
  expect(await revokeApiKey(store, record.id, clock)).toBeNull();
  expect((await listApiKeys(store))[0]?.revokedAt).toBe(clock.now());
  expect(await revokeApiKey(store, record.id, clock)).toMatchObject({ code: 'CONFLICT', detail: expect.stringContaining(record.id) });
  expect(await revokeApiKey(store, 'nobody', clock)).toMatchObject({ code: 'NOT_FOUND', detail: expect.stringContaining('"nobody"') });
});

test('revoking by the key instead of its id does not repeat the key', async () => {
  const { clock, store, create } = start();
  const { key } = await create();
  const outcome = await revokeApiKey(store, key, clock);
  expect(isProblem(outcome) && outcome.detail).not.toContain(key.slice(-43, -30));
});

test('a key is recognised with its name and tier', async () => {
  const { create, verifier } = start();
  const { key, record } = await create('app', 'FREE');
  const viewer = { kind: 'API_KEY', keyId: record.id, name: 'app', tier: 'FREE' };
  expect(await verifier.verify(key)).toEqual(viewer);
  expect(await verifier.verify(key)).toEqual(viewer);
});

test.each([
  '',
  'pk_',
  'x',
  'pk_0123456789abcdef_short',
  `pk_0123456789ABCDEF_${'x'.repeat(43)}`,
  '\u0000',
  `pk_${'0'.repeat(16)}_${'💥'.repeat(43)}`,
])('the text %j is malformed', async (text) => {
  expect(await start().verifier.verify(text)).toBe('malformed');
});

test('a key that was never made, or made for another store, is unknown', async () => {
  const { create, verifier } = start();
  const { key } = await create();
  const last = key.at(-1) === 'A' ? 'B' : 'A';
  expect(await verifier.verify(`${key.slice(0, -1)}${last}`)).toBe('unknown');
  expect(await verifier.verify((await start().create()).key)).toBe('unknown');
});

test('a revoked key dies within a second, also when another process revoked it', async () => {
  const { clock, store, create, verifier } = start();
  const { key, record } = await create();
  await verifier.verify(key);
  await store.revoke(record.id, clock.now());
  clock.advance(1_000);
  expect(await verifier.verify(key)).toBe('revoked');
});

test('a clock that was set back does not keep a revoked key alive', async () => {
  const { clock, store, create, verifier } = start();
  const { key, record } = await create();
  await verifier.verify(key);
  await store.revoke(record.id, clock.now());
  clock.advance(-3_600_000);
  expect(await verifier.verify(key)).toBe('revoked');
});

test('a key in use costs one read of the store in most of a second', async () => {
  const { clock, store, create } = start();
  let reads = 0;
  const verifier = createApiKeyVerifier({
    store: {
      byHash(hash) {
        reads += 1;
        return store.byHash(hash);
      },
    },
    clock,
  });
  const { key } = await create();
  for (let at = 0; at < 10; at += 1) {
    await verifier.verify(key);
    clock.advance(80);
  }
  expect(reads).toBe(1);
});
