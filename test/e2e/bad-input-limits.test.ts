import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, unchanged } from '../support/bad-input.ts';
import { gatewaysOfFile } from '../support/gateway-of-file.ts';
import { type Admitted, type Credentials, createSession, post } from '../support/graphql-client.ts';
import { connectPeer } from '../support/ws-peer.ts';

const bodyLimit = 200_000;
const { gateway, production } = gatewaysOfFile({
  gateway: { PARLEY_BODY_LIMIT_BYTES: String(bodyLimit) },
  production: { NODE_ENV: 'production', PARLEY_SECRET: 'a secret of more than thirty-two characters' },
});

let host: Admitted;
beforeAll(async () => {
  host = await createSession(gateway.url, { visibility: 'PUBLIC' });
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly body: any;
}

type Init = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/** A request as it is, without the manners of a GraphQL client. */
async function ask(path: string, init: Init): Promise<Answer> {
  const answer = await fetch(`${gateway.url}${path}`, init);
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type'), headers: answer.headers, body: text && JSON.parse(text) };
}

const json = { 'content-type': 'application/json' };
const mutation = 'mutation { sendMessage(input: { content: "through the back door" }) { __typename } }';
const posted = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json): Init => ({
  method: 'POST',
  headers,
  body,
});
const got = (query: string): string => `/graphql?query=${encodeURIComponent(query)}`;

