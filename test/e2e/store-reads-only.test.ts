import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCluster, readiness } from '../support/cluster.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { type Admitted, createSession, mutate, query } from '../support/graphql-client.ts';
import { findProgram } from '../support/server-process.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

// Bounds how large the files of a process that runs may become.
const prlimit = findProgram(['prlimit']);
const needsPrlimit = prlimit === null ? ' (SKIPPED, prlimit is not installed: apt-get install util-linux)' : '';

const refused = { __typename: 'Problem', code: 'UNAVAILABLE', status: 503, retryAfterSeconds: 1, detail: 'The store takes no writes now.' };
const readsOnly = { code: 200, status: 'degraded', checks: { store: 'up', storeWrites: 'down' } };
const ready = { code: 200, status: 'ready', checks: { store: 'up', storeWrites: 'up' } };

const send = (url: string, { credentials }: Admitted, content: string): Promise<any> =>
  mutate(url, 'sendMessage', { content, idempotencyKey: content.slice(0, 50) }, '... on MessageDelivery { message { id } }', credentials);

const challenge = (url: string): Promise<any> =>
  mutate(url, 'requestWalletChallenge', { address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' }, '');

async function countAt(url: string, { credentials }: Admitted): Promise<number> {
  return (await query(url, '{ currentSession { messages(first: 1) { totalCount } } }', {}, credentials)).currentSession.messages.totalCount;
}

/** With a store that no longer writes: reads go on, what is to be written is refused, and the gateway says which of both it is. */
async function expectReadsOnly(gateway: GatewayProcess, host: Admitted, reason: string): Promise<void> {
  const { url } = gateway;
  const count = await countAt(url, host);
  expect(await send(url, host, 'Refused')).toMatchObject(refused);
  expect(await mutate(url, 'createSession', {}, '')).toMatchObject({ code: 'UNAVAILABLE' });
  expect(await challenge(url)).toMatchObject({ code: 'UNAVAILABLE' });
  expect(await countAt(url, host)).toBe(count);
  expect(await readiness(url)).toMatchObject(readsOnly);
  await expect.poll(() => gateway.output()).toContain(reason);
  expect(gateway.output()).not.toContain('INTERNAL_SERVER_ERROR');
}

/** And by itself as before when it does. */
async function expectWrites(url: string, host: Admitted): Promise<void> {
  const count = await countAt(url, host);
  await expect.poll(async () => (await send(url, host, 'Refused')).__typename, { timeout: 20_000 }).toBe('MessageDelivery');
  expect(await countAt(url, host)).toBe(count + 1);
  await expect.poll(() => readiness(url), { timeout: 20_000 }).toMatchObject(ready);
}

test.skipIf(prlimit === null)(
  `a SQLite store whose disk is full reads on, and writes when there is room${needsPrlimit}`,
  { timeout: 120_000 },
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-full-'));
    try {
      await using gateway = await startGatewayProcess({ dataDir });
      const { url, pid } = gateway;
      const host = await createSession(url);
      expect(await readiness(url)).toMatchObject(ready);
      // As a quota does it: no file of this process grows beyond this.
      const limit = (bytes: number | 'unlimited'): Buffer => execFileSync(prlimit ?? '', ['--pid', `${pid}`, `--fsize=${bytes}:unlimited`]);
      const { size } = await stat(join(dataDir, 'parley.sqlite-wal'));
      limit(size + 100_000);
      const long = 'x'.repeat(10_000);
      let sent = 0;
      await expect
        .poll(async () => (await send(url, host, `${++sent} ${long}`)).__typename, { timeout: 60_000, interval: 1 })
        .toBe('Problem');
      expect(await countAt(url, host)).toBe(sent - 1);
      // The little that there is still room for.
      await expect.poll(async () => (await challenge(url)).__typename, { timeout: 20_000, interval: 1 }).toBe('Problem');
      await expectReadsOnly(gateway, host, 'could not write: disk I/O error');
      limit('unlimited');
      await expectWrites(url, host);
      expect(await gateway.end('SIGTERM')).toBe(0);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
);

describe.skipIf(postgresIsMissing)(`PostgreSQL${needsPostgres}`, { timeout: 120_000 }, () => {
  const database = postgresOfFile();

  test('that is read only reads on, and writes when it may', async () => {
    const url = await database.freshUrl();
    const admin = url.replace('options=', 'options=-c%20default_transaction_read_only%3Doff%20');
    const execute = (sql: string): Promise<unknown> => database.execute(sql, admin);
    await using cluster = await createCluster(url);
    const gateway = await cluster.start();
    const host = await createSession(gateway.url);
    expect(await send(gateway.url, host, 'Before')).toMatchObject({ __typename: 'MessageDelivery' });

    // Holds for connections that are made from now on.
    await execute('ALTER DATABASE postgres SET default_transaction_read_only = on');
    await execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'parley%'");
    await expect.poll(async () => (await send(gateway.url, host, 'Refused')).detail, { timeout: 20_000 }).toBe(refused.detail);
    await expectReadsOnly(gateway, host, 'in a read-only transaction (SQLSTATE 25006)');
    // Connections that were made to a server that only reads are given up, so that new ones find the one that writes.
    await execute('ALTER DATABASE postgres RESET default_transaction_read_only');
    await expectWrites(gateway.url, host);
  });
});
