import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quicksync } from '../backends/quicksync/subject.ts';
import { runParley } from '../cli/parley-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

const delivery = '... on MessageDelivery { message { id content } }';
const password = 'planted-password-51c0';

describe.skipIf(postgresIsMissing)(`moving up to PostgreSQL${needsPostgres}`, { timeout: 120_000 }, () => {
  const server = postgresOfFile();

  test('the new gateway goes on where the old one stopped', async () => {
    const home = await mkdtemp(join(tmpdir(), 'parley-migrate-'));
    const [oldDir, newDir] = [await mkdtemp(join(home, 'old-')), await mkdtemp(join(home, 'new-'))];
    await using service = await quicksync.open({ pollMs: 200 });
    const config = {
      backends: { local: { kind: 'LOCAL' }, far: service.config },
      server: { trustProxy: true },
      log: { level: 'info' },
    };
    await writeFile(join(home, 'parley.config.mjs'), `export default ${JSON.stringify(config)};`);
    const PARLEY_CONFIG = join(home, 'parley.config.mjs');
    try {
      await using old = await startGatewayProcess({ dataDir: oldDir, env: { PARLEY_CONFIG } });
      const created = await runParley(['keys', 'create', '--name', 'Partner'], { cwd: oldDir, env: { PARLEY_DATA_DIR: oldDir } });
      const apiKey = { 'x-api-key': created.stdout.trim() };
      const ask = (url: string, content: string, credentials = {}, idempotencyKey?: string) =>
        mutate(url, 'sendMessage', { content, ...(idempotencyKey !== undefined && { idempotencyKey }) }, delivery, credentials);

      const host = await createSession(old.url, { title: 'Moving', idempotencyKey: 'creation' }, apiKey);
      const following = follow(old.url, allEvents, {}, host.credentials);
      await following.until(ofType('StreamOpened'));
      await ask(old.url, 'one', host.credentials);
      const seen = await following.until(ofType('MessageAdded'));
      await following.stop();
      const ann = await joinSession(old.url, { sessionId: host.sessionId, identity: { name: 'Ann' } });
      await ask(old.url, 'two', ann.credentials);
      const three = await ask(old.url, 'three', ann.credentials, 'once');

      const [ada, grace] = [await service.person(old.url, 'far'), await service.person(old.url, 'far')];
      const far = await createSession(old.url, { backend: 'far', identity: { name: 'Ada' } }, ada);
      expect(await ask(old.url, 'from the old gateway', far.credentials)).toMatchObject({ __typename: 'MessageDelivery' });
      expect(await old.end('SIGTERM')).toBe(0);

      const secret = (await readFile(join(oldDir, 'secret'), 'utf8')).trim();
      const url = (await server.freshUrl()).replace('postgres@', `postgres:${password}@`);
      const migrated = await runParley(['migrate', '--from', `sqlite:${oldDir}`, '--to', url], { cwd: home });
      expect(migrated, migrated.stderr).toMatchObject({ code: 0 });
      expect(migrated.stdout).toContain('is an exact copy of');
      expect(migrated.stdout).toContain('PARLEY_SECRET');
      for (const hidden of [secret, password]) expect(`${migrated.stdout}${migrated.stderr}`).not.toContain(hidden);

      await using gateway = await startGatewayProcess({
        dataDir: newDir,
        env: { PARLEY_CONFIG, PARLEY_SECRET: secret, PARLEY_STORE_DRIVER: 'postgres', PARLEY_STORE_URL: url },
      });
      const resumed = follow(gateway.url, allEvents, { after: seen.cursor }, host.credentials);
      expect(await resumed.until(ofType('StreamOpened'))).toMatchObject({ recovered: true });
      expect(await ask(gateway.url, 'four', ann.credentials)).toMatchObject({ message: { content: 'four' } });
      await resumed.until(({ message }) => message?.content === 'four');
      expect(resumed.events.map(({ __typename, member, message }) => [__typename, member?.name ?? message?.content])).toEqual([
        ['StreamOpened', undefined],
        ['MemberJoined', 'Ann'],
        ['MessageAdded', 'two'],
        ['MessageAdded', 'three'],
        ['MessageAdded', 'four'],
      ]);
      await resumed.stop();

      // What was asked for before is answered again, not done again.
      expect(await ask(gateway.url, 'three', ann.credentials, 'once')).toEqual(three);
      const again = await createSession(gateway.url, { title: 'Moving', idempotencyKey: 'creation' }, apiKey);
      expect(again).toMatchObject({ sessionId: host.sessionId, memberId: host.memberId, token: host.token });
      const { currentSession } = await query(
        gateway.url,
        '{ currentSession { title messages(first: 9) { totalCount nodes { content } } members { totalCount } } }',
        {},
        host.credentials,
      );
      expect(currentSession).toEqual({
        title: 'Moving',
        messages: { totalCount: 4, nodes: ['one', 'two', 'three', 'four'].map((content) => ({ content })) },
        members: { totalCount: 2 },
      });
      const refused = await post(gateway.url, '{ backends { name } }', {}, { 'x-api-key': `${apiKey['x-api-key'].slice(0, -1)}_` });
      expect(refused.data?.backends).toBeUndefined();
      expect(await query(gateway.url, '{ backends { name } }', {}, apiKey)).toMatchObject({ backends: expect.any(Array) });

      // What the service asks for was stored encrypted: the member's token there, and a wallet's proof.
      expect(await ask(gateway.url, 'from the new gateway', far.credentials)).toMatchObject({ __typename: 'MessageDelivery' });
      const joined = await joinSession(gateway.url, { sessionId: far.sessionId, identity: { name: 'Grace' } }, grace);
      const listed = await query(gateway.url, '{ currentSession { messages(first: 9) { nodes { content } } } }', {}, joined.credentials);
      expect(listed.currentSession.messages.nodes).toEqual([{ content: 'from the old gateway' }, { content: 'from the new gateway' }]);
      expect(gateway.output()).not.toContain(password);

      // The copy is a store of its own now, and the old one is as it was.
      const late = await runParley(['migrate', '--from', `sqlite:${oldDir}`, '--to', url], { cwd: home });
      expect(late.code).toBe(1);
      expect(late.stderr).toContain('that no gateway has used, got a store with records of its own');
      await using back = await startGatewayProcess({ dataDir: oldDir, env: { PARLEY_CONFIG } });
      expect(await ask(back.url, 'back again', host.credentials)).toMatchObject({ message: { content: 'back again' } });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
