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
export function gatewayOfFile(env: Readonly<Record<string, string>> = {}): GatewayOfFile {
  let dataDir = '';
  let running: GatewayProcess | null = null;
  let earlier = '';
  const process = (): GatewayProcess => {
    if (running === null) throw new Error('The gateway of the file runs while its tests do');
    return running;
  };
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
    running = await startGatewayProcess({ dataDir, env });
  });
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    get url() {
      return process().url;
    },
    get dataDir() {
      return dataDir;
    },
    output: () => earlier + process().output(),
    async restart(signal) {
      await process().end(signal);
      earlier += process().output();
      running = await startGatewayProcess({ dataDir, env });
    },
  };
}
