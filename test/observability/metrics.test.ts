import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient as createSseClient } from 'graphql-sse';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ParleyConfig } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { sipher } from '../backends/sipher/subject.ts';
import { farWorld } from '../support/far-world.ts';
import { type Admitted, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { type MetricsPage, scrape } from '../support/metrics-page.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';
import { launchRedis, redisMissing } from '../support/redis-server.ts';

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const part of stack.splice(0).toReversed()) await part[Symbol.asyncDispose]();
});
const own = <T extends AsyncDisposable>(part: T): T => {
  stack.push(part);
  return part;
};

interface World {
  readonly url: string;
  readonly metricsUrl: string | null;
  scrape(): Promise<MetricsPage>;
}

async function world(given: ParleyConfig = {}): Promise<World> {
  const gateway = own(await createGateway({ server: { port: 0 }, store: { driver: 'memory' }, log: { level: 'silent' }, ...given }));
  const { url, metricsUrl } = await gateway.start();
  return { url, metricsUrl, scrape: () => scrape(metricsUrl) };
}

/** Machines are busy: what is expected comes, some time. */
const soon = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 20_000 });

const say = (url: string, who: Admitted, content: string): Promise<any> =>
  mutate(url, 'sendMessage', { sessionId: who.sessionId, content }, '... on MessageDelivery { message { id } }', who.credentials);

