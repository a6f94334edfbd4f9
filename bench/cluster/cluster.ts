import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerProcess } from '../../test/support/server-process.ts';
import { startGateway, type Gateway, type GatewaySettings } from '../gateway/gateway.ts';
import { clockOf, clockOfAll, coresOf, machineClock, treeClock } from '../harness/processors.ts';
import type { BusKind } from './buses.ts';
import type { Database } from './database.ts';

/** What something cost, and whom. */
export interface Cost {
  /** Cores kept busy by the gateways together, by PostgreSQL, by the server of the bus, and by everything on the machine. */
  readonly cores: Readonly<Record<'gateways' | 'postgres' | 'bus' | 'machine', number>>;
  /** Transactions that wrote or notified. */
  readonly commitsPerSecond: number;
}

/** Gateways on one database that hear each other over one bus. */
export interface Cluster extends AsyncDisposable {
  readonly gateways: readonly Gateway[];
  /** Null where PostgreSQL is the bus as well. */
  readonly busServer: ServerProcess | null;
  /** Starts one more gateway. */
  grow(): Promise<void>;
  costOf<T>(work: () => Promise<T>): Promise<readonly [result: T, cost: Cost]>;
}

export const settingsFor = ({ url }: Database): GatewaySettings => ({ PARLEY_STORE_DRIVER: 'postgres', PARLEY_STORE_URL: url });

/**
 * Starts a cluster without gateways.
 *
 * @param directory - Where the gateways have their folders.
 * @param apiKey - One that the database has.
 */
export async function startCluster(kind: BusKind, database: Database, directory: string, apiKey: string): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const launched = (await kind.launch?.()) ?? null;
  const busServer = launched === null ? null : stack.use(launched);
  const settings = { ...settingsFor(database), PARLEY_BUS_DRIVER: kind.name, PARLEY_BUS_URL: busServer?.url ?? database.url };
  const gateways: Gateway[] = [];
  const owned = stack.move();

  return {
    gateways,
    busServer,
    async grow() {
      const dataDirectory = join(directory, `${kind.name}-${gateways.length + 1}`);
      await mkdir(dataDirectory);
      gateways.push(owned.use(await startGateway(dataDirectory, { settings, apiKey })));
    },
    async costOf(work) {
      const clocks = {
        gateways: clockOfAll(gateways.map((gateway) => clockOf(gateway.process))),
        postgres: database.processor,
        bus: busServer === null ? async () => 0 : treeClock(busServer.pid ?? 0),
        machine: machineClock,
      };
      const before = await database.commits();
      const start = performance.now();
      const [result, cores] = await coresOf(clocks, work);
      const seconds = (performance.now() - start) / 1_000;
      return [result, { cores, commitsPerSecond: ((await database.commits()) - before) / seconds }];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
