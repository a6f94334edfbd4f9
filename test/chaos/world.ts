import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runParley } from '../cli/parley-process.ts';
import { type GatewayProcess, freePort, startGatewayProcess } from '../support/gateway-process.ts';
import type { Credentials } from '../support/graphql-client.ts';
import { type LossyProxy, createLossyProxy } from '../support/lossy-proxy.ts';
import { launchNats, natsMissing } from '../support/nats-server.ts';
import { launchPostgres, postgresMissing } from '../support/postgres-server.ts';
import { launchRedis, redisMissing } from '../support/redis-server.ts';
import type { ServerProcess } from '../support/server-process.ts';

/** The store's server does what it does in production: an acknowledged commit is on the disk. */
const launchDurablePostgres = (): Promise<ServerProcess> => launchPostgres({ settings: ['fsync=on'] });

export const busNames = ['redis', 'nats', 'postgres'] as const;

export type BusName = (typeof busNames)[number];

const buses: Readonly<Record<BusName, { readonly missing: string | null; readonly launch: () => Promise<ServerProcess> }>> = {
  redis: { missing: redisMissing, launch: () => launchRedis() },
  nats: { missing: natsMissing, launch: () => launchNats() },
  // A server of its own, so that it can be away while the store is not.
  postgres: { missing: postgresMissing, launch: () => launchPostgres() },
};

/** Why there can be no run with the bus; null = there can. */
export const missingFor = (bus: BusName): string | null => postgresMissing ?? buses[bus].missing;

/** A gateway's place: it keeps its name and its address, whichever process is there. */
export interface Place {
  readonly name: string;
  /** Where clients find it: through a proxy that can cut their connections. */
  readonly url: string;
  /** The same without the proxy. */
  readonly directUrl: string;
  readonly proxy: LossyProxy;
  readonly isUp: boolean;
  /** Sends the process the signal, and resolves once it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Resolves once a process is there that answers, however often one has to be started. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** The servers and the gateways of a run. */
export interface World extends AsyncDisposable {
  readonly places: readonly Place[];
  readonly store: ServerProcess;
  readonly bus: ServerProcess;
  /** The API key that creates sessions, and may read them. */
  readonly credentials: Credentials;
  /** Everything runs and answers again. */
  heal(): Promise<void>;
  /** All that the gateways have logged. */
  log(): string;
}

export async function createWorld(bus: BusName, gateways: number): Promise<World> {
  const stack = new AsyncDisposableStack();
  try {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-chaos-'));
    stack.defer(() => rm(dataDir, { recursive: true, force: true }));
    const [store, hints] = await Promise.all([launchDurablePostgres(), buses[bus].launch()]);
    stack.use(store);
    stack.use(hints);
    const env = {
      PARLEY_SECRET: 'a secret that all gateways of the run share',
      PARLEY_STORE_DRIVER: 'postgres',
      PARLEY_STORE_URL: store.url,
      PARLEY_BUS_DRIVER: bus,
      PARLEY_BUS_URL: hints.url,
    };
    const created = await runParley(['keys', 'create', '--name', 'Chaos'], { cwd: dataDir, env });
    const key = /pk_\S+/.exec(created.stdout)?.[0];
    if (key === undefined) throw new Error(`No API key was made:\n${created.stdout}${created.stderr}`);

    const log: string[] = [];
    const places = await Promise.all(
      Array.from({ length: gateways }, async (_, index) => {
        const place = await createPlace(`gateway ${index + 1}`, dataDir, env, (text) => log.push(text));
        stack.use(place);
        await place.start();
        return place;
      }),
    );
    return {
      places,
      store,
      bus: hints,
      credentials: { 'x-api-key': key },
      async heal() {
        hints.thaw();
        for (const place of places) place.thaw();
        await Promise.all([store.start(), hints.start()]);
        await Promise.all(places.map((place) => place.start()));
        for (const { directUrl } of places) while (!(await isReady(directUrl))) await delay(50);
      },
      log: () => [...log, ...places.map((place) => place.output())].join(''),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  await response?.arrayBuffer();
  return response?.ok === true;
}

async function createPlace(
  name: string,
  dataDir: string,
  env: Readonly<Record<string, string>>,
  keep: (output: string) => void,
): Promise<Place & AsyncDisposable & { output(): string }> {
  const port = await freePort();
  const proxy = await createLossyProxy(port);
  let current: GatewayProcess | null = null;
  let starting: Promise<void> | null = null;

  async function start(): Promise<void> {
    while (current === null) {
      try {
        current = await startGatewayProcess({ dataDir, port, env, until: 'live' });
      } catch (error) {
        // As a supervisor does: without its store it does not start.
        keep(String(error));
        await delay(200);
      }
    }
  }

  return {
    name,
    url: `http://127.0.0.1:${proxy.port}`,
    directUrl: `http://127.0.0.1:${port}`,
    proxy,
    get isUp() {
      return current !== null;
    },
    async end(signal) {
      const ending = current;
      current = null;
      if (ending === null) return;
      await ending.end(signal);
      keep(ending.output());
    },
    start() {
      starting ??= start().finally(() => {
        starting = null;
      });
      return starting;
    },
    freeze: () => void (current && process.kill(current.pid, 'SIGSTOP')),
    thaw: () => void (current && process.kill(current.pid, 'SIGCONT')),
    output: () => current?.output() ?? '',
    async [Symbol.asyncDispose]() {
      await starting;
      await current?.[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
