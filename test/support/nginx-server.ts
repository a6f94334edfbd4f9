import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, launchServer, type ServerProcess } from './server-process.ts';

const command = findProgram(['nginx']);

/** Said where tests are skipped for want of it; null where it is there. */
export const nginxMissing: string | null =
  command === null ? 'No nginx found: the tests of the load balancer are SKIPPED. Install it (apt-get install nginx-light).' : null;

/** @param configure - The configuration that listens on the port and keeps its files in the folder. */
export async function launchNginx(configure: (folder: string, port: number) => string): Promise<ServerProcess> {
  return launchServer({
    command: command ?? '',
    user: null,
    arguments(folder, port) {
      const file = join(folder, 'nginx.conf');
      writeFileSync(file, configure(folder, port));
      // In the foreground; debug builds and others all say at `notice` that the workers start.
      return ['-p', folder, '-c', file, '-g', 'daemon off; error_log stderr notice;'];
    },
    readyLine: /start worker process /,
    url: (port) => `http://127.0.0.1:${port}`,
  });
}
