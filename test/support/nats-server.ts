import { findProgram, launchServer, type ServerProcess } from './server-process.ts';

const command = findProgram(['nats-server']);

/** Said where tests are skipped for want of it; null where it is there. */
export const natsMissing: string | null =
  command === null ? 'No nats-server found: the tests of the nats bus are SKIPPED. Install it (apt-get install nats-server).' : null;

/** @param options - Besides those that every test server has. */
export const launchNats = (options: readonly string[] = []): Promise<ServerProcess> =>
  launchServer({
    command: command ?? '',
    user: null,
    arguments: (_, port) => ['--addr', '127.0.0.1', '--port', `${port}`, ...options],
    readyLine: /Server is ready/,
    url: (port) => `nats://127.0.0.1:${port}`,
  });
