import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, unchanged } from '../support/bad-input.ts';
import { gatewayOfFile } from '../support/gateway-of-file.ts';
import { type Admitted, bearer, createSession, query } from '../support/graphql-client.ts';
import { connectPeer } from '../support/ws-peer.ts';

const maxMessageBytes = 65_536;
const gateway = gatewayOfFile({ PARLEY_CONNECTION_INIT_TIMEOUT_MS: '1000', PARLEY_MAX_MESSAGE_BYTES: String(maxMessageBytes) });

let host: Admitted;
let other: Admitted;
beforeAll(async () => {
  host = await createSession(gateway.url);
  other = await createSession(gateway.url);
});

const events = 'subscription ($sessionId: ID) { sessionEvents(sessionId: $sessionId) { __typename } }';
const subscribeTo = (id: string): object => ({ id, type: 'subscribe', payload: { query: events } });
const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

describe('what closes the socket', () => {
  test.each<[what: string, message: object | string | Buffer]>([
    ['text that is not JSON', 'connection_init'],
    ['half a message', '{"type":"connection_init"'],
    ['nothing', ''],
    ['bytes', Buffer.from([0x00, 0xff, 0xfe, 0x80, 0xc3, 0x28])],
    [
      'bytes that are no UTF-8 in a JSON text',
      Buffer.from('7b2274797065223a2270696e67222c227061796c6f6164223a7b2261223a22ff227d7d', 'hex'),
    ],
    ['a list', [{ type: 'connection_init' }]],
    ['a number', '7'],
    ['null', 'null'],
    ['a list so deep that it would be the end of many', deep],
    ['no type', { id: '1' }],
    ['an unknown type', { type: 'start', id: '1' }],
    ['a ping nested too deep to be answered', `{"type":"ping","payload":{"a":${deep}}}`],
    ['an answer, which only servers give', { type: 'next', id: '1', payload: { data: {} } }],
    ['a subscription without an id', { type: 'subscribe', payload: { query: events } }],
    ['a subscription with an empty id', subscribeTo('')],
    ['a subscription with a number for its id', { ...subscribeTo('1'), id: 1 }],
    ['a subscription without a payload', { type: 'subscribe', id: '1' }],
    ['a query that is no text', { type: 'subscribe', id: '1', payload: { query: { kind: 'Document' } } }],
    ['variables that are a list', { type: 'subscribe', id: '1', payload: { query: events, variables: [] } }],
    ['an operation name that is no text', { type: 'subscribe', id: '1', payload: { query: events, operationName: 1 } }],
    ['a completion without an id', { type: 'complete' }],
  ])('4400, at %s', async (_what, message) => {
    using peer = await connectPeer(gateway.url);
    await peer.init(host.credentials);
    peer.send(message);
    expect(await peer.closed).toBe('4400 Invalid message received');
  });

  test('4400, before anything else too', async () => {
    using peer = await connectPeer(gateway.url);
    peer.send('hello?');
    expect(await peer.closed).toBe('4400 Invalid message received');
  });

  test('4401, at an operation before the acknowledgement', async () => {
    using peer = await connectPeer(gateway.url, { headers: host.credentials });
    peer.send(subscribeTo('1'));
    expect(await peer.closed).toBe('4401 Unauthorized');
  });

  test('4408, without connection_init in time', async () => {
    using peer = await connectPeer(gateway.url, { headers: host.credentials });
    // A ping is no beginning.
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    expect(await peer.closed).toBe('4408 Connection initialisation timeout');
  });

  test('4409, at an id that is in use, however long', async () => {
    for (const id of ['1', 'i'.repeat(500), '💥'.repeat(200), '__proto__']) {
      using peer = await connectPeer(gateway.url);
      await peer.init(host.credentials);
      peer.send(subscribeTo(id));
      expect((await peer.next()).payload.data.sessionEvents).toEqual({ __typename: 'StreamOpened' });
      peer.send(subscribeTo(id));
      const reason = await peer.closed;
      expect(reason).toMatch(/^4409 Subscriber for /u);
      expect(reason).toContain(id.slice(0, 20));
    }
  });

  test('4429, at a second connection_init', async () => {
    using peer = await connectPeer(gateway.url);
    await peer.init(host.credentials);
    peer.send({ type: 'connection_init' });
    expect(await peer.closed).toBe('4429 Too many initialisation requests');
  });

  test('1009, at a message over the limit, and none just within it', async () => {
    using peer = await connectPeer(gateway.url);
    await peer.init(host.credentials);
    const empty = JSON.stringify({ type: 'pong', payload: { fill: '' } });
    peer.send(empty.replace('""', `"${'x'.repeat(maxMessageBytes - empty.length)}"`));
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
    peer.send(empty.replace('""', `"${'x'.repeat(maxMessageBytes - empty.length + 1)}"`));
    expect(await peer.closed).toMatch(/^1009/);
  });

  test.each<[what: string, payload: Record<string, unknown> | string, reason: string]>([
    ['a token that is none', bearer('nonsense'), 'UNAUTHENTICATED'],
    ['an API key that is none', { 'X-API-Key': 'nonsense' }, 'UNAUTHENTICATED'],
    ['a key that is a number', { 'X-API-Key': 7 }, 'UNAUTHENTICATED'],
    ['a token that is a list, and a deep one', `{ "authorization": ${deep} }`, 'UNAUTHENTICATED'],
    ['both', { ...bearer('nonsense'), 'X-API-Key': 'nonsense' }, 'UNAUTHENTICATED'],
    ['a session that is none', { 'X-Session-Id': 'nonsense' }, 'BAD_INPUT'],
  ])('4401, at %s in connection_init', async (_what, payload, reason) => {
    using peer = await connectPeer(gateway.url);
    peer.send(`{"type":"connection_init","payload":${typeof payload === 'string' ? payload : JSON.stringify(payload)}}`);
    expect(await peer.closed).toBe(`4401 ${reason}`);
  });

  test('4401, at a token of one session beside the id of another', async () => {
    using peer = await connectPeer(gateway.url);
    peer.send({ type: 'connection_init', payload: { ...host.credentials, 'X-Session-Id': other.sessionId } });
    expect(await peer.closed).toBe('4401 BAD_INPUT');
  });

  test('none of which is logged as a failure of the gateway', () => {
    const failures = gateway
      .output()
      .split('\n')
      .filter((line) => /"level":[56]0/.test(line));
    expect(failures).toEqual([]);
  });
});

