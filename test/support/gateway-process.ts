import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface GatewayProcess extends AsyncDisposable {
  /** `http://<host>:<port>`, without a slash at the end. */
  readonly url: string;
  readonly pid: number;
  /** What it has written to standard output and standard error so far. */
  output(): string;
  /** Resolves when it is gone, with the exit code, null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Sends the signal and resolves with the exit code, null where the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  return address.port;
}

/** One that the system gives to nobody who asks for any: whoever has it may go away for a while, and finds it free. */
export async function keptPort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const taken = await once(server, 'listening').then(
      () => false,
      () => true,
    );
    if (taken) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** The environment of a child without what the tests themselves run under. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:PARLEY_|VITEST|NODE_ENV$|NODE_OPTIONS$|PORT$|HOST$)/.test(name));
  return Object.fromEntries(own);
}

/** Starts the gateway as its users do and resolves once it is up. Rejects with its output where it ends before that. */
export async function startGatewayProcess(options: {
  readonly dataDir: string;
  /** @default a free one */
  readonly port?: number;
  /** The address that it listens on. @default 127.0.0.1 */
  readonly host?: string;
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What is waited for: that it answers, or that store and bus do so too.
   * @default 'ready'
   */
  readonly until?: 'live' | 'ready';
}): Promise<GatewayProcess> {
  const { host = '127.0.0.1', port = await freePort() } = options;
  const child: ChildProcess = spawn(process.execPath, [main, 'start'], {
    cwd: options.dataDir,
    env: { ...cleanEnvironment(), PORT: String(port), HOST: host, PARLEY_DATA_DIR: options.dataDir, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A run of tests that is broken off leaves none behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = once(child, 'exit').then(([code]) => {
    process.off('exit', kill);
    return code as number | null;
  });
  const url = `http://${host}:${port}`;

  const ended = exited.then((code) => {
    throw new Error(`The gateway ended with ${code} before it was ready:\n${text}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ended, answering(`${url}/health/${options.until ?? 'ready'}`)]);

  return {
    url,
    pid: child.pid ?? 0,
    output: () => text,
    exited,
    async end(signal) {
      child.kill(signal);
      return exited;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

async function answering(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
