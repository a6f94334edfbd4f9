import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes, sockets and browsers: slower than units, and never retried.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
  },
});
