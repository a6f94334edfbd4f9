import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/ports.ts';
import { createPostgresStore } from '../../src/stores/postgres/postgres-store.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { createSession, mutate } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';
import { aMessage, aSending, created } from '../support/store-fixtures.ts';

const day = 86_400_000;
const perSession = 60;

/** What the gateway has logged of its rounds, as far as it has. */
const roundsOf = (gateway: GatewayProcess): readonly { readonly events?: number; readonly msg: string }[] =>
  gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as { readonly events?: number; readonly msg: string })
    .filter(({ msg }) => /what is not kept any more/.test(msg));

/** Sessions with a history of 40 days ago, and one message of today. */
async function filled(store: Store, count: number): Promise<readonly SessionId[]> {
  const old = Date.now() - 40 * day;
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { id } = await created(store, { createdAt: old, updatedAt: old, lastActivityAt: old });
      const sending = (at: number) => store.commit(aSending(id, [aMessage(id, { createdAt: at })], { at, touch: null }));
      await Promise.all(Array.from({ length: perSession }, () => sending(old)));
      await sending(Date.now());
      return id;
    }),
  );
}

interface Place {
  readonly store: Store;
  readonly env: Readonly<Record<string, string>>;
}

function rounds(open: (dataDir: string) => Promise<Place>): void {
  let dataDir: string;
  let place: Place;
  let gateways: GatewayProcess[];
  const start = async (): Promise<GatewayProcess> => {
    const gateway = await startGatewayProcess({ dataDir, env: { ...place.env, PARLEY_LOG_LEVEL: 'debug' } });
    gateways.push(gateway);
    return gateway;
  };
  beforeEach(async () => {
    gateways = [];
    dataDir = await mkdtemp(join(tmpdir(), 'parley-retention-e2e-'));
    place = await open(dataDir);
  });
  afterEach(async () => {
    for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
    await place.store[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('of two gateways over one store, neither works while another has the lease', async () => {
    const { store } = place;
    const [id = '' as SessionId] = await filled(store, 1);
    // As a third gateway at its round, on another machine.
    expect(await store.lease('retention', 'a third', Date.now(), Date.now() + day)).toBe(true);
    const both = await Promise.all([start(), start()]);
    for (const gateway of both) {
      await expect.poll(() => roundsOf(gateway), { timeout: 30_000 }).toMatchObject([{ msg: expect.stringContaining('Another gateway') }]);
    }
    expect((await store.timeline.read(id, 0, 1)).oldest).toBe(1);
    expect(await store.lease('retention', 'a third', Date.now(), Date.now())).toBe(true);
    const next = await start();
    await expect.poll(() => roundsOf(next), { timeout: 30_000 }).toMatchObject([{ events: perSession }]);
    expect(await store.timeline.read(id, 0, 9)).toMatchObject({ oldest: perSession + 1, head: perSession + 1 });
  });

  test('two gateways that start together remove everything once, and serve on', async () => {
    const { store } = place;
    const sessions = await filled(store, 30);
    const [one, two] = await Promise.all([start(), start()]);
    for (const gateway of [one, two]) await expect.poll(() => roundsOf(gateway).length, { timeout: 30_000 }).toBe(1);
    const removed = [one, two].flatMap((gateway) => roundsOf(gateway)).reduce((sum, { events = 0 }) => sum + events, 0);
    expect(removed).toBe(sessions.length * perSession);
    for (const id of sessions) {
      expect(await store.timeline.read(id, 0, 1)).toMatchObject({ oldest: perSession + 1, head: perSession + 1 });
      const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1 } }]);
      expect(page?.totalCount).toBe(perSession + 1);
    }
    const host = await createSession(one.url, {});
    const following = follow(two.url, allEvents, {}, host.credentials);
    await following.until(ofType('StreamOpened'));
    await mutate(one.url, 'sendMessage', { content: 'still here' }, '__typename', host.credentials);
    expect(await following.until(ofType('MessageAdded'))).toMatchObject({ message: { content: 'still here' } });
    await following.stop();
  });
}

describe('retention over sqlite', { timeout: 90_000 }, () => {
  rounds(async (dataDir) => ({ store: await createSqliteStore({ path: join(dataDir, 'parley.sqlite') }), env: {} }));
});

describe.skipIf(postgresIsMissing)(`retention over postgres${needsPostgres}`, { timeout: 90_000 }, () => {
  const server = postgresOfFile();
  rounds(async () => {
    const url = await server.freshUrl();
    return { store: await createPostgresStore({ url }), env: { PARLEY_STORE_DRIVER: 'postgres', PARLEY_STORE_URL: url } };
  });
});
