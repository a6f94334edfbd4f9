import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, createCluster, readiness } from '../support/cluster.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { type Admitted, bearer, createSession, type Credentials, joinSession, mutate, post } from '../support/graphql-client.ts';
import { allEvents, follow, type Following, followSse, ofType } from '../support/live-client.ts';
import { launchNats, natsMissing } from '../support/nats-server.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';
import { launchPostgres } from '../support/postgres-server.ts';
import { launchRedis, redisMissing } from '../support/redis-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { connectPeer, type WsPeer } from '../support/ws-peer.ts';

for (const missing of [redisMissing, natsMissing]) if (missing !== null) console.error(missing);

/** Somebody who follows a session at a gateway in both ways, on a socket of its own and by a stream. */
interface Followers extends AsyncDisposable {
  readonly socket: WsPeer;
  readonly stream: Following;
  /** All messages of the socket up to the end of its subscription. */
  readonly seen: Promise<readonly any[]>;
}

async function followersAt(url: string, sessionId: string, credentials: Credentials): Promise<Followers> {
  const socket = await connectPeer(url);
  await socket.init(credentials);
  socket.subscribe('1', allEvents, { sessionId });
  const opened = await socket.next();
  const stream = followSse(url, allEvents, { sessionId }, credentials);
  await stream.until(ofType('StreamOpened'));
  const read = async (): Promise<readonly any[]> => {
    const messages = [opened];
    while (messages.at(-1).type === 'next') messages.push(await socket.next());
    return messages;
  };
  const seen = read();
  seen.catch(() => undefined);
  return {
    socket,
    stream,
    seen,
    async [Symbol.asyncDispose]() {
      socket[Symbol.dispose]();
      await stream.stop();
    },
  };
}

/** The subscription has ended properly, over both: first the event that says why, then its completion. */
async function expectCompleted({ seen, stream }: Followers, type: string): Promise<void> {
  const messages = await seen;
  expect(messages.at(-1)).toEqual({ id: '1', type: 'complete' });
  expect(messages.at(-2).payload.data.sessionEvents.__typename).toBe(type);
  expect(await stream.ended).toBe('complete');
  expect(stream.events.at(-1)?.__typename).toBe(type);
}

/** What was a member's is nobody's any more. */
async function expectDismissed(url: string, followers: Followers, type: string, credentials: Credentials, code: string): Promise<void> {
  await expectCompleted(followers, type);
  expect(await followers.socket.closed).toBe('4401 UNAUTHENTICATED');
  expect(await post(url, '{ viewer { __typename } }', {}, credentials)).toMatchObject({ status: 401, errors: [{ extensions: { code } }] });
}

/** The session is over, and the socket is still good for reading it. */
async function expectOver({ socket, ...rest }: Followers, type: string, status: string): Promise<void> {
  await expectCompleted({ socket, ...rest }, type);
  socket.subscribe('2', '{ currentSession { status } }');
  expect(await socket.next()).toMatchObject({ id: '2', payload: { data: { currentSession: { status } } } });
}

const buses = {
  postgres: { missing: null, launch: () => launchPostgres() },
  redis: { missing: redisMissing, launch: () => launchRedis() },
  nats: { missing: natsMissing, launch: () => launchNats() },
} as const;

