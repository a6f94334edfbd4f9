import { createGateway } from '../src/gateway.ts';
import { startServices } from './demo/services.ts';
import { fill } from './demo/sessions.ts';

/** A gateway over all five services, which are emulated beside it: nothing else is needed to try it. Honours `PORT`. */

const host = '127.0.0.1';
// Of a second signal, which npm passes on besides the terminal, nothing is to be seen; of one that is meant, something is.
const impatientMs = 1_000;
const parentMs = 250;

function portOf(given: string | undefined): number {
  if (given === undefined || given === '') return 4_000;
  const port = Number(given);
  if (/^\d+$/.test(given) && port <= 65_535) return port;
  throw new Error(`Expected PORT to be a whole number from 0 to 65535, got ${given}`);
}

/** Resolves with the first signal to end. Under npm also when its shell is gone, which takes signals without passing them on. */
function ending(): Promise<void> {
  return new Promise((resolve) => {
    const parent = process.ppid;
    if (process.env['npm_lifecycle_event'] !== undefined) {
      setInterval(() => process.ppid !== parent && resolve(), parentMs).unref();
    }
    let firstAt: number | null = null;
    const onSignal = (): void => {
      if (firstAt !== null && Date.now() - firstAt > impatientMs) process.exit(1);
      firstAt ??= Date.now();
      resolve();
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
  });
}

async function run(port: number, ended: Promise<void>): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  await using services = await startServices();
  await using gateway = await createGateway({
    server: { host, port, drainSeconds: 1 },
    // Everything is gone with the process.
    store: { driver: 'memory' },
    backends: services.backends,
    log: { level: 'silent' },
  });
  const { url } = await gateway.start();
  await Promise.race([ended, fill(url, services)]);
  if (over) return;
  process.stdout.write(`Parley demo: ${url}\n`);
  await ended;
}

function explain(error: unknown, port: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') return `Port ${port} of ${host} is in use: end what listens there, or choose another one with PORT`;
  if (code === 'EACCES') return `Port ${port} of ${host} is not free to everyone: choose another one with PORT, 1024 or above`;
  return error instanceof Error ? error.message : String(error);
}

const given = process.env['PORT'];
try {
  await run(portOf(given), ending());
  // Nothing is left to wait for, but for connections that a client keeps.
  process.exit(0);
} catch (error) {
  process.stderr.write(`The demo cannot be started: ${explain(error, given ?? '4000')}\n`);
  process.exitCode = 1;
}
