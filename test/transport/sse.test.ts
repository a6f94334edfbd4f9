import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createClient } from 'graphql-sse';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestClock } from '../support/core-clock.ts';
import { accepted, closeSound, contents, eventsDocument, messagesDocument } from '../live/live-world.ts';
import { createMemberTokens } from '../../src/auth/member-tokens.ts';
import { secret } from '../live/live-world.ts';
import { type TransportWorld, bearer, createTransportWorld } from './transport-world.ts';

let world: TransportWorld;
afterEach(() => closeSound(world));

/** A stream as it comes over the wire. */
interface Stream extends Disposable {
  readonly response: IncomingMessage;
  /** The next event, comments left out; null at the end of the stream. Rejects where it is cut off. */
  next(): Promise<{ readonly event: string; readonly data: any } | null>;
  /** The next comment, events left out. */
  comment(): Promise<void>;
}

async function openStream(
  query: string,
  { variables = {}, headers = {}, method = 'POST' }: { variables?: object; headers?: object; method?: string } = {},
): Promise<Stream> {
  const search = method === 'GET' ? `?${new URLSearchParams({ query, variables: JSON.stringify(variables) }).toString()}` : '';
  const asked: ClientRequest = request(`${world.url}/graphql${search}`, {
    method,
    headers: { accept: 'text/event-stream', ...(method === 'POST' && { 'content-type': 'application/json' }), ...headers },
  });
  asked.end(method === 'POST' ? JSON.stringify({ query, variables }) : undefined);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  const blocks = (async function* () {
    let text = '';
    for await (const chunk of response) {
      text += chunk as string;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield text.slice(0, end);
        text = text.slice(end + 2);
      }
    }
  })();
  const until = async (wanted: (block: string) => boolean): Promise<string | null> => {
    for (let block = await blocks.next(); !block.done; block = await blocks.next()) if (wanted(block.value)) return block.value;
    return null;
  };
  return {
    response,
    async next() {
      const block = await until((text) => !text.startsWith(':'));
      const match = /^event: (\w+)\ndata: ?(.*)$/s.exec(block ?? '');
      if (block === null) return null;
      return { event: match?.[1] ?? block, data: match?.[2] ? JSON.parse(match[2]) : null };
    },
    async comment() {
      await until((text) => text.startsWith(':'));
    },
    [Symbol.dispose]: () => void asked.destroy(),
  };
}