describe('traffic', () => {
  test('operations are counted by kind and outcome, requests by route and status, problems by code', async () => {
    const { url, scrape: read } = await world();
    const source = '{ viewer { __typename } }';
    // The first goes through Apollo Server, the others the short way.
    for (let count = 0; count < 5; count += 1) await query(url, source);
    const host = await createSession(url, { identity: { name: 'Ada' } });
    const refused = await mutate(url, 'createSession', { backend: 'nowhere' }, '... on SessionAdmission { session { id } }');
    expect(refused.code).toBe('BAD_INPUT');
    const far = await mutate(url, 'sendMessage', { sessionId: host.sessionId, content: 'x' }, '... on MessageDelivery { message { id } }');
    await post(url, '{ nothing }');
    await post(url, 'query ($first: Int!) { sessions(first: $first) { nodes { id } } }', { first: 1_000_000 });
    await fetch(`${url}/${'some/where/else'}`);

    const page = await read();
    expect(page.value('parley_operations_total', { kind: 'query', outcome: 'ok' })).toBe(5);
    expect(page.value('parley_operations_total', { kind: 'query', outcome: 'refused' })).toBe(1);
    expect(page.value('parley_operations_total', { kind: 'mutation', outcome: 'ok' })).toBe(1);
    expect(page.value('parley_operations_total', { kind: 'mutation', outcome: 'refused' })).toBe(2);
    expect(page.value('parley_operations_total', { outcome: 'failed' })).toBe(0);
    expect(page.value('parley_operation_duration_seconds_count', { kind: 'query' })).toBe(6);
    expect(page.value('parley_operation_duration_seconds_count', { kind: 'mutation' })).toBe(3);
    expect(page.value('parley_operations_in_flight')).toBe(0);

    expect(
      page.value('parley_problems_total', { code: 'BAD_INPUT' }) + page.value('parley_problems_total', { code: far.code }),
    ).toBeGreaterThan(1);
    expect(page.value('parley_problems_total', { code: 'GRAPHQL_VALIDATION_FAILED' })).toBe(1);
    expect(page.value('parley_problems_total', { code: 'OTHER' })).toBe(0);
    expect(page.value('parley_problems_total')).toBe(4);

    // What is at no route is one series, whatever the path was.
    expect(page.value('parley_http_requests_total', { route: 'none', status: '404' })).toBe(1);
    expect(page.value('parley_http_requests_total', { route: '/graphql', status: '200' })).toBe(10);
    expect(JSON.stringify(page.series('parley_http_requests_total'))).not.toContain('some');

    expect(page.value('parley_commits_total', { kind: 'creation', outcome: 'committed' })).toBe(1);
    expect(page.value('parley_commit_duration_seconds_count')).toBe(1);
    expect(page.value('parley_commits_in_flight')).toBe(0);
    expect(page.value('parley_bus_hints_published_total')).toBe(1);
    expect(page.value('parley_bus_hints_heard_total')).toBe(1);
    expect(page.series('parley_build_info').map(({ labels }) => [labels['store'], labels['bus']])).toEqual([['memory', 'in-process']]);
    expect(page.value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(page.value('nodejs_eventloop_lag_p99_seconds')).toBeLessThan(60);
  });

  test('two gateways in one process have figures of their own', async () => {
    const [one, other] = [await world(), await world()];
    await query(one.url, '{ viewer { __typename } }');
    expect((await one.scrape()).value('parley_operations_total', { kind: 'query' })).toBe(1);
    expect((await other.scrape()).value('parley_operations_total', { kind: 'query' })).toBe(0);
  });
});

describe('live', () => {
  test('subscriptions over WebSocket and server-sent events, their groups, deliveries and lag', async () => {
    const { url, scrape: read } = await world();
    const host = await createSession(url, { identity: { name: 'Ada' } });
    const guest = await joinSession(url, { sessionId: host.sessionId, identity: { name: 'Grace' } });
    const sockets = [host, guest].map(({ credentials }) => follow(url, allEvents, { sessionId: host.sessionId }, credentials));
    const sse = createSseClient({
      url: `${url}/graphql`,
      headers: { ...host.credentials, 'apollo-require-preflight': 'true' },
      retryAttempts: 0,
    });
    const stream = sse.iterate({
      query: 'subscription ($id: ID!) { messageAdded(sessionId: $id) { message { content } } }',
      variables: { id: host.sessionId },
    });
    const message = stream.next();
    await Promise.all(sockets.map((socket) => socket.until(ofType('StreamOpened'))));
    await soon(async () => (await read()).value('parley_connections', { protocol: 'graphql-sse' })).toBe(1);
    await soon(async () => (await read()).value('parley_subscriptions')).toBe(3);

    const before = await read();
    expect(before.value('parley_connections', { protocol: 'graphql-ws' })).toBe(2);
    expect(before.value('parley_followed_sessions')).toBe(1);
    // The two sockets are shown the same.
    expect(before.value('parley_subscriber_groups')).toBe(2);
    expect(before.value('parley_operations_total', { kind: 'subscription', outcome: 'ok' })).toBe(3);
    const events = before.value('parley_timeline_lag_seconds_count');

    // Those whose attachment is not live yet read it from the timeline: it is delivered all the same.
    await say(url, host, 'hello');
    await Promise.all(sockets.map((socket) => socket.until(ofType('MessageAdded'))));
    expect((await message).value).toEqual({ data: { messageAdded: { message: { content: 'hello' } } } });
    await soon(async () => (await read()).value('parley_timeline_lag_seconds_count')).toBe(events + 1);
    const after = await read();
    expect(after.value('parley_deliveries_total') - before.value('parley_deliveries_total')).toBe(3);
    expect(after.value('parley_timeline_lag_seconds_sum')).toBeLessThan(120);

    await Promise.all(sockets.map((socket) => socket.stop()));
    sse.dispose();
    await soon(async () => (await read()).value('parley_subscriptions')).toBe(0);
    await soon(async () => (await read()).value('parley_connections')).toBe(0);
  });

  test('a subscription that is refused is an operation that was, with its problem', async () => {
    const { url, scrape: read } = await world();
    const ended: any = await follow(url, allEvents, { sessionId: 'nothing' }).ended;
    const page = await read();
    expect(page.value('parley_operations_total', { kind: 'subscription', outcome: 'refused' })).toBe(1);
    expect(page.value('parley_problems_total', { code: ended[0].extensions.code })).toBe(1);
  });

  test('a subscriber that takes nothing is seen to hold bytes back, and then to be ended', async () => {
    const { url, scrape: read } = await world({ live: { maxBufferedBytes: 65_536 }, sessions: { contentBytes: 900_000 } });
    const host = await createSession(url, { identity: { name: 'Ada' } });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'connection_init', payload: host.credentials }));
      const payload = {
        query: 'subscription ($id: ID!) { messageAdded(sessionId: $id) { message { content } } }',
        variables: { id: host.sessionId },
      };
      socket.on('message', (data: Buffer) => {
        if (!data.toString().includes('connection_ack')) return;
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
        socket.pause();
      });
    });
    await soon(async () => (await read()).value('parley_subscriptions')).toBe(1);
    const content = 'x'.repeat(800_000);
    let most = 0;
    await soon(async () => {
      await say(url, host, content);
      const page = await read();
      most = Math.max(most, page.value('parley_connection_buffered_bytes', { protocol: 'graphql-ws' }));
      return page.value('parley_slow_consumers_total');
    }).toBe(1);
    expect(most).toBeGreaterThan(65_536);
    socket.terminate();
  });
});