describe('a request that is wrong as such gets an answer in the shape of GraphQL, and changes nothing', () => {
  const preflighted = { 'apollo-require-preflight': '1' };

  test.each<[what: string, path: string, init: Init, status: number, code: string, says: string]>([
    [
      'a body over the limit',
      '/graphql',
      posted(JSON.stringify({ query: mutation, variables: { fill: 'x'.repeat(bodyLimit) } })),
      413,
      'TOO_LARGE',
      `${bodyLimit} bytes`,
    ],
    ['a body that is not JSON', '/graphql', posted('query { __typename }'), 400, 'BAD_REQUEST', 'not JSON'],
    ['half a body', '/graphql', posted('{"query": "{ __typen'), 400, 'BAD_REQUEST', 'not JSON'],
    ['no body', '/graphql', posted(''), 400, 'BAD_REQUEST', 'not JSON'],
    [
      'a body that is not UTF-8',
      '/graphql',
      posted(Uint8Array.from(Buffer.from(JSON.stringify({ query: mutation }), 'latin1').fill(0xff, 60, 61))),
      400,
      'BAD_REQUEST',
      'not UTF-8',
    ],
    [
      'a body of another type',
      '/graphql',
      posted(JSON.stringify({ query: mutation }), { 'content-type': 'text/plain' }),
      415,
      'BAD_REQUEST',
      'application/json',
    ],
    [
      'a form',
      '/graphql',
      posted(`query=${encodeURIComponent(mutation)}`, { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'BAD_REQUEST',
      'application/json',
    ],
    ['a number for a body', '/graphql', posted('7'), 400, 'BAD_REQUEST', 'POST body'],
    ['a batch', '/graphql', posted(JSON.stringify([{ query: mutation }, { query: mutation }])), 400, 'BAD_REQUEST', 'batch'],
    ['no query', '/graphql', posted('{"variables":{}}'), 400, 'BAD_REQUEST', 'query'],
    ['a query that is no text', '/graphql', posted('{"query":{"kind":"Document"}}'), 400, 'BAD_REQUEST', 'must be strings'],
    ['variables that are no object', '/graphql', posted('{"query":"{ __typename }","variables":[1]}'), 400, 'BAD_REQUEST', 'variables'],
    ['a GET that a page could make without asking', got('{ __typename }'), {}, 400, 'BAD_REQUEST', 'CSRF'],
    ['a mutation by GET', got(mutation), { headers: preflighted }, 405, 'BAD_REQUEST', 'GET'],
    [
      'variables by GET that are not JSON',
      `${got('{ __typename }')}&variables=x`,
      { headers: preflighted },
      400,
      'BAD_REQUEST',
      'variables',
    ],
    ['PUT', '/graphql', { ...posted(JSON.stringify({ query: mutation })), method: 'PUT' }, 405, 'BAD_REQUEST', 'PUT'],
    ['DELETE', '/graphql', { method: 'DELETE' }, 405, 'BAD_REQUEST', 'DELETE'],
    ['PATCH', '/graphql', { ...posted(JSON.stringify({ query: mutation })), method: 'PATCH' }, 405, 'BAD_REQUEST', 'PATCH'],
    ['an unknown path', '/graphiql/nothing', {}, 404, 'NOT_FOUND', '/graphiql/nothing'],
    ['a path that leads out', '/graphiql/..%2f..%2fpackage.json', {}, 404, 'NOT_FOUND', '/graphiql/'],
    ['a query at an unknown path', '/api', posted(JSON.stringify({ query: mutation })), 404, 'NOT_FOUND', '/api'],
  ])('%s', async (_what, path, init, status, code, says) => {
    const answer = await unchanged(gateway.url, host, () => ask(path, { ...init, headers: { ...host.credentials, ...init.headers } }));
    expect(answer).toMatchObject({
      status,
      type: expect.stringMatching(/^application\/json/),
      body: { errors: [{ extensions: { code } }] },
    });
    expect(Object.keys(answer.body)).toEqual(['errors']);
    expect(answer.body.errors[0].message).toContain(says);
    expect(answer.headers.has('allow')).toBe(status === 405);
  });

  test('a subscription over plain HTTP is told where to go', async () => {
    const subscription = `subscription { sessionEvents(sessionId: "${host.sessionId}") { cursor } }`;
    const { status, body } = await ask('/graphql', posted(JSON.stringify({ query: subscription })));
    expect(status).toBe(406);
    expect(body.errors[0].message).toMatch(/text\/event-stream.*graphql-transport-ws/);
  });
});

/** The errors of an operation, over HTTP and over WebSocket, each time as it is interpreted, compiled, and run compiled. */
async function errorsOf(url: string, query: string, variables: object = {}, credentials: Credentials = {}): Promise<readonly any[]> {
  const all: any[] = [];
  using peer = await connectPeer(url);
  await peer.init(credentials);
  for (let round = 0; round < 2; round += 1) {
    all.push((await post(url, query, variables, credentials)).errors, await peer.errorsOf(String(round), query, variables));
  }
  for (const errors of all) expect(errors).toEqual(all[0]);
  return all[0];
}

const page = 'nodes { members(first: $n) { nodes { id } } messages(first: $n) { nodes { id } } }';

describe('an operation that asks for too much is refused alike over HTTP and WebSocket', () => {
  test.each<
    [what: string, query: string, variables: object, code: string, limit: { name: string; max: number; value: number } | null, says: string]
  >([
    [
      'too deep',
      `{ currentSession { ${'messages(first: 1) { nodes { session { '.repeat(4)} id ${'} } }'.repeat(4)} } }`,
      {},
      'OPERATION_TOO_COMPLEX',
      { name: 'maxDepth', max: 12, value: 14 },
      'at most 12 fields deep (maxDepth), got 14',
    ],
    [
      'too deep, by fragments',
      `{ currentSession { ...a } } fragment a on Session { messages(first: 1) { nodes { session { ...b } } } } fragment b on Session { messages(first: 1) { nodes { session { ...c } } } }
       fragment c on Session { messages(first: 1) { nodes { session { messages(first: 1) { nodes { session { id } } } } } } }`,
      {},
      'OPERATION_TOO_COMPLEX',
      { name: 'maxDepth', max: 12, value: 14 },
      'got 14',
    ],
    [
      'too wide',
      `{ ${Array.from({ length: 31 }, (_, index) => `a${index}: viewer { kind }`).join(' ')} }`,
      {},
      'OPERATION_TOO_COMPLEX',
      { name: 'maxAliases', max: 30, value: 31 },
      'at most 30 aliases (maxAliases), got 31',
    ],
    [
      'too wide, by fragments',
      `{ ${'...a '.repeat(4)} } fragment a on Query { ${Array.from({ length: 8 }, (_, index) => `a${index}: viewer { kind }`).join(' ')} }`,
      {},
      'OPERATION_TOO_COMPLEX',
      { name: 'maxAliases', max: 30, value: 32 },
      'got 32',
    ],
    [
      'too costly',
      `{ sessions(first: 100) { ${page.replaceAll('$n', '100')} } }`,
      {},
      'OPERATION_TOO_COMPLEX',
      { name: 'maxCost', max: 10_000, value: 20_301 },
      'cost at most 10000 (maxCost), got 20301',
    ],
    [
      'too costly by its variables',
      `query ($n: Int) { sessions(first: $n) { ${page} } }`,
      { n: 100 },
      'OPERATION_TOO_COMPLEX',
      { name: 'maxCost', max: 10_000, value: 20_301 },
      'cost at most 10000 (maxCost), got 20301',
    ],
    [
      'too costly by the defaults of its variables',
      `query ($n: Int = 100) { sessions(first: $n) { ${page} } }`,
      {},
      'OPERATION_TOO_COMPLEX',
      { name: 'maxCost', max: 10_000, value: 20_301 },
      'cost at most 10000 (maxCost), got 20301',
    ],
    ['too long', `{ ${'__typename '.repeat(2_000)} }`, {}, 'GRAPHQL_PARSE_FAILED', null, '2000 tokens'],
    [
      'a circle of fragments',
      '{ viewer { ...a } } fragment a on Viewer { kind ...b } fragment b on Viewer { ...a }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
      null,
      'Cannot spread fragment "a" within itself',
    ],
  ])('%s', async (_what, query, variables, code, limit, says) => {
    const [error, ...more] = await errorsOf(gateway.url, query, variables, host.credentials);
    expect(more).toEqual([]);
    expect(error.extensions).toEqual({ code, ...(limit && { limit }) });
    expect(error.message).toContain(says);
  });

  test('a mutation is not carried out in part', async () => {
    const sends = Array.from({ length: 31 }, (_, index) => `m${index}: sendMessage(input: { content: "x" }) { __typename }`);
    await unchanged(gateway.url, host, async () => {
      const [error] = await errorsOf(gateway.url, `mutation { ${sends.join(' ')} }`, {}, host.credentials);
      expect(error.extensions).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', limit: { name: 'maxAliases', value: 31 } });
    });
  });
});

describe('a page', () => {
  const members = 'query ($first: Int, $last: Int) { currentSession { members(first: $first, last: $last) { totalCount } } }';
  const sessions = 'query ($first: Int) { sessions(first: $first) { totalCount } }';
  const nodes = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';

  test.each<[what: string, query: string, variables: () => object, path: string, ...says: string[]]>([
    ['of fewer than none', members, () => ({ first: -1 }), 'first', '`first`', 'from 0 to 100', 'got -1.'],
    ['of fewer than none from its end', members, () => ({ last: -1 }), 'last', '`last`', 'from 0 to 100', 'got -1.'],
    ['of more than the maximum', members, () => ({ first: 101 }), 'first', '`first`', 'from 0 to 100', 'got 101.'],
    ['of more than the maximum from its end', members, () => ({ last: 2_147_483_647 }), 'last', 'got 2147483647.'],
    ['of sessions that is too large', sessions, () => ({ first: 101 }), 'first', 'from 0 to 100', 'got 101.'],
    ['of sessions of fewer than none', sessions, () => ({ first: -2_147_483_648 }), 'first', 'got -2147483648.'],
    ['from both ends', members, () => ({ first: 1, last: 1 }), 'last', '`first` and `last`', 'got both'],
    ['of 101 nodes', nodes, () => ({ ids: Array(101).fill(host.sessionId) }), 'ids', '`ids`', 'at most 100', 'got 101.'],
  ])('%s is refused', async (_what, query, variablesOf, path, ...says) => {
    expectProblem(await errorsOf(gateway.url, query, variablesOf(), host.credentials), 'BAD_INPUT', path, says);
  });

  test('of nobody, and of 100 nodes, is given', async () => {
    const none = await post(gateway.url, members, { first: 0 }, host.credentials);
    expect(none).toMatchObject({ errors: undefined, data: { currentSession: { members: { totalCount: 1 } } } });
    const many = await post(gateway.url, nodes, { ids: Array(100).fill(host.sessionId) });
    expect(many.data.nodes).toEqual(Array.from({ length: 100 }, () => ({ id: host.sessionId })));
  });
});

describe('in production, unless asked otherwise,', () => {
  test('the schema is not read, and not given away by messages', async () => {
    const schema = '{ __schema { types { name } } }';
    const [error, ...more] = await errorsOf(production.url, schema);
    expect(error).toMatchObject({ message: expect.stringContaining('introspection'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
    expect(more).toHaveLength(1);
    const [type] = await errorsOf(production.url, '{ __type(name: "Session") { fields { name } } }');
    expect(type.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    const [typo] = await errorsOf(production.url, '{ sesions { totalCount } }');
    expect(typo.message).toBe('Cannot query field "sesions" on type "Query".');
    expect((await fetch(`${production.url}/`)).status).toBe(404);
  });

  test('nobody gets in without credentials', async () => {
    for (const field of [
      'sessions { totalCount }',
      'backends { id }',
      'currentSession { id }',
      `session(id: "${host.sessionId}") { id }`,
      'node(id: "bck_bG9jYWw") { id }',
    ]) {
      expectProblem(await errorsOf(production.url, `{ ${field} }`), 'UNAUTHENTICATED', null, ['anonymous', 'X-API-Key']);
    }
    for (const [field, input] of [
      ['createSession', '{}'],
      ['joinSession', `{ sessionId: "${host.sessionId}" }`],
      ['sendMessage', '{ content: "x" }'],
    ]) {
      const { data } = await post(production.url, `mutation { ${field}(input: ${input}) { ... on Problem { code status detail } } }`);
      expect(data[field ?? '']).toMatchObject({ code: 'UNAUTHENTICATED', status: 401, detail: expect.stringContaining('anonymous') });
    }
    using peer = await connectPeer(production.url);
    await peer.init();
    const refused = await peer.errorsOf('1', `subscription { sessionEvents(sessionId: "${host.sessionId}") { cursor } }`);
    expectProblem(refused, 'UNAUTHENTICATED', null, ['anonymous']);
    expect((await post(production.url, '{ viewer { kind } }')).data).toEqual({ viewer: { kind: 'ANONYMOUS' } });
  });
});