describe.skipIf(postgresIsMissing)(`open sockets of another gateway${needsPostgres}`, { timeout: 120_000 }, () => {
  const database = postgresOfFile();

  describe.each(Object.entries(buses).filter(([, { missing }]) => missing === null))('over the bus %s', (driver, { launch }) => {
    let bus: ServerProcess;
    let cluster: Cluster;
    /** Is asked for everything. */
    let asked: GatewayProcess;
    /** Hears of it by the bus, or never. */
    let hearing: GatewayProcess;
    /** Looks for it as well. */
    let looking: GatewayProcess;
    let key: Credentials;

    beforeAll(async () => {
      bus = await launch();
      cluster = await createCluster(await database.freshUrl(), { PARLEY_BUS_DRIVER: driver, PARLEY_BUS_URL: bus.url });
      [asked, hearing, looking] = await Promise.all([
        cluster.start(),
        cluster.start({ PARLEY_POLL_MS: '600000' }),
        cluster.start({ PARLEY_POLL_MS: '1000' }),
      ]);
      key = await newKey();
    }, 120_000);
    afterAll(async () => {
      bus?.thaw();
      await cluster?.[Symbol.asyncDispose]();
      await bus?.[Symbol.asyncDispose]();
    }, 60_000);

    async function newKey(): Promise<Credentials> {
      const { code, stdout } = await cluster.run('keys', 'create', '--name', 'Partner');
      expect(code).toBe(0);
      return { 'x-api-key': stdout.trim() };
    }

    /** Everything that ends somebody's right to be there, asked of one gateway and seen at others. */
    async function checkAll(others: readonly GatewayProcess[]): Promise<void> {
      await using world = new AsyncDisposableStack();
      const own = await newKey();
      const [toKick, toLeave, toEnd, toExpire, owned] = await Promise.all([
        createSession(asked.url, {}, key),
        createSession(asked.url, {}, key),
        createSession(asked.url, {}, key),
        createSession(asked.url, {}, key),
        createSession(asked.url, {}, own),
      ]);
      const join = ({ sessionId }: Admitted): Promise<Admitted> => joinSession(asked.url, { sessionId, identity: { name: 'Ann' } });
      const members = await Promise.all([toKick, toLeave, toEnd, toExpire].map(join));
      const places = await Promise.all(
        others.map(async ({ url }) => {
          const followers = await Promise.all([
            ...members.map(({ sessionId, credentials }) => followersAt(url, sessionId, credentials)),
            followersAt(url, owned.sessionId, own),
          ]);
          for (const each of followers) world.use(each);
          return { url, followers };
        }),
      );
      const [kicked, left] = members as [Admitted, Admitted];
      const policy = { timeoutSeconds: 1, warningSeconds: 0 };
      const [kick, leave, end, expire] = await Promise.all([
        mutate(asked.url, 'kickMember', { sessionId: kicked.sessionId, memberId: kicked.memberId }, '', key),
        mutate(asked.url, 'leaveSession', {}, '', left.credentials),
        mutate(asked.url, 'endSession', { sessionId: toEnd.sessionId }, '', key),
        mutate(asked.url, 'setTimeoutPolicy', { sessionId: toExpire.sessionId, policy }, '', key),
      ]);
      expect(kick).toMatchObject({ __typename: 'MemberRemoval' });
      for (const change of [leave, end, expire]) expect(change).toMatchObject({ __typename: 'SessionChange' });
      const revoked = await cluster.run('keys', 'revoke', own['x-api-key']?.split('_')[1] ?? '');
      expect(revoked.code).toBe(0);

      for (const { url, followers } of places) {
        const [ofKicked, ofLeft, ofEnded, ofExpired, ofRevoked] = followers as [Followers, Followers, Followers, Followers, Followers];
        await expectDismissed(url, ofKicked, 'MemberKicked', kicked.credentials, 'KICKED');
        await expectDismissed(url, ofLeft, 'MemberLeft', left.credentials, 'UNAUTHENTICATED');
        await expectOver(ofEnded, 'SessionEnded', 'ENDED');
        await expectOver(ofExpired, 'SessionExpired', 'EXPIRED');
        // Nothing has happened to the session: its streams break off, and a second later nobody comes back with this key.
        expect(await ofRevoked.socket.closed).toBe('4401 UNAUTHENTICATED');
        expect(await ofRevoked.stream.ended).toBeInstanceOf(Error);
        const asking = async (): Promise<number> => (await post(url, '{ viewer { __typename } }', {}, own)).status;
        await expect.poll(asking, { timeout: 10_000 }).toBe(401);
      }
    }

    test('are closed by what the bus tells', async () => {
      for (const { url } of [hearing, looking])
        await expect.poll(async () => (await readiness(url)).status, { timeout: 20_000 }).toBe('ready');
      await checkAll([hearing, looking]);
    });

    test('are closed by looking while its server is gone', async () => {
      await bus.stop();
      await expect.poll(async () => (await readiness(looking.url)).status, { timeout: 20_000 }).toBe('degraded');
      await checkAll([looking]);
      await bus.start();
      await expect.poll(async () => (await readiness(looking.url)).status, { timeout: 30_000 }).toBe('ready');
    });

    test('are closed by looking while its server does nothing', async () => {
      const host = await createSession(asked.url, {}, key);
      const follower = follow(hearing.url, allEvents, {}, host.credentials);
      await follower.until(ofType('StreamOpened'));
      bus.freeze();
      try {
        await mutate(asked.url, 'sendMessage', { content: 'Unheard' }, '', host.credentials);
        await checkAll([looking]);
      } finally {
        bus.thaw();
      }
      // What one had not been told meanwhile it is told, or looks for, when that is over.
      expect(await follower.until(ofType('MessageAdded'))).toMatchObject({ message: { content: 'Unheard' } });
      await follower.stop();
      // Nor does it keep a gateway from stopping.
      bus.freeze();
      try {
        expect(await hearing.end('SIGTERM')).toBe(0);
      } finally {
        bus.thaw();
      }
    });
  });

  test('are closed when the member token runs out, by each gateway itself', async () => {
    await using cluster = await createCluster(await database.freshUrl(), { PARLEY_MEMBER_TOKEN_SECONDS: '15' });
    const [one, two] = await Promise.all([cluster.start(), cluster.start()]);
    const host = await createSession(one.url);
    await using followers = await followersAt(two.url, host.sessionId, host.credentials);
    const expiresAt = JSON.parse(Buffer.from(host.token.split('.')[1] ?? '', 'base64url').toString()).exp * 1_000;
    // A code after which clients come back: a fresh token would do.
    expect(await followers.socket.closed).toBe('4403 Token expired');
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
    expect(await followers.stream.ended).toBeInstanceOf(Error);
    const again = await post(two.url, '{ viewer { __typename } }', {}, bearer(host.token));
    expect(again).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });
});
