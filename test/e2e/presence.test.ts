import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { type Credentials, createSession, joinSession, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

describe.skipIf(postgresIsMissing)(`who is online${needsPostgres}`, { timeout: 90_000 }, () => {
  const server = postgresOfFile();

  test('is known at every gateway, and not of one that has died, nor of one that has stopped', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-presence-'));
    await using opened = new AsyncDisposableStack();
    opened.defer(() => rm(dataDir, { recursive: true, force: true }));
    const env = { PARLEY_STORE_DRIVER: 'postgres', PARLEY_STORE_URL: await server.freshUrl(), PARLEY_STORE_POOL_SIZE: '4' };
    const [one, two, three] = await Promise.all([1, 2, 3].map(async () => opened.use(await startGatewayProcess({ dataDir, env }))));
    if (!one || !two || !three) throw new Error('Three gateways were started');
    const host = await createSession(one.url, { identity: { name: 'Ada' } });
    const guest = await joinSession(two.url, { sessionId: host.sessionId, identity: { name: 'Bob' } });
    const online = async (url: string, by: Credentials = host.credentials): Promise<readonly string[]> => {
      const { currentSession } = await query(url, '{ currentSession { members(first: 9) { nodes { name online } } } }', {}, by);
      return currentSession.members.nodes.flatMap((member: { name: string; online: boolean }) => (member.online ? [member.name] : []));
    };
    expect(await online(one.url)).toEqual([]);
    const ada = follow(one.url, allEvents, {}, host.credentials);
    const bob = follow(two.url, allEvents, {}, guest.credentials);
    await Promise.all([ada, bob].map((stream) => stream.until(ofType('StreamOpened'))));
    for (const { url } of [one, two, three]) await expect.poll(() => online(url), { timeout: 20_000 }).toEqual(['Ada', 'Bob']);

    await two.end('SIGKILL');
    await expect.poll(() => online(three.url), { timeout: 40_000, interval: 200 }).toEqual(['Ada']);
    expect(await online(one.url)).toEqual(['Ada']);

    const again = follow(three.url, allEvents, {}, guest.credentials);
    await again.until(ofType('StreamOpened'));
    await expect.poll(() => online(one.url), { timeout: 20_000 }).toEqual(['Ada', 'Bob']);
    expect(await three.end('SIGTERM')).toBe(0);
    // At once: it has taken its notes back.
    expect(await online(one.url)).toEqual(['Ada']);
    await ada.stop();
    await expect.poll(() => online(one.url), { timeout: 20_000 }).toEqual([]);
  });
});
