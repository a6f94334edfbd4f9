import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createApiKey, revokeApiKey } from '../../src/auth/api-keys.ts';
import { createMemberTokens } from '../../src/auth/member-tokens.ts';
import type { MemberReader } from '../../src/core/ports.ts';
import { ProblemError, problem } from '../../src/core/problem.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createTestClock } from '../support/core-clock.ts';
import { accepted, closeSound, contents, eventsDocument, messagesDocument, secret } from '../live/live-world.ts';
import { type Peer, type TransportWorld, bearer, connect, createTransportWorld, opened, postGraphql } from './transport-world.ts';

let world: TransportWorld;
afterEach(() => closeSound(world));

const typeOf = (message: any): string => message.payload.data.sessionEvents.__typename;

describe('a member who is kicked', () => {
  test('gets the event, then the completion; then its socket is closed for good', async () => {
    world = await createTransportWorld();
    const host = await world.create();
    const guest = await world.join(host.sessionId);
    using peer = await connect(world.url);
    await peer.init(bearer(guest));
    peer.subscribe('2', messagesDocument);
    peer.subscribe('1', eventsDocument);
    await opened(peer, '1');
    accepted(await world.useCases.kick(host.caller, { memberId: guest.memberId }));
    const rest = [await peer.next(), await peer.next(), await peer.next()];
    expect(rest.map(({ id, type }) => `${id} ${type}`).toSorted()).toEqual(['1 complete', '1 next', '2 complete']);
    expect(typeOf(rest.find(({ type }) => type === 'next'))).toBe('MemberKicked');
    expect(await peer.closed).toEqual({ code: 4401, reason: 'UNAUTHENTICATED' });
    using again = await connect(world.url);
    again.send({ type: 'connection_init', payload: bearer(guest) });
    expect(await again.closed).toEqual({ code: 4401, reason: 'KICKED' });
  });
});

describe('a member whose kick is slow to come through', () => {
  test('gets the event first all the same', async () => {
    const clock = createTestClock();
    const store = createMemoryStore();
    let gate: Promise<void> | null = null;
    const read: typeof store.timeline.read = async (...args) => {
      await gate;
      return await store.timeline.read(...args);
    };
    world = await createTransportWorld({ clock, store: { ...store, timeline: { ...store.timeline, read } } });
    const host = await world.create();
    const guest = await world.join(host.sessionId);
    using peer = await connect(world.url);
    await peer.init(bearer(guest));
    peer.subscribe('1', eventsDocument);
    await opened(peer, '1');
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    accepted(await world.useCases.kick(host.caller, { memberId: guest.memberId }));
    await clock.advance(1_000);
    await roundTrip(peer);
    resolve();
    expect(typeOf(await peer.next())).toBe('MemberKicked');
    expect((await peer.next()).type).toBe('complete');
    await clock.advance(1_000);
    expect((await peer.closed).code).toBe(4401);
  });
});

