import { Writable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import type { Backend, BackendHealth } from '../../src/core/backend.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { type TransportWorld, type TransportWorldOptions, bearer, createTransportWorld, postGraphql } from './transport-world.ts';

let world: TransportWorld;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});
const start = async (options: TransportWorldOptions = {}): Promise<void> => {
  world = await createTransportWorld(options);
};

const viewer = '{ viewer { kind session { id } } }';
const codes = ({ body }: { readonly body: any }): readonly string[] => body.errors.map(({ extensions }: any) => extensions.code);

describe('a request', () => {
  test('is answered for its caller', async () => {
    await start();
    const host = await world.create();
    const { status, body } = await postGraphql(world.url, { query: viewer }, bearer(host));
    expect([status, body]).toEqual([200, { data: { viewer: { kind: 'MEMBER', session: { id: host.sessionId } } } }]);
  });

  test('by GET must have been asked for by the browser first', async () => {
    await start();
    const url = `${world.url}/graphql?query=${encodeURIComponent('{ viewer { kind } }')}`;
    const plain = await fetch(url);
    expect([plain.status, await plain.text()]).toEqual([400, expect.stringContaining('CSRF')]);
    const asked = await fetch(url, { headers: { 'apollo-require-preflight': '1' } });
    expect(await asked.json()).toEqual({ data: { viewer: { kind: 'ANONYMOUS' } } });
  });

  test('that is too large is answered with 413', async () => {
    await start({ transport: { bodyLimitBytes: 2_000 } });
    const answer = await postGraphql(world.url, { query: viewer, padding: 'x'.repeat(2_000) });
    expect([answer.status, codes(answer)]).toEqual([413, ['TOO_LARGE']]);
    expect(answer.body.errors[0].message).toContain('2000 bytes');
    expect((await postGraphql(world.url, { query: viewer })).status).toBe(200);
  });

  test('that is no JSON, of another type, by another method or elsewhere, is answered in the shape of GraphQL', async () => {
    await start();
    const broken = await postGraphql(world.url, '{"query":');
    expect([broken.status, codes(broken)]).toEqual([400, ['BAD_REQUEST']]);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const answer = await postGraphql(world.url, { query: viewer }, { 'content-type': type });
      expect([answer.status, codes(answer)]).toEqual([415, ['BAD_REQUEST']]);
    }
    const packed = await postGraphql(world.url, { query: viewer }, { 'content-encoding': 'gzip' });
    expect([packed.status, codes(packed), packed.body.errors[0].message]).toEqual([
      415,
      ['BAD_REQUEST'],
      'The body is encoded (gzip): send it as it is.',
    ]);
    const misspelt = await fetch(`${world.url}/%zz`);
    expect([misspelt.status, codes({ body: await misspelt.json() })]).toEqual([400, ['BAD_REQUEST']]);
    const put = await fetch(`${world.url}/graphql`, { method: 'PUT' });
    expect([put.status, put.headers.get('allow'), codes({ body: await put.json() })]).toEqual([405, 'GET, POST', ['BAD_REQUEST']]);
    const lost = await fetch(`${world.url}/nowhere?secret=1`);
    expect([lost.status, await lost.json()]).toEqual([
      404,
      { errors: [{ message: 'There is nothing at /nowhere.', extensions: { code: 'NOT_FOUND' } }] },
    ]);
  });

  test('of many operations at once is refused', async () => {
    await start();
    expect((await postGraphql(world.url, [{ query: viewer }, { query: viewer }])).status).toBe(400);
  });

  test('has an id, its own where it is sane', async () => {
    await start();
    const idOf = async (id?: string): Promise<string | null> => {
      const answer = await postGraphql(world.url, { query: viewer }, id === undefined ? {} : { 'x-request-id': id });
      return answer.headers.get('x-request-id');
    };
    expect(await idOf('edge-7:42.a')).toBe('edge-7:42.a');
    expect(await idOf()).toMatch(/^[\da-f-]{36}$/);
    for (const insane of ['a b', 'x'.repeat(129), '"}{"']) expect(await idOf(insane)).toMatch(/^[\da-f-]{36}$/);
  });

  test('for a subscription is told where subscriptions are', async () => {
    await start();
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await postGraphql(world.url, { query: 'subscription { sessionEvents { cursor } }' }, { accept });
      expect([answer.status, codes(answer)]).toEqual([406, ['BAD_REQUEST']]);
      expect(answer.body.errors[0].message).toContain('text/event-stream');
    }
  });
});

describe('credentials that are refused', () => {
  test('are answered with 401, saying what is wanted, and 400 where they are not the matter', async () => {
    await start();
    const refused: Record<string, string>[] = [
      { authorization: 'Bearer nonsense' },
      { authorization: 'Basic YTpi' },
      { 'x-api-key': 'pk_no' },
    ];
    for (const headers of refused) {
      const answer = await postGraphql(world.url, { query: viewer }, headers);
      expect([answer.status, codes(answer)]).toEqual([401, ['UNAUTHENTICATED']]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="parley"/);
      expect(answer.body).not.toHaveProperty('data');
    }
    const answer = await postGraphql(world.url, { query: viewer }, { 'x-session-id': 'what?' });
    expect([answer.status, codes(answer)]).toEqual([400, ['BAD_INPUT']]);
  });
});

