import { findProgram, launchServer, type ServerProcess } from './server-process.ts';

const command = findProgram(['redis-server', 'valkey-server']);

/** Said where tests are skipped for want of it; null where it is there. */
export const redisMissing: string | null =
  command === null ? 'No redis-server found: the tests of the redis bus are SKIPPED. Install it (apt-get install redis-server).' : null;

/** @param options - Besides those that every test server has. */
export const launchRedis = (options: readonly string[] = []): Promise<ServerProcess> =>
  launchServer({
    command: command ?? '',
    user: null,
    arguments: (folder, port) => [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      folder,
      ...options,
    ],
    readyLine: /ready to accept connections/i,
    url: (port) => `redis://127.0.0.1:${port}`,
  });
