import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { accepted, closeSound, eventsDocument } from '../live/live-world.ts';
import { type TransportWorld, bearer, connect, createTransportWorld, opened } from './transport-world.ts';

let world: TransportWorld;
beforeEach(async () => {
  world = await createTransportWorld({
    transport: { connectionInitTimeoutMs: 200, maxSubscriptionsPerConnection: 3, maxMessageBytes: 10_000 },
  });
});
afterEach(() => closeSound(world));

const messages = 'subscription ($sessionId: ID) { messageAdded(sessionId: $sessionId) { message { content } } }';
const viewer = '{ viewer { kind session { id } } }';
const send = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }';

describe('the protocol, frame by frame', () => {
  test('runs a subscription from the opening to the completion', async () => {
    const host = await world.create();
    using peer = await connect(world.url);
    peer.send({ type: 'connection_init', payload: bearer(host) });
    expect(await peer.next()).toEqual({ type: 'connection_ack' });
    peer.subscribe('a "quoted" ☃ id', eventsDocument);
    const opening = await peer.next();
    expect(opening).toEqual({
      id: 'a "quoted" ☃ id',
      type: 'next',
      payload: { data: { sessionEvents: { __typename: 'StreamOpened', cursor: expect.any(String), recovered: true } } },
    });
    await world.send(host, 'héllo ☃ 🎉');
    expect((await peer.next()).payload.data.sessionEvents.message.content).toBe('héllo ☃ 🎉');
    accepted(await world.useCases.end(host.caller, {}));
    expect((await peer.next()).payload.data.sessionEvents.__typename).toBe('SessionEnded');
    expect(await peer.next()).toEqual({ id: 'a "quoted" ☃ id', type: 'complete' });
  });

  test.each([
    [1, 150],
    [65_400, 65_536],
  ])('gives messages of every length from %i to %i characters whole', async (from, to) => {
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    peer.subscribe('1', messages);
    peer.subscribe('open', eventsDocument, { types: ['MEMBER_KICKED'] });
    await opened(peer, 'open');
    for (let length = from; length <= to; length++) {
      await world.send(host, 'x'.repeat(length));
      expect((await peer.next()).payload.data.messageAdded.message.content).toHaveLength(length);
    }
  });

  test('stops when the client completes, and tells nothing more', async () => {
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    peer.subscribe('gone', eventsDocument);
    await opened(peer, 'gone');
    peer.subscribe('stays', eventsDocument);
    await opened(peer, 'stays');
    peer.send({ id: 'gone', type: 'complete' });
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    await world.send(host, 'hello');
    expect(await peer.next()).toMatchObject({ id: 'stays', type: 'next' });
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    expect(world.hub.size).toBe(1);
  });

  test('lets an id be used again at once, in one packet with its completion', async () => {
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    peer.subscribe('1', eventsDocument);
    await opened(peer, '1');
    for (let round = 0; round < 5; round++) {
      peer.send({ id: '1', type: 'complete' });
      peer.subscribe('1', eventsDocument);
    }
    peer.subscribe('2', eventsDocument);
    // Those completed while they were being planned need not have been opened; no completion is told to who asked for it.
    for (let message = await peer.next(); message.id !== '2'; message = await peer.next())
      expect(message).toMatchObject({ id: '1', type: 'next' });
    await world.send(host, 'hello');
    expect(new Set([(await peer.next()).id, (await peer.next()).id])).toEqual(new Set(['1', '2']));
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    expect(world.hub.size).toBe(2);
  });

  test('gives an id to the operation that came last, though the one before is still being planned', async () => {
    await world[Symbol.asyncDispose]();
    const store = createMemoryStore();
    let gate: Promise<void> | null = null;
    const byIds: typeof store.sessions.byIds = async (ids) => {
      await gate;
      return await store.sessions.byIds(ids);
    };
    world = await createTransportWorld({ store: { ...store, sessions: { ...store.sessions, byIds } } });
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    for (let round = 0; round < 3; round++) {
      peer.subscribe('1', eventsDocument);
      peer.send({ id: '1', type: 'complete' });
    }
    peer.subscribe('1', eventsDocument);
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    resolve();
    await opened(peer, '1');
    await world.send(host, 'hello');
    expect((await peer.next()).payload.data.sessionEvents.message.content).toBe('hello');
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    expect(world.hub.size).toBe(1);
  });

  test('answers queries and mutations, with the caller of the connection', async () => {
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    peer.subscribe('q', viewer);
    expect(await peer.next()).toEqual({
      id: 'q',
      type: 'next',
      payload: { data: { viewer: { kind: 'MEMBER', session: { id: host.sessionId } } } },
    });
    expect(await peer.next()).toEqual({ id: 'q', type: 'complete' });
    peer.subscribe('m', send, { input: { content: 'hi' } });
    expect(await peer.next()).toMatchObject({ id: 'm', payload: { data: { sendMessage: { __typename: 'MessageDelivery' } } } });
    expect(await peer.next()).toEqual({ id: 'm', type: 'complete' });
  });

  test('takes credentials from the headers, and those of connection_init before them, in any case', async () => {
    const [one, two] = [await world.create(), await world.create()];
    const sessionOf = async (headers: Record<string, string>, payload?: object): Promise<string> => {
      using peer = await connect(world.url, { headers });
      await peer.init(payload);
      peer.subscribe('1', viewer);
      return (await peer.next()).payload.data.viewer.session.id;
    };
    expect(await sessionOf(bearer(one))).toBe(one.sessionId);
    expect(await sessionOf(bearer(one), { AUTHORIZATION: `Bearer ${two.token}` })).toBe(two.sessionId);
    expect(await sessionOf({ 'x-api-key': 'not a key at all' }, { Authorization: `Bearer ${two.token}` })).toBe(two.sessionId);
  });

  test('completes what is unknown without a word', async () => {
    using peer = await connect(world.url);
    await peer.init();
    peer.send({ id: 'never', type: 'complete' });
    peer.send({ type: 'ping', payload: { a: 1 } });
    expect(await peer.next()).toEqual({ type: 'pong', payload: { a: 1 } });
  });
});

