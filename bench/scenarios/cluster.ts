import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { busKinds } from '../cluster/buses.ts';
import { settingsFor, startCluster } from '../cluster/cluster.ts';
import { databaseMissing, startDatabase, type Database } from '../cluster/database.ts';
import { measureLatency, measureThroughput, type Population, type Throughput } from '../cluster/measures.ts';
import { latencyRows, throughputRows } from '../cluster/rows.ts';
import { startGateway } from '../gateway/gateway.ts';
import { openSession, openSessions } from '../gateway/guests.ts';
import { startChild } from '../harness/child.ts';
import type { Row, Scale, Scenario, Workshop } from '../harness/scenario.ts';
import type { HttpLoadMethods } from '../load/http-load.ts';
import type { LatencyMethods } from '../load/latency.ts';
import type { SubscriberMethods } from '../load/subscribers.ts';

/** Makes the sessions by a gateway of its own, which is gone before anything is measured. */
async function populate(database: Database, directory: string, scale: Scale): Promise<{ readonly apiKey: string } & Population> {
  const dataDirectory = join(directory, 'setting-up');
  await mkdir(dataDirectory);
  await using gateway = await startGateway(dataDirectory, { settings: settingsFor(database) });
  const apart = await openSessions(gateway, scale.callers, 1);
  const crowd = await openSession(gateway, 'Crowded deck', scale.subscribers);
  return { apiKey: gateway.apiKey, apart, crowd };
}

async function run({ scale, directory, say, skip }: Workshop): Promise<readonly Row[]> {
  await using database = await startDatabase(directory, say);
  say(`making ${scale.callers} sessions, and one of ${scale.subscribers} members`);
  const population = await populate(database, directory, scale);

  const load = { workingDirectory: directory, logFile: join(directory, 'load.log'), env: { ...process.env, NODE_ENV: 'production' } };
  await using callers = startChild<HttpLoadMethods>({ ...load, entry: 'bench/load/http-load.ts' });
  const rows: Row[] = [];
  for (const kind of busKinds) {
    if (kind.missing !== null) {
      skip(kind.missing);
      continue;
    }
    await using cluster = await startCluster(kind, database, directory, population.apiKey);
    const stages: Throughput[] = [];
    while (stages.length < scale.clusterGateways) {
      await cluster.grow();
      say(`${kind.name}: sends and fan-out, gateways: ${cluster.gateways.length}`);
      await using subscribers = startChild<SubscriberMethods>({ ...load, entry: 'bench/load/subscribers.ts' });
      stages.push(await measureThroughput(cluster, population, scale, { callers, subscribers }));
    }
    say(`${kind.name}: latency`);
    await using followers = startChild<LatencyMethods>({ ...load, entry: 'bench/load/latency.ts' });
    const latency = await measureLatency(cluster, population, scale, followers);
    rows.push(...throughputRows(kind, stages, scale), ...latencyRows(kind, latency, cluster.gateways.length));
  }
  return rows;
}

export const cluster: Scenario = { name: 'cluster', missing: databaseMissing, run };
