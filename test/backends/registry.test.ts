import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createLocalBackend } from '../../src/backends/local/index.ts';
import { openBackends } from '../../src/backends/registry.ts';
import { backendKinds } from '../../src/config/backends-schema.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { features } from '../../src/core/backend.ts';

test('the configured backends are there under their names', () => {
  const backends = openBackends({
    local: { kind: 'LOCAL' },
    'for-pro': { kind: 'LOCAL', minimumTier: 'PRO' },
    free: { kind: 'LOCAL', minimumTier: null },
  });
  expect([...backends].map(([key, { name, kind, minimumTier }]) => [key, name, kind, minimumTier])).toEqual([
    ['local', 'local', 'LOCAL', null],
    ['for-pro', 'for-pro', 'LOCAL', 'PRO'],
    ['free', 'free', 'LOCAL', null],
  ]);
});

test('every kind of the configuration has a connector, a claim for each feature, and a conformance suite', async () => {
  const config = {
    local: { kind: 'LOCAL' },
    quicksync: { kind: 'QUICKSYNC', apiKey: 'key' },
    sipher: { kind: 'SIPHER', apiKey: 'key' },
    machani: { kind: 'MACHANI', url: 'http://127.0.0.1:1' },
    eliza: { kind: 'ELIZA' },
    julep: { kind: 'JULEP', apiKey: 'key' },
  } as const;
  const backends = openBackends(resolveConfig({ file: { backends: config } }).config.backends);
  expect([...backends.values()].map(({ kind }) => kind).sort()).toEqual([...backendKinds].sort());
  for (const [name, backend] of backends) {
    expect(Object.keys(backend.features).sort()).toEqual([...features].sort());
    const suite = await readFile(new URL(`${name}/conformance.test.ts`, import.meta.url), 'utf8');
    expect(suite).toContain('backendSuite(');
    await backend.service?.[Symbol.asyncDispose]();
  }
});

test('LOCAL is the gateway itself: it has what can be done without an agent', async () => {
  const backend = createLocalBackend({ name: 'local', minimumTier: null });
  const unavailable = features.filter((feature) => backend.features[feature] === 'UNAVAILABLE');
  expect(unavailable).toEqual(['AGENT_REPLY', 'REPLY_STREAM', 'SUGGESTIONS']);
  expect(features.filter((feature) => backend.features[feature] === 'UPSTREAM')).toEqual([]);
  expect(backend.service).toBeNull();
  expect(await backend.agents()).toEqual([]);
  expect(await backend.health()).toMatchObject({ status: 'UP', circuit: 'CLOSED' });
});
