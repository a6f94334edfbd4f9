import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';

/** A gateway in a process and with a data directory of its own, for all tests of the file that asks for it. */
export interface GatewayOfFile {
  readonly url: string;
  readonly dataDir: string;
  /** All that it has written since the first start. */
  output(): string;
  /** Ends it by the signal and starts another on the same data, at another address. */
  restart(signal: NodeJS.Signals): Promise<void>;
}

/** Starts before the first test of the file, and goes with the last. */
export const gatewayOfFile = (env: Readonly<Record<string, string>> = {}): GatewayOfFile => gatewaysOfFile({ only: env }).only;

/** Several at once, each on a store of its own, by names of the test's and their environments. */
export function gatewaysOfFile<Name extends string>(
  environments: Readonly<Record<Name, Readonly<Record<string, string>>>>,
): Readonly<Record<Name, GatewayOfFile>> {
  const gateways = Object.entries<Readonly<Record<string, string>>>(environments).map(([name, env]) => [name, prepare(env)] as const);
  beforeAll(() => Promise.all(gateways.map(([, gateway]) => gateway.start())));
  afterAll(() => Promise.all(gateways.map(([, gateway]) => gateway[Symbol.asyncDispose]())));
  const byName: Readonly<Record<string, GatewayOfFile>> = Object.fromEntries(gateways);
  return byName;
}

function prepare(env: Readonly<Record<string, string>>): GatewayOfFile & AsyncDisposable & { start(): Promise<void> } {
  let dataDir = '';
  let running: GatewayProcess | null = null;
  let earlier = '';
  const process = (): GatewayProcess => {
    if (running === null) throw new Error('The gateway of the file runs while its tests do');
    return running;
  };
  return {
    get url() {
      return process().url;
    },
    get dataDir() {
      return dataDir;
    },
    output: () => earlier + process().output(),
    async start() {
      dataDir = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
      running = await startGatewayProcess({ dataDir, env });
    },
    async restart(signal) {
      await process().end(signal);
      earlier += process().output();
      running = await startGatewayProcess({ dataDir, env });
    },
    async [Symbol.asyncDispose]() {
      await running?.[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
