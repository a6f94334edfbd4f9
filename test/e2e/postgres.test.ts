import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runParley } from '../cli/parley-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { createSession, joinSession, mutate, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

describe.skipIf(postgresIsMissing)(`a gateway on PostgreSQL${needsPostgres}`, { timeout: 60_000 }, () => {
  const server = postgresOfFile();
  let dataDir = '';
  let env: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-postgres-e2e-'));
    const url = (await server.freshUrl()).replace('postgres@', 'postgres:planted-password@');
    env = { PARLEY_STORE_DRIVER: 'postgres', PARLEY_STORE_URL: url, PARLEY_STORE_POOL_SIZE: '4' };
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  test('creates, joins, sends and delivers, and is resumed by another that takes its place', async () => {
    let gateway = await startGatewayProcess({ dataDir, env });
    try {
      const host = await createSession(gateway.url, { title: 'On PostgreSQL' });
      const following = follow(gateway.url, allEvents, {}, host.credentials);
      await following.until(ofType('StreamOpened'));
      const member = await joinSession(gateway.url, { sessionId: host.sessionId, identity: { name: 'Ann' } });
      const send = (content: string) =>
        mutate(gateway.url, 'sendMessage', { content }, '... on MessageDelivery { message { content } }', member.credentials);
      expect(await send('one')).toMatchObject({ message: { content: 'one' } });
      const seen = await following.until(ofType('MessageAdded'));
      expect(seen).toMatchObject({ message: { content: 'one', author: { name: 'Ann' } } });
      await following.stop();
      await send('two');
      expect(await gateway.end('SIGTERM')).toBe(0);
      expect(gateway.output()).not.toContain('planted-password');

      gateway = await startGatewayProcess({ dataDir, env });
      const resumed = follow(gateway.url, allEvents, { after: seen.cursor }, host.credentials);
      expect(await resumed.until(ofType('StreamOpened'))).toMatchObject({ recovered: true });
      expect(await resumed.until(ofType('MessageAdded'))).toMatchObject({ message: { content: 'two' } });
      await resumed.stop();
      const { currentSession } = await query(
        gateway.url,
        '{ currentSession { title members(first: 5) { totalCount } messages(first: 5) { nodes { content } } } }',
        {},
        member.credentials,
      );
      expect(currentSession).toEqual({
        title: 'On PostgreSQL',
        members: { totalCount: 2 },
        messages: { nodes: [{ content: 'one' }, { content: 'two' }] },
      });
    } finally {
      await gateway[Symbol.asyncDispose]();
    }
  });

  test('shares its store with the commands', async () => {
    const created = await runParley(['keys', 'create', '--name', 'Partner'], { cwd: dataDir, env });
    expect(created.code).toBe(0);
    const listed = await runParley(['keys', 'list'], { cwd: dataDir, env });
    expect(listed.stdout).toContain('Partner');
    const checked = await runParley(['check'], { cwd: dataDir, env });
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toMatch(/Store: postgres at 127\.0\.0\.1:\d+\/postgres, \d+ sessions?, 1 API key in force\n/);
    expect(checked.stdout).toMatch(/store\.url +\(hidden\) +PARLEY_STORE_URL/);
    expect(checked.stdout).not.toContain('planted-password');

    const gone = await runParley(['check'], {
      cwd: dataDir,
      env: { ...env, PARLEY_STORE_URL: 'postgres://me:planted-password@127.0.0.1:1/db' },
    });
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('The PostgreSQL store at 127.0.0.1:1/db cannot be opened: ');
    expect(gone.stderr).not.toContain('planted-password');
  });
});