describe('services', () => {
  test('requests by route without ids, and the breaker as it opens', async () => {
    const far = own(await farWorld(sipher, { backend: { retries: 0, breaker: { failures: 3, openMs: 600_000 } } }));
    const read = (): Promise<MetricsPage> => scrape(`${far.url}/metrics`);
    const host = await far.open();
    const before = await read();
    expect(before.value('parley_upstream_requests_total', { backend: 'far', method: 'POST', status: '2xx' })).toBe(1);
    expect(before.value('parley_backend_circuit', { backend: 'far', state: 'CLOSED' })).toBe(1);
    expect(before.value('parley_backend_status', { backend: 'far', status: 'UP' })).toBe(1);

    far.service.emulator?.fault({ kind: 'status', status: 500, body: {} });
    const ask = 'query ($id: ID!) { session(id: $id) { id } }';
    await soon(async () => {
      await post(far.url, ask, { id: host.sessionId }, host.credentials);
      return (await read()).value('parley_backend_circuit', { backend: 'far', state: 'OPEN' });
    }).toBe(1);
    const page = await read();
    expect(page.value('parley_backend_circuit', { backend: 'far', state: 'CLOSED' })).toBe(0);
    expect(page.value('parley_backend_status', { backend: 'far', status: 'DOWN' })).toBe(1);
    expect(page.value('parley_upstream_requests_total', { backend: 'far', status: '5xx' })).toBe(3);
    expect(page.value('parley_operations_total', { kind: 'query', outcome: 'failed' })).toBeGreaterThan(0);
    expect(page.value('parley_problems_total', { code: 'UPSTREAM_FAILED' })).toBeGreaterThan(0);
    expect(page.value('parley_upstream_request_duration_seconds_count', { backend: 'far' })).toBe(
      page.value('parley_upstream_requests_total', { backend: 'far' }),
    );
    const routes = page.series('parley_upstream_requests_total').map(({ labels }) => labels['route'] ?? '');
    expect(routes).toContainEqual(expect.stringContaining('{'));
    expect(JSON.stringify(routes)).not.toContain(host.sessionId);
  });

  test('a service that does not answer does not hold the answer up', async () => {
    const far = own(await farWorld(sipher, { backend: { timeoutMs: 60_000, retries: 0 } }));
    far.service.emulator?.fault({ kind: 'hang' });
    const page = await scrape(`${far.url}/metrics`);
    expect(page.value('parley_bus_up')).toBe(1);
    // Nothing has been said of it yet.
    expect(page.series('parley_backend_circuit')).toEqual([]);
  });
});