describe('a stream of events', () => {
  test.each(['POST', 'GET'])('by %s gives a subscription from the opening to the completion', async (method) => {
    world = await createTransportWorld();
    const host = await world.create();
    using stream = await openStream(eventsDocument, {
      method,
      headers: { ...bearer(host), 'apollo-require-preflight': '1', origin: 'https://app.example' },
    });
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-request-id': expect.any(String),
      'access-control-allow-origin': '*',
    });
    expect(await stream.next()).toMatchObject({ event: 'next', data: { data: { sessionEvents: { __typename: 'StreamOpened' } } } });
    await world.send(host, 'héllo\n\nevent: fake ☃');
    expect((await stream.next())?.data.data.sessionEvents.message.content).toBe('héllo\n\nevent: fake ☃');
    accepted(await world.useCases.end(host.caller, {}));
    expect((await stream.next())?.data.data.sessionEvents.__typename).toBe('SessionEnded');
    expect(await stream.next()).toEqual({ event: 'complete', data: null });
    expect(await stream.next()).toBeNull();
  });

  test('answers a query or mutation in it', async () => {
    world = await createTransportWorld();
    using stream = await openStream('{ viewer { kind } }');
    expect(await stream.next()).toEqual({ event: 'next', data: { data: { viewer: { kind: 'ANONYMOUS' } } } });
    expect(await stream.next()).toEqual({ event: 'complete', data: null });
  });

  test('says in it what is wrong with the operation', async () => {
    world = await createTransportWorld();
    for (const [query, code] of [
      ['{', 'GRAPHQL_PARSE_FAILED'],
      ['{ nope }', 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription { sessionEvents { cursor } }', 'BAD_INPUT'],
      ['subscription { sessionEvents(sessionId: "ses_nowhere") { cursor } }', 'NOT_FOUND'],
    ] as const) {
      using stream = await openStream(query);
      expect(stream.response.statusCode).toBe(200);
      expect((await stream.next())?.data.errors[0].extensions.code).toBe(code);
      expect((await stream.next())?.event).toBe('complete');
    }
  });

  test('is refused with a status where the request itself is wrong', async () => {
    world = await createTransportWorld();
    const statusOf = async (...args: Parameters<typeof openStream>): Promise<number | undefined> => {
      using stream = await openStream(...args);
      return stream.response.statusCode;
    };
    expect(await statusOf('{ viewer { kind } }', { headers: { authorization: 'Bearer nonsense' } })).toBe(401);
    expect(await statusOf('')).toBe(400);
    expect(await statusOf('{ viewer { kind } }', { method: 'GET' })).toBe(400);
    expect(await statusOf('mutation { __typename }', { method: 'GET', headers: { 'apollo-require-preflight': '1' } })).toBe(405);
  });

  test('completes for a member who is kicked, after the event', async () => {
    world = await createTransportWorld();
    const host = await world.create();
    const guest = await world.join(host.sessionId);
    using stream = await openStream(eventsDocument, { headers: bearer(guest) });
    await stream.next();
    accepted(await world.useCases.kick(host.caller, { memberId: guest.memberId }));
    expect((await stream.next())?.data.data.sessionEvents.__typename).toBe('MemberKicked');
    expect((await stream.next())?.event).toBe('complete');
  });

  test('is kept alive by comments, and cut off when the credentials run out', async () => {
    const clock = createTestClock();
    world = await createTransportWorld({ clock, transport: { keepAliveMs: 1_000 } });
    const host = await world.create();
    const [member] = await world.store.members.byIds([host.memberId]);
    const { token } = await createMemberTokens({ secret, lifetimeSeconds: 90, clock }).issue({
      id: host.memberId,
      joinedAt: member?.joinedAt ?? 0,
    });
    using stream = await openStream(eventsDocument, { headers: bearer({ token }) });
    await stream.next();
    await clock.advance(1_000);
    await stream.comment();
    await clock.advance(89_000);
    await expect(stream.next()).rejects.toThrow('aborted');
  });

  test('leaves nothing behind when the client goes', async () => {
    world = await createTransportWorld();
    const host = await world.create();
    const stream = await openStream(eventsDocument, { headers: bearer(host) });
    await stream.next();
    expect(world.hub.size).toBe(1);
    stream[Symbol.dispose]();
    while (world.hub.size > 0) await fetch(`${world.url}/health/live`);
    expect(await world.presence.online([host.memberId])).toEqual([false]);
  });

  test('ends a slow reader with the cursor, and goes on from there', async () => {
    world = await createTransportWorld({ transport: { maxBufferedBytes: 200_000 } });
    const host = await world.create();
    using stream = await openStream(eventsDocument, { headers: bearer(host) });
    await stream.next();
    stream.response.pause();
    const sent: string[] = [];
    while (world.hub.size > 0) {
      sent.push(`${sent.length}:${'x'.repeat(60_000)}`);
      await world.send(host, sent.at(-1) ?? '');
      await fetch(`${world.url}/health/live`);
    }
    const received: any[] = [];
    let last = await stream.next();
    for (; last?.data?.errors === undefined; last = await stream.next()) received.push(last?.data.data.sessionEvents);
    expect(last.data.errors[0].extensions).toEqual({ code: 'SLOW_CONSUMER', cursor: received.at(-1).cursor });
    expect((await stream.next())?.event).toBe('complete');
    using again = await openStream(messagesDocument, {
      headers: bearer(host),
      variables: { after: last.data.errors[0].extensions.cursor },
    });
    while (received.length < sent.length) received.push((await again.next())?.data.data.messageAdded);
    expect(contents(received)).toEqual(sent);
  });
});

describe('the graphql-sse client', () => {
  test('subscribes, and comes back by cursor', async () => {
    world = await createTransportWorld();
    const host = await world.create();
    const client = createClient({ url: `${world.url}/graphql`, headers: bearer(host), retryAttempts: 0 });
    const collect = async (count: number, after: string | null): Promise<any[]> => {
      const events: any[] = [];
      for await (const { data } of client.iterate<any>({ query: eventsDocument, variables: { after } })) {
        events.push(data.sessionEvents);
        if (events.length === 1 && after === null) await world.send(host, 'one');
        if (events.length === count) return events;
      }
      return events;
    };
    const [opening, one] = await collect(2, null);
    expect([opening.__typename, one.message.content]).toEqual(['StreamOpened', 'one']);
    await world.send(host, 'two');
    const [again, two] = await collect(2, one.cursor);
    expect([again.recovered, two.message.content]).toEqual([true, 'two']);
    client.dispose();
  });
});
