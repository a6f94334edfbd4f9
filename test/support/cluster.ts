import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finished, runParley } from '../cli/parley-process.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';

type Env = Readonly<Record<string, string>>;

/** Gateways over one database. */
export interface Cluster extends AsyncDisposable {
  /** Starts one more, with what it has of its own. */
  start(own?: Env, port?: number): Promise<GatewayProcess>;
  /** Runs a command of `parley` on the same database. */
  run(...args: readonly string[]): Promise<Finished>;
}

/** @param storeUrl - Of a PostgreSQL database. */
export async function createCluster(storeUrl: string, common: Env = {}): Promise<Cluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-cluster-'));
  const env = {
    PARLEY_STORE_DRIVER: 'postgres',
    PARLEY_STORE_URL: storeUrl,
    PARLEY_SECRET: 'the-same-secret-for-every-gateway',
    ...common,
  };
  const gateways = new AsyncDisposableStack();
  return {
    start: async (own = {}, port) =>
      gateways.use(await startGatewayProcess({ dataDir, env: { ...env, ...own }, ...(port !== undefined && { port }) })),
    run: (...args) => runParley(args, { cwd: dataDir, env }),
    async [Symbol.asyncDispose]() {
      await gateways.disposeAsync();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What `/health/ready` says, and with which status. */
export async function readiness(url: string): Promise<{
  readonly code: number;
  readonly status?: string;
  readonly checks?: Readonly<Record<'store' | 'bus' | 'storeWrites', string>>;
}> {
  const response = await fetch(`${url}/health/ready`);
  return { code: response.status, ...((await response.json()) as object) };
}
