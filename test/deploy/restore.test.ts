import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readDeployed } from '../support/deployment.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { type Admitted, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

const run = promisify(execFile);
const database = postgresIsMissing ? null : postgresOfFile();
const page = await readDeployed('docs/operations.md');

/** What the page says to run, by the name of its block. */
function block(language: string, name: string): string {
  const [, text] = new RegExp(`^\`\`\`${language} ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/operations.md has no block ${name}`);
  return text;
}

/** In the folder that `data` is in, with the Node of the tests. */
const runBlock = (name: string, cwd: string): Promise<unknown> =>
  run('sh', ['-c', block('sh', name)], { cwd, env: { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` } });

const send = (url: string, { credentials }: Admitted, content: string): Promise<unknown> =>
  mutate(url, 'sendMessage', { content }, '__typename', credentials);

async function isRecovered(url: string, { credentials }: Admitted, after: string): Promise<boolean> {
  const stream = follow(url, allEvents, { after }, credentials);
  const { recovered } = await stream.until(ofType('StreamOpened'));
  await stream.stop();
  return recovered;
}

const cursorOf = async (url: string, { credentials }: Admitted): Promise<string> =>
  (await query(url, '{ currentSession { cursor } }', {}, credentials)).currentSession.cursor;

test('a SQLite store is backed up while it serves, and restored', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-restore-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'data');
  const start = async () => opened.use(await startGatewayProcess({ dataDir: folder, env: { PARLEY_DATA_DIR: dataDir } }));

  let gateway = await start();
  const host = await createSession(gateway.url, {});
  await send(gateway.url, host, 'kept');
  await runBlock('backup-sqlite', folder);
  const late = await joinSession(gateway.url, { sessionId: host.sessionId, identity: { name: 'Late' } });
  await send(gateway.url, host, 'lost');
  const cursor = await cursorOf(gateway.url, host);
  await gateway.end('SIGTERM');

  for (const name of ['parley.sqlite', 'parley.sqlite-wal', 'parley.sqlite-shm']) await rm(join(dataDir, name), { force: true });
  await rename(join(folder, 'backup.sqlite'), join(dataDir, 'parley.sqlite'));
  gateway = await start();
  const { currentSession } = await query(
    gateway.url,
    '{ currentSession { messages(first: 5) { nodes { content } } } }',
    {},
    host.credentials,
  );
  expect(currentSession.messages.nodes).toEqual([{ content: 'kept' }]);
  expect((await post(gateway.url, '{ currentSession { id } }', {}, late.credentials)).status).toBe(401);
  expect(await isRecovered(gateway.url, host, cursor)).toBe(false);
  // Why the page asks for another epoch: the place that the cursor names is another one now.
  for (const content of ['another', 'and another']) await send(gateway.url, host, content);
  expect(await isRecovered(gateway.url, host, cursor)).toBe(true);
  await gateway.end('SIGTERM');

  await runBlock('new-epoch-sqlite', folder);
  gateway = await start();
  expect(await isRecovered(gateway.url, host, cursor)).toBe(false);
  expect(await isRecovered(gateway.url, host, await cursorOf(gateway.url, host))).toBe(true);
});

test.skipIf(postgresIsMissing)(`a PostgreSQL store is given another epoch${needsPostgres}`, { timeout: 120_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-restore-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const url = (await database?.freshUrl()) ?? '';
  const start = async () =>
    opened.use(await startGatewayProcess({ dataDir, env: { PARLEY_STORE_DRIVER: 'postgres', PARLEY_STORE_URL: url } }));

  let gateway = await start();
  const host = await createSession(gateway.url, {});
  const cursor = await cursorOf(gateway.url, host);
  await gateway.end('SIGTERM');
  await database?.execute(block('sql', 'new-epoch-postgres'), url);
  gateway = await start();
  expect(await isRecovered(gateway.url, host, cursor)).toBe(false);
  expect(await isRecovered(gateway.url, host, await cursorOf(gateway.url, host))).toBe(true);
});
