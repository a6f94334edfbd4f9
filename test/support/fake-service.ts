import type { Service } from '../../src/core/service.ts';

/** A service that has a part in nothing but what it is given. */
export const fakeService = (parts: Partial<Service>): Service => ({
  perMember: false,
  secretDefaults: [],
  matchesByContent: false,
  open: async ({ handle }) => ({ handle: handle ?? 'theirs', facts: {} }),
  read: async () => ({}),
  effects: {},
  [Symbol.asyncDispose]: async () => {},
  ...parts,
});
