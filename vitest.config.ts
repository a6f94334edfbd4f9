import type { ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = {
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes, sockets and browsers: slower than units, and never retried.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
  },
};

export default config;