describe('credentials', () => {
  test('that run out close the socket at that instant, so that clients come back', async () => {
    const clock = createTestClock();
    world = await createTransportWorld({ clock });
    const host = await world.create();
    const [member] = await world.store.members.byIds([host.memberId]);
    const issued = createMemberTokens({ secret, lifetimeSeconds: 90, clock });
    const { token } = await issued.issue({ id: host.memberId, joinedAt: member?.joinedAt ?? 0 });
    using peer = await connect(world.url);
    await peer.init({ authorization: `Bearer ${token}` });
    peer.subscribe('1', eventsDocument);
    await opened(peer, '1');
    await clock.advance(89_999);
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    await clock.advance(1);
    expect(await peer.closed).toEqual({ code: 4403, reason: 'Token expired' });
    using late = await connect(world.url);
    late.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    expect((await late.closed).code).toBe(4403);
  });

  test('that cannot be looked up now are refused so that clients come back, over HTTP as well', async () => {
    const store = createMemoryStore();
    let gone = false;
    const members: MemberReader = {
      byIds: async (ids) => {
        if (gone) throw new ProblemError(problem('UNAVAILABLE', 'The store cannot be reached.', { retryAfterSeconds: 7 }));
        return await store.members.byIds(ids);
      },
      list: (queries) => store.members.list(queries),
      ofPrincipal: (...asked) => store.members.ofPrincipal(...asked),
      sessionsOf: (...asked) => store.members.sessionsOf(...asked),
      banned: (...asked) => store.members.banned(...asked),
    };
    world = await createTransportWorld({ store: { ...store, members } });
    const host = await world.create();
    gone = true;
    using peer = await connect(world.url);
    peer.send({ type: 'connection_init', payload: bearer(host) });
    expect(await peer.closed).toEqual({ code: 1013, reason: 'UNAVAILABLE' });
    const answer = await postGraphql(world.url, { query: '{ viewer { kind } }' }, bearer(host));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7']);
    expect(answer.body).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 7 } }] });
    gone = false;
    using again = await connect(world.url);
    await again.init(bearer(host));
  });

  test('that ran out are good for nothing, though the client does not take the closing for an answer', async () => {
    const clock = createTestClock();
    world = await createTransportWorld({ clock, transport: { keepAliveMs: 0 } });
    const host = await world.create();
    const { token } = await createMemberTokens({ secret, lifetimeSeconds: 90, clock }).issue({ id: host.memberId, joinedAt: clock.now() });
    const socket = connectTcp(Number(new URL(world.url).port), '127.0.0.1');
    const read = async (): Promise<string> => String((await once(socket, 'data'))[0]);
    socket.write(
      'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    expect(await read()).toMatch(/^HTTP\/1\.1 101 /);
    socket.write(masked({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    expect(await read()).toContain('connection_ack');
    const closing = read();
    await clock.advance(90_000);
    expect(await closing).toContain('Token expired');
    const query = 'mutation { sendMessage(input: { content: "after the end" }) { __typename } }';
    socket.write(masked({ id: '1', type: 'subscribe', payload: { query } }));
    await once(socket, 'close');
    expect((await world.store.timeline.heads([host.sessionId]))[0]).toBe(1);
  });

  test('that are revoked close the socket', async () => {
    world = await createTransportWorld();
    const { key, record } = accepted(await createApiKey(world.store.apiKeys, { name: 'robot', tier: 'PRO' }, world.clock));
    const host = await world.create({ visibility: 'PUBLIC' });
    using peer = await connect(world.url, { headers: { 'x-api-key': key } });
    await peer.init();
    peer.subscribe('1', eventsDocument, { sessionId: host.sessionId });
    await opened(peer, '1');
    await revokeApiKey(world.store.apiKeys, record.id, world.clock);
    expect(await peer.closed).toEqual({ code: 4401, reason: 'UNAUTHENTICATED' });
  });
});

describe('a peer that does not answer', () => {
  test('is cut off, and one that does is kept', async () => {
    const clock = createTestClock();
    world = await createTransportWorld({ clock, transport: { keepAliveMs: 1_000 } });
    using dead = await connect(world.url, { autoPong: false });
    using alive = await connect(world.url);
    await Promise.all([dead.init(), alive.init()]);
    const pinged = [once(dead.socket, 'ping'), once(alive.socket, 'ping')];
    await clock.advance(1_000);
    await Promise.all(pinged);
    await roundTrip(alive);
    await clock.advance(1_000);
    expect((await dead.closed).code).toBe(1006);
    await roundTrip(alive);
  });
});

describe('a slow subscriber', () => {
  test('with its socket paused gets the error and the cursor at last, and others miss nothing', async () => {
    world = await createTransportWorld({ transport: { maxBufferedBytes: 200_000 } });
    const host = await world.create();
    const peers = [await connect(world.url), await connect(world.url)] as const;
    using slow = peers[0];
    using quick = peers[1];
    for (const peer of peers) {
      await peer.init(bearer(host));
      peer.subscribe('1', messagesDocument);
      peer.subscribe('open', eventsDocument, { types: ['MEMBER_KICKED'] });
      await opened(peer, 'open');
    }
    slow.socket.pause();
    const sent: string[] = [];
    // The machine takes some for the peer: more than that, and the bound, is sent until somebody is ended.
    while (world.hub.size === 4) {
      const content = `${sent.length}:${'x'.repeat(60_000)}`;
      sent.push(content);
      await world.send(host, content);
      expect((await quick.next()).payload.data.messageAdded.message.content).toBe(content);
    }
    slow.socket.resume();
    const received: any[] = [];
    let last = await slow.next();
    for (; last.type === 'next'; last = await slow.next()) received.push(last.payload.data.messageAdded);
    expect(last).toMatchObject({
      id: '1',
      type: 'error',
      payload: [{ extensions: { code: 'SLOW_CONSUMER', cursor: received.at(-1).cursor } }],
    });
    slow.subscribe('2', messagesDocument, { after: last.payload[0].extensions.cursor });
    while (received.length < sent.length) received.push((await slow.next()).payload.data.messageAdded);
    expect(contents(received)).toEqual(sent);
  });
});

describe('a client that loses its socket', () => {
  test('resumes by cursor: every event once, and in order', async () => {
    world = await createTransportWorld();
    const host = await world.create();
    let cursor: string | null = null;
    let socket: WebSocket | null = null;
    const client = createClient({
      url: `${world.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: bearer(host),
      retryAttempts: 100,
      retryWait: async () => {},
      shouldRetry: () => true,
      on: { opened: (opened) => void (socket = opened as WebSocket) },
    });
    const texts: string[] = [];
    const subscribed = Promise.withResolvers<void>();
    // Ten at a time, so that there is something to come after each loss.
    const rounds = Array.from({ length: 10 }, () => Promise.withResolvers<void>());
    const fail = (reason: unknown): void => rounds.forEach(({ reject }) => reject(reason));
    const streams: boolean[] = [];
    const variables = {
      // Read each time the client subscribes anew.
      get after() {
        return cursor;
      },
    };
    client.subscribe<any>(
      { query: eventsDocument, variables },
      {
        next({ data: { sessionEvents: event } }) {
          cursor = event.cursor;
          if (event.__typename === 'StreamOpened') {
            streams.push(event.recovered);
            subscribed.resolve();
            return;
          }
          texts.push(event.message.content);
          if (texts.length % 10 !== 0) return;
          socket?.terminate();
          rounds[texts.length / 10 - 1]?.resolve();
        },
        error: fail,
        complete: () => fail(new Error('Expected it to go on.')),
      },
    );
    await subscribed.promise;
    for (const [round, { promise }] of rounds.entries()) {
      for (let index = 0; index < 10; index++) await world.send(host, String(round * 10 + index));
      await promise;
    }
    await client.dispose();
    expect(texts).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
    expect(streams.length).toBeGreaterThanOrEqual(10);
    expect(streams).not.toContain(false);
  });

  test('leaves nothing behind', async () => {
    world = await createTransportWorld();
    const host = await world.create();
    using peer = await connect(world.url);
    await peer.init(bearer(host));
    for (const id of ['1', '2', '3']) {
      peer.subscribe(id, eventsDocument);
      await opened(peer, id);
    }
    expect(world.hub.size).toBe(3);
    expect(await world.presence.online([host.memberId])).toEqual([true]);
    peer.socket.terminate();
    using witness = await connect(world.url);
    await witness.init(bearer(host));
    while (world.hub.size > 0) await roundTrip(witness);
    expect(await world.presence.online([host.memberId])).toEqual([false]);
  });
});

/** A text message as a client frames it. */
function masked(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message));
  const head = text.byteLength < 126 ? [0x81, 0x80 | text.byteLength] : [0x81, 0x80 | 126, text.byteLength >> 8, text.byteLength & 255];
  // A mask of zeros changes nothing.
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), text]);
}

/** The gateway has dealt with what came before. */
async function roundTrip(peer: Peer): Promise<void> {
  peer.send({ type: 'ping' });
  expect(await peer.next()).toEqual({ type: 'pong' });
}
