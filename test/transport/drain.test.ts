import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createApiKey } from '../../src/auth/api-keys.ts';
import type { Store } from '../../src/core/ports.ts';
import { orThrow } from '../../src/core/problem.ts';
import { systemClock } from '../../src/core/system-clock.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createTestClock } from '../support/core-clock.ts';
import { eventsDocument } from '../live/live-world.ts';
import { type TransportWorld, bearer, connect, createTransportWorld, opened, postGraphql } from './transport-world.ts';

let world: TransportWorld;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** A store whose list of sessions is answered when the test says so. */
function gated(store: Store): { readonly store: Store; readonly reached: Promise<void>; readonly open: () => void } {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  return {
    store: {
      ...store,
      sessions: {
        ...store.sessions,
        async list(query) {
          reached.resolve();
          await gate.promise;
          return await store.sessions.list(query);
        },
      },
    },
    reached: reached.promise,
    open: gate.resolve,
  };
}

interface Probed {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

async function probed(url: string, agent: Agent): Promise<Probed> {
  const asked = request(url, { agent, headers: { 'content-type': 'application/json' } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode, connection: response.headers.connection };
}

const slow = { query: '{ sessions(first: 1) { totalCount } }' };

describe('stopping', () => {
  test('finishes answers in flight, says so meanwhile, then closes what is live', async () => {
    const { store, reached, open } = gated(createMemoryStore());
    world = await createTransportWorld({ store });
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    peer.subscribe('1', eventsDocument);
    await opened(peer, '1');
    const streamed = request(`${world.url}/graphql`, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...bearer(host) },
    });
    streamed.end(JSON.stringify({ query: eventsDocument }));
    const [stream] = (await once(streamed, 'response')) as [IncomingMessage];
    const streamText = stream.setEncoding('utf8').reduce((text: string, chunk: string) => text + chunk, '');
    // An idle connection that is open already, as a probe or a proxy has it.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const probe = (path: string): Promise<Probed> => probed(`${world.url}${path}`, agent);
    expect(await probe('/health/ready')).toEqual({ status: 200, connection: 'keep-alive' });

    const answer = postGraphql(world.url, slow);
    await reached;
    const stopped = world.stop();
    expect(await probe('/health/ready')).toEqual({ status: 503, connection: 'keep-alive' });
    expect(await probe('/health/live')).toEqual({ status: 200, connection: 'keep-alive' });
    // Those who have connected before are still let in; then nobody is any more.
    const anew = (): Promise<unknown> => probed(`${world.url}/health/ready`, new Agent({ keepAlive: false }));
    await vi.waitFor(() => expect(anew()).rejects.toMatchObject({ code: 'ECONNREFUSED' }), { timeout: 10_000 });
    expect(await probe('/health/ready')).toEqual({ status: 503, connection: 'keep-alive' });
    // Who is connected is answered, and told to go.
    expect(await probe('/graphql?query={__typename}')).toEqual({ status: 200, connection: 'close' });
    // Live connections go on for as long as that lasts.
    await world.send(host, 'still here');
    expect((await peer.next()).payload.data.sessionEvents.message.content).toBe('still here');

    open();
    expect((await answer).body).toEqual({ data: { sessions: { totalCount: expect.any(Number) } } });
    expect(await peer.closed).toEqual({ code: 1001, reason: 'Going away' });
    const text = await streamText;
    expect(text).toContain('StreamOpened');
    // Not completed: the client is to come back.
    expect(text).not.toContain('event: complete');
    await stopped;
    expect(world.hub.size).toBe(0);
    agent.destroy();
  });

  test('does not wait for connections on which nothing was asked', async () => {
    world = await createTransportWorld({ transport: { drainSeconds: 60 } });
    const { hostname, port } = new URL(world.url);
    const sockets = ['', 'GET /health/live HT'].map((text) => {
      const socket = connectTcp(Number(port), hostname);
      socket.on('error', () => undefined).write(text);
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const ends = Promise.all(sockets.map((socket) => once(socket, 'close')));
    await world.stop();
    expect(await ends).toHaveLength(2);
  });

  test('goes on as before for as long as it was told, but for readiness, and sends those away who could stay', async () => {
    const clock = createTestClock();
    world = await createTransportWorld({ clock, transport: { drainDelaySeconds: 7 } });
    const { url } = world;
    const host = await world.create();
    const stopped = world.stop();
    await clock.advance(6_999);
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    const answer = await postGraphql(url, { query: '{ viewer { __typename } }' });
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    using peer = await connect(url);
    await peer.init(bearer(host));
    peer.subscribe('1', eventsDocument);
    await opened(peer, '1');
    peer.subscribe('q', '{ viewer { __typename } }');
    expect(await peer.next()).toMatchObject({ id: 'q', type: 'next' });
    await clock.advance(1);
    expect((await peer.closed).code).toBe(1001);
    await stopped;
    await expect(fetch(`${url}/health/ready`)).rejects.toThrow('fetch failed');
  });

  test('lets nobody begin anew over WebSocket: they are sent away as soon as they have their answers', async () => {
    const { store, reached, open } = gated(createMemoryStore());
    world = await createTransportWorld({ store });
    using waiting = await connect(world.url);
    await waiting.init();
    waiting.subscribe('q', slow.query);
    using other = await connect(world.url);
    await other.init();
    await reached;
    const stopped = world.stop();
    // Not while what it has asked is still to be answered.
    waiting.subscribe('r', '{ viewer { __typename } }');
    other.subscribe('r', '{ viewer { __typename } }');
    expect((await other.closed).code).toBe(1001);
    await expect(other.next()).rejects.toThrow('1001');
    open();
    expect(await waiting.next()).toMatchObject({ id: 'q', type: 'next', payload: { data: { sessions: {} } } });
    expect(await waiting.next()).toMatchObject({ id: 'q', type: 'complete' });
    expect((await waiting.closed).code).toBe(1001);
    await expect(waiting.next()).rejects.toThrow('1001');
    await stopped;
  });

  test('waits for operations over WebSocket likewise', async () => {
    const { store, reached, open } = gated(createMemoryStore());
    world = await createTransportWorld({ store });
    using peer = await connect(world.url);
    await peer.init();
    peer.subscribe('q', slow.query);
    await reached;
    const stopped = world.stop();
    open();
    expect(await peer.next()).toMatchObject({ id: 'q', type: 'next', payload: { data: { sessions: {} } } });
    expect((await peer.closed).code).toBe(1001);
    await stopped;
  });

  test('waits no longer than it was told', async () => {
    const { store, reached } = gated(createMemoryStore());
    world = await createTransportWorld({ store, transport: { drainSeconds: 0.1 } });
    const answer = postGraphql(world.url, slow).catch((error: unknown) => error);
    await reached;
    await world.stop();
    expect(await answer).toBeInstanceOf(Error);
  });

  test('cuts off those who do not take their leave', async () => {
    world = await createTransportWorld({ transport: { drainSeconds: 1 } });
    using peer = await connect(world.url);
    await peer.init();
    // Reads nothing any more, and so does not answer the closing either.
    peer.socket.pause();
    await world.stop();
    peer.socket.resume();
    expect((await peer.closed).code).toBe(1001);
  });

  test('does not wait for a stream whose client went before it was known who that is', async () => {
    const store = createMemoryStore();
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const byHash: Store['apiKeys']['byHash'] = async (hash) => {
      reached.resolve();
      await gate.promise;
      return store.apiKeys.byHash(hash);
    };
    world = await createTransportWorld({ store: { ...store, apiKeys: { ...store.apiKeys, byHash } } });
    const { key } = orThrow(await createApiKey(store.apiKeys, { name: 'app', tier: 'PRO' }, systemClock));
    const host = await world.create({ visibility: 'PUBLIC' });
    const asked = request(`${world.url}/graphql`, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', 'x-api-key': key },
    });
    asked.on('error', () => undefined);
    asked.end(JSON.stringify({ query: eventsDocument, variables: { sessionId: host.sessionId } }));
    await reached.promise;
    asked.destroy();
    // Whatever is answered after that comes after the end of the connection.
    for (let probe = 0; probe < 20; probe += 1) expect((await fetch(`${world.url}/health/live`)).status).toBe(200);
    gate.resolve();
    await fetch(`${world.url}/health/live`);
    await world.stop();
    expect(world.hub.size).toBe(0);
  });

  test('can be asked for twice', async () => {
    world = await createTransportWorld();
    await Promise.all([world.stop(), world.stop()]);
    await world.stop();
    await expect(fetch(world.url)).rejects.toThrow('fetch failed');
  });
});
