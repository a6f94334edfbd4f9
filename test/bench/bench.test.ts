import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../bench/harness/report.ts';
import { busKinds } from '../../bench/cluster/buses.ts';
import { databaseMissing } from '../../bench/cluster/database.ts';
import { meshMissing } from '../../bench/mesh/start-mesh.ts';

const run = promisify(execFile);
const entry = join(import.meta.dirname, '../../bench/run.ts');

/** Real servers are started one after another: seconds on a quiet machine, more where the suite keeps it busy. */
const patienceMs = 480_000;

/** What cannot be run here, in the order of the report. */
function expectedSkips(): Report['skipped'] {
  const cluster = databaseMissing() === null ? busKinds.map(({ missing }) => missing) : [databaseMissing()];
  return [['mesh', meshMissing()] as const, ...cluster.map((message) => ['cluster', message] as const)].flatMap(([scenario, message]) =>
    message === null ? [] : [{ scenario, message }],
  );
}

/** Of one bus: sends and fan-out with one gateway and with two, latency, and that of a bus with a server of its own while it is frozen. */
const rowsOfBus = (ownServer: boolean): (string | number | object | null)[][] => [
  ...[null, '1 gateway', null, '1 gateway'].map((peer) => ['cluster', peer, null]),
  ['cluster', 'to the same gateway', { bound: 'at most', value: 250 }],
  ['cluster', 'to the same gateway', { bound: 'at most', value: 1_000 }],
  ...(ownServer ? [['cluster', 'to the same gateway', null]] : []),
];

describe('bench', () => {
  it(
    'runs every scenario and reports its figures',
    async () => {
      const { stdout } = await run(process.execPath, [entry, '--quick', '--json'], { maxBuffer: 2 ** 24 });
      const report = JSON.parse(stdout) as Report;

      expect(report.failures).toEqual([]);
      const skips = expectedSkips();
      for (const { scenario, message } of skips) process.stderr.write(`\nOf the bench \`${scenario}\` is SKIPPED. ${message}\n`);
      expect(report.skipped).toEqual(skips);
      expect(report.judged).toBe(false);
      const buses = databaseMissing() === null ? busKinds.filter(({ missing }) => missing === null) : [];
      expect(report.machine).toMatchObject({ node: process.version, cores: expect.any(Number) });
      expect(report.rows.map(({ scenario, peer, target }) => [scenario, peer?.name ?? null, target])).toEqual([
        ['query', 'Apollo Server standalone', { bound: 'at least', value: 3 }],
        ['overhead', 'the service itself', null],
        ['overhead', 'the service itself', null],
        ...(meshMissing() === null ? [['mesh', 'GraphQL Mesh by Hive Gateway', { bound: 'at least', value: 3 }]] : []),
        ['fanout', 'graphql-ws useServer', { bound: 'at least', value: 3.5 }],
        ['fanout', 'raw ws', { bound: 'at least', value: 0.8 }],
        ['send', 'its own query', { bound: 'at least', value: 0.4 }],
        ['send', 'its own query', { bound: 'at least', value: 0.4 }],
        ...buses.flatMap(({ launch }) => rowsOfBus(launch !== null)),
        ['idle', 'graphql-ws useServer', { bound: 'at most', value: 16 }],
        ['idle', 'graphql-ws useServer', { bound: 'at most', value: 16 }],
        ['start', null, { bound: 'at most', value: 1_500 }],
        ['start', null, null],
      ]);
      const spreads = report.rows.flatMap(({ parley, peer, ratio }) => [parley, peer, ratio]).filter((spread) => spread !== null);
      expect(spreads.length).toBeGreaterThan(report.rows.length);
      // Infinity and NaN become null in JSON. Memory may shrink, so nothing is said of the sign.
      const figures = { median: expect.any(Number), low: expect.any(Number), high: expect.any(Number) };
      for (const spread of spreads) expect(spread).toMatchObject(figures);
    },
    patienceMs,
  );

  it('refuses a scenario that it does not know, and says which there are', async () => {
    await expect(run(process.execPath, [entry, 'queries'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'There is no scenario `queries`: it is one of query, overhead, mesh, fanout, send, cluster, idle, start.',
      ),
    });
  });
});