describe('what closes the socket', () => {
  test('4401, where credentials are refused', async () => {
    for (const payload of [{ authorization: 'Bearer nonsense' }, { 'x-api-key': '' }, { authorization: 7 }, { 'X-Session-Id': 'what?' }]) {
      using peer = await connect(world.url);
      peer.send({ type: 'connection_init', payload });
      const { code, reason } = await peer.closed;
      expect([code, reason]).toEqual([4401, 'X-Session-Id' in payload ? 'BAD_INPUT' : 'UNAUTHENTICATED']);
    }
  });

  test('4408, without connection_init in time', async () => {
    using peer = await connect(world.url);
    expect((await peer.closed).code).toBe(4408);
  });

  test('4429, at a second connection_init', async () => {
    using peer = await connect(world.url);
    await peer.init();
    peer.send({ type: 'connection_init' });
    expect((await peer.closed).code).toBe(4429);
  });

  test('4400, at what is no message', async () => {
    for (const message of [
      '{',
      '[]',
      '{"type":"nonsense"}',
      '{"type":"subscribe","id":"1"}',
      '{"type":"subscribe","id":1,"payload":{"query":"{__typename}"}}',
    ]) {
      using peer = await connect(world.url);
      await peer.init();
      peer.send(message);
      expect((await peer.closed).code).toBe(4400);
    }
  });

  test('4401, at an operation before the acknowledgement', async () => {
    using peer = await connect(world.url);
    peer.subscribe('1', viewer);
    expect((await peer.closed).code).toBe(4401);
  });

  test('4409, at an id that is in use', async () => {
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    peer.subscribe('1', eventsDocument);
    peer.subscribe('1', eventsDocument);
    expect((await peer.closed).code).toBe(4409);
    expect(await emptied()).toBe(0);
  });

  test('4406, without the subprotocol', async () => {
    using peer = await connect(world.url, { protocol: '' });
    expect((await peer.closed).code).toBe(4406);
  });

  test('1009, at a message over the limit', async () => {
    using peer = await connect(world.url);
    await peer.init();
    peer.send({ type: 'ping', payload: { text: 'x'.repeat(11_000) } });
    expect((await peer.closed).code).toBe(1009);
  });
});

describe('the upgrade', () => {
  async function refusedWith(options: object, path = '/graphql'): Promise<number | undefined> {
    const socket = new WebSocket(world.url.replace('http', 'ws') + path, 'graphql-transport-ws', options);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    response.resume();
    return response.statusCode;
  }

  test('is for /graphql only', async () => {
    expect(await refusedWith({}, '/elsewhere')).toBe(404);
    using peer = await connect(world.url, { path: '/graphql?a=b' });
    await peer.init();
  });

  test('is for listed origins, the own one and those without', async () => {
    await world[Symbol.asyncDispose]();
    world = await createTransportWorld({ transport: { corsOrigins: ['https://app.example'] } });
    expect(await refusedWith({ origin: 'https://evil.example' })).toBe(403);
    expect(await refusedWith({ origin: 'null' })).toBe(403);
    for (const origin of ['https://app.example', world.url, undefined]) {
      using peer = await connect(world.url, origin === undefined ? {} : { origin });
      await peer.init();
    }
  });

  test('of something else than a WebSocket is refused, and harms nobody', async () => {
    const socket = connectTcp(Number(new URL(world.url).port), '127.0.0.1');
    socket.write('GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    const [data] = await once(socket, 'data');
    expect(data.toString()).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });
});

describe('limits of a connection', () => {
  test('refuse the subscription that is too many, and leave the rest alone', async () => {
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    for (const id of ['1', '2', '3']) {
      peer.subscribe(id, eventsDocument);
      await opened(peer, id);
    }
    peer.subscribe('4', eventsDocument);
    expect(await peer.next()).toMatchObject({ id: '4', type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] });
    peer.subscribe('q', viewer);
    expect(await peer.next()).toMatchObject({ id: 'q', type: 'next' });
    expect(await peer.next()).toMatchObject({ id: 'q', type: 'complete' });
    peer.send({ id: '1', type: 'complete' });
    peer.subscribe('5', eventsDocument);
    await opened(peer, '5');
  });

  test('count a subscription that was refused no longer', async () => {
    using peer = await connect(world.url);
    await peer.init();
    for (let id = 0; id < 8; id++) {
      peer.subscribe(String(id), eventsDocument, { sessionId: 'ses_nowhere' });
      expect(await peer.next()).toMatchObject({ id: String(id), type: 'error', payload: [{ extensions: { code: 'NOT_FOUND' } }] });
    }
  });
});

/** The subscriptions that are left once the socket's end has come through. */
async function emptied(): Promise<number> {
  for (let turns = 0; world.hub.size > 0 && turns < 200; turns++) await new Promise((resolve) => setTimeout(resolve, 5));
  return world.hub.size;
}