describe('what only ends the operation', () => {
  test('a completion of what there is not is ignored', async () => {
    using peer = await connectPeer(gateway.url);
    await peer.init(host.credentials);
    peer.send({ type: 'complete', id: 'never' });
    peer.send({ type: 'complete', id: '__proto__' });
    expect(await peer.errorsOf('1', '{ viewer { kind } }')).toBeUndefined();
    peer.send({ type: 'complete', id: '1' });
    expect(await peer.errorsOf('1', '{ viewer { kind } }')).toBeUndefined();
  });

  test.each<[what: string, code: string, says: string, query: string, variables?: object, operationName?: string]>([
    ['an empty text', 'GRAPHQL_PARSE_FAILED', 'Unexpected <EOF>', ''],
    ['a text that is no GraphQL', 'GRAPHQL_PARSE_FAILED', 'Unexpected Name "hello"', 'hello'],
    ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', '"viewr"', '{ viewr { kind } }'],
    ['an unknown subscription', 'GRAPHQL_VALIDATION_FAILED', '"messages"', 'subscription { messages { cursor } }'],
    [
      'two subscriptions in one',
      'GRAPHQL_VALIDATION_FAILED',
      'one top level field',
      'subscription { sessionExpired { cursor } memberKicked { cursor } }',
    ],
    [
      'an unknown operation',
      'OPERATION_RESOLUTION_FAILURE',
      '"third"',
      'query first { __typename } query second { __typename }',
      {},
      'third',
    ],
    [
      'no operation among several',
      'OPERATION_RESOLUTION_FAILURE',
      'operation name',
      'query first { __typename } query second { __typename }',
    ],
    ['an unknown operation of a subscription', 'OPERATION_RESOLUTION_FAILURE', '"mine"', events, {}, 'mine'],
    ['a variable of another type', 'BAD_USER_INPUT', '"$sessionId"', events, { sessionId: { id: 1 } }],
    [
      'a type of event that there is not',
      'BAD_USER_INPUT',
      '"NOISE"',
      'subscription ($types: [SessionEventType!]) { sessionEvents(types: $types) { cursor } }',
      { types: ['NOISE'] },
    ],
  ])('%s', async (_what, code, says, ...operation) => {
    using peer = await connectPeer(gateway.url);
    await peer.init(host.credentials);
    const errors = await peer.errorsOf('1', ...operation);
    expect(errors).toMatchObject([{ extensions: { code } }]);
    expect(errors?.[0].message).toContain(says);
    // The socket, and the id, are still good.
    expect(await peer.errorsOf('1', '{ viewer { kind } }')).toBeUndefined();
  });

  test('subscriptions to what the caller may not see, or what is no session', async () => {
    await unchanged(gateway.url, other, async () => {
      using peer = await connectPeer(gateway.url);
      await peer.init(host.credentials);
      for (const field of ['sessionEvents', 'messageAdded', 'memberKicked', 'sessionExpired']) {
        const source = `subscription ($sessionId: ID) { ${field}(sessionId: $sessionId) { cursor } }`;
        const refusal = async (sessionId: string) => peer.errorsOf('1', source, { sessionId });
        expectProblem(await refusal(other.sessionId), 'NOT_FOUND', 'sessionId', [other.sessionId]);
        expectProblem(await refusal('nonsense'), 'BAD_INPUT', 'sessionId', ['`sessionId`', 'Session id', '"nonsense"']);
        expectProblem(await refusal(host.memberId), 'BAD_INPUT', 'sessionId', ['`sessionId`', host.memberId]);
      }
      expectProblem(await peer.errorsOf('1', 'subscription { sessionEvents(types: []) { cursor } }'), 'BAD_INPUT', 'types', [
        '`types`',
        'at least one',
      ]);
    });
  });

  test('subscriptions without a session, where none is the current one', async () => {
    using peer = await connectPeer(gateway.url);
    await peer.init();
    expectProblem(await peer.errorsOf('1', events), 'BAD_INPUT', 'sessionId', ['`sessionId`', 'to be given', 'X-Session-Id']);
    const kicks = 'subscription { memberKicked { cursor } }';
    expectProblem(await peer.errorsOf('1', kicks), 'UNAUTHENTICATED', null, ['`sessionId`', 'anonymous']);
  });
});

test('after all that the gateway serves as before', async () => {
  expect(await query(gateway.url, '{ viewer { kind } currentSession { id } }', {}, host.credentials)).toEqual({
    viewer: { kind: 'MEMBER' },
    currentSession: { id: host.sessionId },
  });
});