describe('errors', () => {
  const deep = `{ viewer { session { ${'messages { nodes { session { '.repeat(6)} id ${'} } }'.repeat(6)} } } }`;

  test('in the operation are told with 200 to clients that know JSON only, with 400 to the others', async () => {
    await start();
    for (const [query, code] of [
      ['{', 'GRAPHQL_PARSE_FAILED'],
      ['{ nope }', 'GRAPHQL_VALIDATION_FAILED'],
      [deep, 'OPERATION_TOO_COMPLEX'],
      ['query ($id: ID!) { session(id: $id) { id } }', 'BAD_USER_INPUT'],
      ['query a { __typename } query b { __typename }', 'OPERATION_RESOLUTION_FAILURE'],
    ] as const) {
      const legacy = await postGraphql(world.url, { query }, { accept: 'application/json' });
      expect([legacy.status, codes(legacy)[0]]).toEqual([200, code]);
      const modern = await postGraphql(world.url, { query }, { accept: 'application/graphql-response+json' });
      expect([modern.status, codes(modern)[0]]).toEqual([400, code]);
      expect(modern.headers.get('content-type')).toContain('application/graphql-response+json');
    }
  });

  test('hide the schema where introspection is off', async () => {
    await start({ introspection: false });
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Query") { name } }']) {
      expect(new Set(codes(await postGraphql(world.url, { query })))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
    }
  });
});

describe('the log', () => {
  test('has a line for each request at the level of debugging, without its variables', async () => {
    const lines: any[] = [];
    const destination = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    await start({ transport: { logger: createLogger({ level: 'debug', destination }), trustProxy: ['loopback'] } });
    await fetch(`${world.url}/graphql?query={__typename}&variables={"a":"secret"}`, {
      headers: { 'apollo-require-preflight': '1', 'x-request-id': 'r-1', 'x-forwarded-for': '203.0.113.9', authorization: 'Bearer secret' },
    });
    await world.stop();
    expect(lines.find(({ msg }) => msg === 'request')).toMatchObject({
      requestId: 'r-1',
      method: 'GET',
      path: '/graphql',
      status: 401,
      ms: expect.any(Number),
      address: '203.0.113.9',
    });
    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});

describe('CORS', () => {
  test('lets any origin in, or those listed, or none', async () => {
    const allowed = async (origin: string): Promise<string | null> => {
      const answer = await fetch(`${world.url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
      });
      return answer.headers.get('access-control-allow-origin');
    };
    await start({ transport: { corsOrigins: '*' } });
    expect(await allowed('https://any.example')).toBe('*');
    await world[Symbol.asyncDispose]();
    await start({ transport: { corsOrigins: ['https://app.example'] } });
    expect(await allowed('https://app.example')).toBe('https://app.example');
    expect(await allowed('https://evil.example')).not.toBe('https://evil.example');
    await world[Symbol.asyncDispose]();
    await start({ transport: { corsOrigins: [] } });
    expect(await allowed('https://app.example')).toBeNull();
  });
});

describe('health', () => {
  test('is live, and ready as long as what it needs answers', async () => {
    let failing: string | null = null;
    const check = (name: string) => async (): Promise<void> => {
      if (failing === name) throw new Error('gone');
      if (failing === 'slow') await new Promise(() => {});
    };
    await start({ transport: { store: { check: check('store'), checkWrites: check('storeWrites') }, bus: { check: check('bus') } } });
    const ready = async (): Promise<unknown> => {
      const answer = await fetch(`${world.url}/health/ready`);
      return [answer.status, await answer.json()];
    };
    const up = { store: 'up', bus: 'up', storeWrites: 'up' };
    expect(await ready()).toEqual([200, { status: 'ready', checks: up, backends: {} }]);
    failing = 'store';
    expect(await ready()).toEqual([503, { status: 'unready', checks: { ...up, store: 'down' }, backends: {} }]);
    failing = 'bus';
    expect(await ready()).toEqual([200, { status: 'degraded', checks: { ...up, bus: 'down' }, backends: {} }]);
    failing = 'storeWrites';
    expect(await ready()).toEqual([200, { status: 'degraded', checks: { ...up, storeWrites: 'down' }, backends: {} }]);
    failing = 'slow';
    expect(await ready()).toEqual([503, { status: 'unready', checks: { store: 'down', bus: 'down', storeWrites: 'down' }, backends: {} }]);
    expect((await fetch(`${world.url}/health/live`)).status).toBe(200);
  });

  test('tells of each service how it is, and is ready whatever that be', async () => {
    const lines: any[] = [];
    const destination = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const saying = (status: BackendHealth['status']) => async (): Promise<BackendHealth> => ({
      status,
      circuit: 'CLOSED',
      latencyMs: 3,
      checkedAt: 0,
      message: 'for operators only',
    });
    const signals: AbortSignal[] = [];
    await start({
      transport: {
        logger: createLogger({ level: 'warn', destination }),
        backends: new Map([
          ['local', { kind: 'LOCAL', health: saying('DOWN') }],
          ['one', { kind: 'SIPHER', health: saying('UP') }],
          ['two', { kind: 'ELIZA', health: saying('DEGRADED') }],
          ['three', { kind: 'ELIZA', health: saying('DOWN') }],
          ['broken', { kind: 'JULEP', health: () => Promise.reject(new Error('it broke')) }],
          [
            'silent',
            {
              kind: 'MACHANI',
              health: (signal) => {
                if (signal !== undefined) signals.push(signal);
                return new Promise(() => {});
              },
            },
          ],
        ] satisfies [string, Pick<Backend, 'kind' | 'health'>][]),
      },
    });
    const answer = await fetch(`${world.url}/health/ready`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        status: 'ready',
        checks: { store: 'up', bus: 'up', storeWrites: 'up' },
        backends: { one: 'UP', two: 'DEGRADED', three: 'DOWN', broken: 'DOWN', silent: 'DOWN' },
      },
    ]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await world.stop();
    // Each that does not say how it is is logged; what says so is not, or every probe would repeat it.
    expect(lines.map(({ backend, err }) => [backend, err.message])).toEqual([
      ['broken', 'it broke'],
      ['silent', 'The health of backend silent took longer than 2000 ms.'],
    ]);
  });
});
