import { expect, test } from 'vitest';
import { connectors, openBackends } from '../../src/backends/registry.ts';
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

test.each(Object.keys(connectors) as (keyof typeof connectors)[])('%s says of every feature who has it', (kind) => {
  const backend = connectors[kind]({ name: 'one', minimumTier: null });
  expect(Object.keys(backend.features).sort()).toEqual([...features].sort());
  expect(backend.kind).toBe(kind);
});

test('LOCAL is the gateway itself: it has what can be done without an agent', async () => {
  const backend = connectors.LOCAL({ name: 'local', minimumTier: null });
  const unavailable = features.filter((feature) => backend.features[feature] === 'UNAVAILABLE');
  expect(unavailable).toEqual(['AGENT_REPLY', 'REPLY_STREAM', 'SUGGESTIONS']);
  expect(features.filter((feature) => backend.features[feature] === 'UPSTREAM')).toEqual([]);
  expect(backend.service).toBeNull();
  expect(await backend.agents()).toEqual([]);
  expect(await backend.health()).toMatchObject({ status: 'UP', circuit: 'CLOSED' });
});
