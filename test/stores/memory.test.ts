import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { storeSuite } from '../conformance/store-suite.ts';

storeSuite({
  name: 'memory',
  open: async () => createMemoryStore(),
  limits: [{ reason: 'holds nothing beyond its life', tests: ['keeps its epoch and all it holds when opened again'] }],
});

it('takes the epoch that it is given', async () => {
  await using store = createMemoryStore({ epoch: 'test0001' });
  expect(store.epoch).toBe('test0001');
});
