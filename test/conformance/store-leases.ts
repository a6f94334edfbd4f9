import { expect } from 'vitest';
import { start } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

export const leaseChecks: Checks = (check) => {
  check('gives a lease to one holder at a time', async (store) => {
    expect(await store.lease('work', 'a', start, start + 10)).toBe(true);
    expect(await store.lease('work', 'b', start + 9, start + 100)).toBe(false);
    expect(await store.lease('other work', 'b', start, start + 10)).toBe(true);
    expect(await store.lease('work', 'b', start + 10, start + 20)).toBe(true);
    expect(await store.lease('work', 'a', start + 10, start + 20)).toBe(false);
  });

  check('extends the lease of its holder', async (store) => {
    expect(await store.lease('work', 'a', start, start + 10)).toBe(true);
    expect(await store.lease('work', 'a', start + 5, start + 15)).toBe(true);
    expect(await store.lease('work', 'b', start + 12, start + 20)).toBe(false);
    // Also where it had run out and nobody else came.
    expect(await store.lease('work', 'a', start + 30, start + 40)).toBe(true);
  });

  check('takes back a lease that is given back, and only from its holder', async (store) => {
    expect(await store.lease('work', 'a', start, start + 10)).toBe(true);
    expect(await store.lease('work', 'b', start + 1, start + 1)).toBe(false);
    expect(await store.lease('work', 'b', start + 1, start + 10)).toBe(false);
    expect(await store.lease('work', 'a', start + 2, start + 2)).toBe(true);
    expect(await store.lease('work', 'b', start + 2, start + 10)).toBe(true);
  });

  check('gives a lease to one of many who ask at once', async (store) => {
    for (let round = 0; round < 5; round += 1) {
      const now = start + round * 10;
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => store.lease('work', `holder ${index}`, now, now + 10)));
      expect(answers.filter(Boolean)).toHaveLength(1);
    }
  });
};
