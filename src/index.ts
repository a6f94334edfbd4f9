export { createGateway, type Gateway } from './gateway.ts';
export { defineConfig } from './config/define-config.ts';
export type { ParleyConfig } from './config/config.ts';
export { ConfigError, type ConfigIssue } from './config/config-error.ts';
export type { Problem } from './core/problem.ts';
