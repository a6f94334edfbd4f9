import { createRequire } from 'node:module';
import type { ViteUserConfig } from 'vitest/config';
import { SummaryReporter } from './test/support/summary-reporter.ts';

const config: ViteUserConfig = {
  // As Node resolves it. Vite would take its ES modules, a second copy beside the one that Apollo and graphql-jit have.
  resolve: { alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }] },
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes, sockets and browsers: slower than units, and never retried.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // Most of the time is waited for: a core of its own is not what a file needs.
    maxWorkers: 2,
    reporters: ['default', new SummaryReporter()],
  },
};

export default config;