describe('store and bus', () => {
  test('metrics come while the store hangs, and tell of what waits for it', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-metrics-'));
    own({ [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) });
    const { url, scrape: read } = await world({ store: { driver: 'sqlite' }, dataDir });
    const host = await createSession(url, { identity: { name: 'Ada' } });
    const other = new DatabaseSync(join(dataDir, 'parley.sqlite'));
    // Whoever writes waits for this for five seconds.
    other.exec('BEGIN IMMEDIATE');
    const answer = say(url, host, 'hello');
    await soon(async () => (await read()).value('parley_commits_in_flight')).toBe(1);
    const page = await read();
    expect(page.value('parley_store_writes_waiting')).toBeGreaterThan(0);
    expect(page.value('parley_operations_in_flight')).toBe(1);
    other.exec('ROLLBACK');
    other.close();
    expect((await answer).__typename).toBe('MessageDelivery');
    expect((await read()).value('parley_commits_in_flight')).toBe(0);
  });

  test.skipIf(redisMissing !== null)('a bus that goes away is seen to be down, and up again', async () => {
    const server = own(await launchRedis());
    const { url, scrape: read } = await world({ bus: { driver: 'redis', url: server.url } });
    const up = async (): Promise<number> => (await read()).value('parley_bus_up');
    await soon(up).toBe(1);
    await createSession(url, { identity: { name: 'Ada' } });
    await server.stop();
    await soon(up).toBe(0);
    await createSession(url, { identity: { name: 'Grace' } });
    expect((await read()).value('parley_bus_hints_waiting')).toBe(1);
    await server.start();
    await soon(up).toBe(1);
    await soon(async () => (await read()).value('parley_bus_hints_waiting')).toBe(0);
    expect((await read()).value('parley_bus_gaps_total')).toBeGreaterThan(0);
  });
});

describe.skipIf(postgresIsMissing)(`with PostgreSQL${needsPostgres}`, () => {
  const server = postgresIsMissing ? null : postgresOfFile();

  test('connections of the pool', async () => {
    const { url, scrape: read } = await world({ store: { driver: 'postgres', url: (await server?.freshUrl()) ?? null } });
    await createSession(url, { identity: { name: 'Ada' } });
    const page = await read();
    expect(page.value('parley_store_connections')).toBeGreaterThan(0);
    expect(page.value('parley_store_connection_waiters')).toBe(0);
    expect(page.names).not.toContain('parley_store_writes_waiting');
  });
});

describe('the page', () => {
  const secret = 'a-secret-of-more-than-32-characters';

  test('asks for its token, and for nothing else', async () => {
    const { url, metricsUrl } = await world({ metrics: { token: 'a long token' } });
    const statusWith = async (headers: Record<string, string>): Promise<number> => (await fetch(metricsUrl ?? '', { headers })).status;
    expect(await statusWith({})).toBe(401);
    expect(await statusWith({ authorization: 'Bearer a long toke' })).toBe(401);
    expect(await statusWith({ authorization: 'Basic a long token' })).toBe(401);
    expect(await statusWith({ authorization: 'Bearer a long token' })).toBe(200);
    expect((await fetch(`${url}/metrics?x=1`, { method: 'POST' })).status).toBe(404);
  });

  test('cannot be read by pages of other origins, though they may call the gateway', async () => {
    const { url, metricsUrl } = await world({ server: { port: 0, corsOrigins: '*' } });
    const headers = { origin: 'https://app.example' };
    expect((await fetch(`${url}/health/live`, { headers })).headers.get('access-control-allow-origin')).toBe('*');
    const response = await fetch(metricsUrl ?? '', { headers });
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  test('is on a port of its own where it is given one', async () => {
    const { url, metricsUrl } = await world({ environment: 'production', secret, metrics: { enabled: true, port: 0, host: '127.0.0.1' } });
    expect(new URL(metricsUrl ?? '').port).not.toBe(new URL(url).port);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await scrape(metricsUrl)).value('parley_bus_up')).toBe(1);
    expect((await fetch((metricsUrl ?? '').replace('/metrics', '/graphql'))).status).toBe(404);
  });

  test('is not there where nobody asked for it', async () => {
    const { url, metricsUrl } = await world({ environment: 'production', secret, server: { port: 0, host: '127.0.0.1' } });
    expect(metricsUrl).toBe(null);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });
});
