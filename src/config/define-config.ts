import type { ParleyConfig } from './config.ts';

/**
 * Gives the default export of `parley.config.ts` its type, so that the editor completes and checks it. Answers with what it is given.
 *
 * @example
 * export default defineConfig({ server: { port: 8080 }, auth: { anonymous: false } });
 */
export const defineConfig = (config: ParleyConfig): ParleyConfig => config;
