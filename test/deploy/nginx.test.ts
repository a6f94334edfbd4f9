import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runParley } from '../cli/parley-process.ts';
import { readCompose, readDeployed } from '../support/deployment.ts';
import { freePort, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { createSession, type Credentials, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { launchNameServer } from '../support/name-server.ts';
import { launchNats, natsMissing } from '../support/nats-server.ts';
import { launchNginx, nginxMissing } from '../support/nginx-server.ts';
import { postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';
import type { ServerProcess } from '../support/server-process.ts';

for (const missing of [natsMissing, nginxMissing]) if (missing !== null) console.error(missing);
const isMissing = postgresIsMissing || natsMissing !== null || nginxMissing !== null;

/** Two addresses of this machine stand for two containers. */
const hosts = ['127.0.0.1', '127.0.0.2'] as const;
const given = { PARLEY_SECRET: 'a-secret-of-the-tests-that-is-long-enough', POSTGRES_PASSWORD: 'abc' };

describe.skipIf(isMissing)('the load balancer in front of two gateways, as compose.yaml has them', { timeout: 120_000 }, () => {
  const database = postgresOfFile();
  const opened = new AsyncDisposableStack();
  /** By address. */
  const gateways = new Map<string, GatewayProcess>();
  let names: readonly string[] = hosts;
  let nginx: ServerProcess;
  let folder = '';
  let port = 0;
  let dataDir = '';
  let env: Readonly<Record<string, string>> = {};
  let key: Credentials = {};

  const accessLog = (): Promise<string> => readFile(join(folder, 'access.log'), 'utf8');
  const startGateway = async (host: string): Promise<void> => {
    gateways.set(host, opened.use(await startGatewayProcess({ dataDir, env, host, port })));
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-balanced-'));
    opened.defer(() => rm(dataDir, { recursive: true, force: true }));
    const nats = opened.use(await launchNats());
    const nameServer = opened.use(await launchNameServer(() => names));
    await database.execute('CREATE ROLE parley LOGIN');
    await database.execute('CREATE DATABASE parley OWNER parley');

    const { services } = await readCompose(given);
    const { PARLEY_STORE_URL = '', PARLEY_BUS_URL = '', ...rest } = services['gateway-1']?.environment ?? {};
    env = {
      ...rest,
      NODE_ENV: 'production',
      PARLEY_STORE_URL: PARLEY_STORE_URL.replace('@postgres:5432/', `@127.0.0.1:${database.port}/`),
      PARLEY_BUS_URL: PARLEY_BUS_URL.replace('nats://nats:4222', nats.url),
      // The balancer's own address is one of these here.
      PARLEY_TRUST_PROXY: 'loopback',
      PARLEY_LOG_LEVEL: 'debug',
    };
    port = await freePort();
    // At once, as Compose does it: the schema is made by one of them.
    await Promise.all(hosts.map(startGateway));

    const conf = await readDeployed('deploy/nginx.conf');
    nginx = opened.use(
      await launchNginx((own, listening) => {
        folder = own;
        return conf
          .replaceAll('/tmp/', `${own}/`)
          .replace('/dev/stdout', join(own, 'access.log'))
          .replace('resolver 127.0.0.11 ', `resolver 127.0.0.1:${nameServer.port} `)
          .replace('gateway:4000', `gateway:${port}`)
          .replace('listen 8080', `listen 127.0.0.1:${listening}`);
      }),
    );
    const made = await runParley(['keys', 'create', '--name', 'server', '--json'], { cwd: dataDir, env });
    key = { 'x-api-key': (JSON.parse(made.stdout) as { readonly key: string }).key };
  }, 120_000);
  afterAll(() => opened.disposeAsync(), 60_000);

  test('passes queries and mutations on, to both', async () => {
    const host = await createSession(nginx.url, { title: 'Balanced' }, key);
    await vi.waitFor(
      async () => {
        expect(await query(nginx.url, '{ currentSession { title } }', {}, host.credentials)).toEqual({
          currentSession: { title: 'Balanced' },
        });
        const log = await accessLog();
        for (const address of hosts) expect(log).toContain(`"gateway":"${address}:${port}"`);
      },
      { timeout: 30_000 },
    );
  });

  test('lets WebSockets through', async () => {
    const host = await createSession(nginx.url, {}, key);
    const streams = [1, 2, 3, 4].map(() => follow(nginx.url, allEvents, {}, host.credentials));
    for (const stream of streams) await stream.until(ofType('StreamOpened'));
    await mutate(nginx.url, 'sendMessage', { content: 'Good morning' }, '__typename', host.credentials);
    for (const stream of streams)
      expect(await stream.until(ofType('MessageAdded'))).toMatchObject({ message: { content: 'Good morning' } });
    await Promise.all(streams.map((stream) => stream.stop()));
  });

  test('keeps no events of a stream back', async () => {
    const host = await createSession(nginx.url, {}, key);
    const leave = new AbortController();
    const response = await fetch(`${nginx.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...host.credentials },
      body: JSON.stringify({ query: allEvents }),
      signal: leave.signal,
    });
    let text = '';
    // The stream goes on, so what comes has not waited for its end; each is sent once the one before has come, so that it has not waited for more.
    const awaited = ['StreamOpened', 'one', 'two'];
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (!text.includes(awaited[0] ?? '')) continue;
      awaited.shift();
      const [content] = awaited;
      if (content === undefined) break;
      await mutate(nginx.url, 'sendMessage', { content }, '__typename', host.credentials);
    }
    expect(text.match(/^event: next$/gm)).toHaveLength(3);
    leave.abort();
  });

  test('tells the gateway who is calling, whatever the caller says', async () => {
    const agent = new Agent({ localAddress: '127.0.0.3' });
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'forged', 'apollo-require-preflight': 'yes' };
    const status = await new Promise((resolve) =>
      get(`${nginx.url}/graphql?query=%7B__typename%7D`, { agent, headers }, (response) => resolve(response.resume().statusCode)),
    );
    expect(status).toBe(200);
    const logs = (): string => [...gateways.values()].map((gateway) => gateway.output()).join('\n');
    await vi.waitFor(() => expect(logs()).toContain('"address":"127.0.0.3"'), { timeout: 30_000 });
    expect(logs()).not.toContain('203.0.113.9');
    expect(logs()).not.toContain('forged');
    expect(await accessLog()).not.toContain('query=');
  });

  test('refuses a body that is too large', async () => {
    const { status, errors } = await post(nginx.url, `{ __typename } # ${'x'.repeat(1_048_576)}`, {}, key);
    expect({ status, errors }).toMatchObject({ status: 413, errors: [{ extensions: { code: 'TOO_LARGE' } }] });
  });

  test.each(['/', '/metrics', '/health/ready', '/graphql/', '/health/live/../ready'])('shows nobody %s', async (path) => {
    const status = await new Promise((resolve) =>
      get({ port: new URL(nginx.url).port, path }, (response) => resolve(response.resume().statusCode)),
    );
    expect(status).toBe(404);
  });

  test('says whether a gateway is there', async () => {
    const response = await fetch(`${nginx.url}/health/live`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'live' }]);
  });

  test('lets gateways be replaced one after the other', async () => {
    const host = await createSession(nginx.url, {}, key);
    const over = new AbortController();
    const answers: unknown[] = [];
    const asking = (async () => {
      while (!over.signal.aborted) {
        const { status, data, errors } = await post(
          nginx.url,
          'mutation { sendMessage(input: { content: "On and on" }) { __typename } }',
          {},
          host.credentials,
        );
        answers.push(status === 503 ? errors?.[0]?.extensions?.['code'] : data?.sendMessage.__typename);
      }
    })();
    for (const address of hosts) {
      expect(await gateways.get(address)?.end('SIGTERM')).toBe(0);
      await startGateway(address);
    }
    over.abort();
    await asking;
    // A request that reaches a gateway in the instant in which it stops is refused whole, and may be sent again.
    expect(answers).toContain('MessageDelivery');
    expect(answers.filter((answer) => answer !== 'MessageDelivery' && answer !== 'UNAVAILABLE')).toEqual([]);
  });

  test('passes over a gateway that was killed, and its subscribers go on at the other', async () => {
    const host = await createSession(nginx.url, {}, key);
    const streams = [1, 2, 3, 4].map(() => follow(nginx.url, allEvents, {}, host.credentials));
    const openings = await Promise.all(streams.map((stream) => stream.until(ofType('StreamOpened'))));
    await gateways.get(hosts[1])?.end('SIGKILL');
    for (let count = 0; count < 20; count++) {
      expect(await mutate(nginx.url, 'sendMessage', { content: `${count}` }, '__typename', host.credentials)).toEqual({
        __typename: 'MessageDelivery',
      });
    }
    // Those of the killed one were cut off; each goes on where it was.
    for (const { cursor } of openings) {
      const resumed = follow(nginx.url, allEvents, { after: cursor }, host.credentials);
      expect(await resumed.until(ofType('StreamOpened'))).toMatchObject({ recovered: true });
      expect(await resumed.until((event) => event.message?.content === '19')).toBeDefined();
      await resumed.stop();
    }
    await Promise.all(streams.map((stream) => stream.stop()));
  });

  test('says in the shape of GraphQL that there is no gateway', async () => {
    await gateways.get(hosts[0])?.end('SIGKILL');
    const response = await fetch(`${nginx.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toMatchObject([
      503,
      '1',
      { errors: [{ extensions: { code: 'UNAVAILABLE' } }] },
    ]);
    names = [];
    await vi.waitFor(async () => expect((await fetch(`${nginx.url}/health/live`)).status).toBe(503), { timeout: 30_000 });
  });
});
