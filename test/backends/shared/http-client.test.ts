import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { problem } from '../../../src/core/problem.ts';
import { createHttpClient } from '../../../src/backends/shared/http-client.ts';
import type { HttpRequest } from '../../../src/backends/shared/http-message.ts';
import type { HttpClientOptions } from '../../../src/backends/shared/http-options.ts';
import { type Answer, type Service, createRawService, createService, inTurn, json, vacantUrl } from './service.ts';

let service: Service | null = null;
afterEach(async () => {
  await service?.[Symbol.asyncDispose]();
  service = null;
});
const start = async (answer?: Answer, options?: Partial<HttpClientOptions>): Promise<Service> => {
  service = await createService(options, answer);
  return service;
};

const read: HttpRequest = { method: 'GET', path: '/things/{id}', params: { id: 'a' }, operation: 'read the thing' };
const write: HttpRequest = { method: 'POST', path: '/things', body: { a: 1 }, operation: 'make a thing' };
const hang: Answer = () => {};
const half: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
  response.write('{"a":', () => response.socket?.destroy());
};

describe('a reply', () => {
  test('is asked for as told', async () => {
    let seen: object = {};
    const { client, url, came } = await start((request, response) => {
      let text = '';
      request.on('data', (chunk) => (text += String(chunk)));
      request.on('end', () => {
        seen = { key: request.headers['x-api-key'], type: request.headers['content-type'], text };
        json(201, { made: true }, { 'X-More': 'yes' })(request, response);
      });
    });
    await client[Symbol.asyncDispose]();
    const other = createHttpClient({ name: 'demo', url: `${url}/v1/`, headers: { 'X-API-KEY': 'old' } });
    const query = { limit: 5, tag: ['a', 'b&c'], none: undefined, deep: true };
    const reply = await other.request({ ...write, path: '/things/{id}', params: { id: 'a/b ü' }, query, headers: { 'x-api-key': 'new' } });
    expect(reply).toMatchObject({ kind: 'reply', status: 201, json: { made: true }, text: '{"made":true}', headers: { 'x-more': 'yes' } });
    expect(came).toEqual(['POST /v1/things/a%2Fb%20%C3%BC?limit=5&tag=a&tag=b%26c&deep=true']);
    expect(seen).toEqual({ key: 'new', type: 'application/json', text: '{"a":1}' });
    await other[Symbol.asyncDispose]();
  });

  test.each(['', '.', '..'])('an id of %o never gets into the path', async (id) => {
    const { client, came } = await start();
    expect(await client.request({ ...read, params: { id } })).toMatchObject({ code: 'NOT_FOUND', backend: 'demo' });
    expect(came).toEqual([]);
  });

  test.each([400, 401, 404, 409, 410, 422])('%i is for the connector to judge', async (status) => {
    const { client, came } = await start(json(status, { code: 'X' }));
    expect(await client.request(read)).toMatchObject({ status, json: { code: 'X' } });
    expect(came).toHaveLength(1);
  });

  test('may be empty, or plain text where it refuses', async () => {
    const { client } = await start(
      inTurn(
        (_, response) => void response.writeHead(204).end(),
        (_, response) => void response.writeHead(401, { 'content-type': 'text/plain' }).end('Who are you?'),
        (_, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('{"a":1}'),
        (_, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('Fine.'),
      ),
    );
    expect(await client.request(read)).toMatchObject({ status: 204, json: null, text: '' });
    expect(await client.request(read)).toMatchObject({ status: 401, json: null, text: 'Who are you?' });
    expect(await client.request(read)).toMatchObject({ status: 200, json: { a: 1 } });
    expect(await client.request({ ...read, json: false })).toMatchObject({ status: 200, json: null, text: 'Fine.' });
  });

  test('with an accepted status is a reply, whatever it is', async () => {
    const { client, came } = await start(json(503, { status: 'unhealthy' }));
    expect(await client.request({ ...read, acceptStatuses: [503] })).toMatchObject({ status: 503, json: { status: 'unhealthy' } });
    expect(came).toHaveLength(1);
  });

  test('of a failing server may be mapped', async () => {
    const { client, came } = await start(json(500, { code: 'BAD_JSON' }));
    const mapServerErrors: HttpRequest['mapServerErrors'] = ({ status, json }) =>
      status === 500 && (json as { code: string }).code === 'BAD_JSON' ? problem('BAD_INPUT', 'Not JSON.', { backend: 'demo' }) : null;
    expect(await client.request({ ...read, mapServerErrors })).toMatchObject({ code: 'BAD_INPUT', detail: 'Not JSON.' });
    expect(came).toHaveLength(1);
    expect(client.lastFailure()).toBeNull();
  });
});

describe('a failure', () => {
  test('nobody listens', async () => {
    const client = createHttpClient({ name: 'demo', url: await vacantUrl(), retryBaseMs: 1 });
    const found = await client.request(write);
    expect(found).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', backend: 'demo' });
    expect(found).toHaveProperty('detail', 'Backend demo cannot be reached: ECONNREFUSED (make a thing): try again, or check its `url`.');
    expect(client.lastFailure()).toContain('ECONNREFUSED');
    await client[Symbol.asyncDispose]();
  });

  test('no such host', async () => {
    const calls: unknown[] = [];
    const client = createHttpClient({ name: 'demo', url: 'http://nowhere.invalid', retryBaseMs: 1, onCall: (call) => calls.push(call) });
    expect(await client.request(write)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(calls).toHaveLength(3);
    await client[Symbol.asyncDispose]();
  });

  test('no answer in time', async () => {
    const { client, came, calls } = await start(hang, { timeoutMs: 40 });
    expect(await client.request(read)).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      detail: expect.stringMatching(/^Backend demo did not answer within 0\.0\d+ s \(read the thing\): try again\.$/),
    });
    expect(came.length).toBeGreaterThan(1);
    expect(calls[0]).toMatchObject({ method: 'GET', path: '/things/{id}', status: null, attempt: 1 });
    expect(await client.request(write)).toMatchObject({ detail: expect.stringContaining('see whether it took effect') });
  });

  test('a body that never ends', async () => {
    const { client } = await start((_, response) => void response.writeHead(200).write('{'), { timeoutMs: 40, retries: 0 });
    expect(await client.request(read)).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  });

  test('a reset before the answer', async () => {
    const { client, came } = await start((request) => request.socket.resetAndDestroy());
    expect(await client.request(read)).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      detail: expect.stringContaining('closed the connection'),
    });
    expect(came).toHaveLength(3);
    expect(await client.request(write)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(came).toHaveLength(4);
  });

  test('half a body', async () => {
    const { client, came } = await start(half);
    expect(await client.request(write)).toMatchObject({ code: 'UPSTREAM_FAILED', detail: expect.stringContaining('in the middle') });
    expect(came).toHaveLength(1);
  });

  test('something that is not HTTP', async () => {
    const raw = await createRawService((socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'));
    const client = createHttpClient({ name: 'demo', url: raw.url });
    expect(await client.request(read)).toMatchObject({ code: 'UPSTREAM_FAILED', detail: expect.stringContaining('not HTTP') });
    expect(raw.connections()).toBe(1);
    await client[Symbol.asyncDispose]();
    raw[Symbol.dispose]();
  });

  test.each<readonly [string, Answer, string]>([
    ['a page', (_, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi'), 'answered 200 with a page instead of JSON'],
    ['a page of 404', (_, r) => void r.writeHead(404, { 'content-type': 'text/html' }).end('<p>Hi'), 'answered 404 with a page'],
    ['no JSON', (_, r) => void r.writeHead(200, { 'content-type': 'application/json' }).end('{"a"'), 'a body that is not JSON'],
    ['a redirect', (_, r) => void r.writeHead(302, { location: '/login' }).end(), 'answered 302 with a redirect'],
    ['too much', (_, r) => void r.writeHead(200).end(JSON.stringify('x'.repeat(2_000))), 'answered more than 1000 bytes'],
  ])('%s', async (_, answer, detail) => {
    const { client, came } = await start(answer, { maxBodyBytes: 1_000 });
    expect(await client.request(read)).toMatchObject({ code: 'UPSTREAM_FAILED', detail: expect.stringContaining(detail) });
    expect(came).toHaveLength(1);
  });

  test.each<readonly [string, Answer, string]>([
    ['a page', (_, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi'), 'a page instead of JSON'],
    ['a page of no type', (_, r) => void r.writeHead(200).end('\n<!DOCTYPE html><p>Sign in'), 'a page instead of JSON'],
    ['a page of 404', (_, r) => void r.writeHead(404, { 'content-type': 'text/html' }).end('<p>Hi'), 'a page instead of JSON'],
    ['broken JSON', (_, r) => void r.writeHead(200, { 'content-type': 'application/json' }).end('{"a"'), 'a body that is not JSON'],
  ])('%s, where the reply may be anything', async (_, answer, detail) => {
    const { client } = await start(answer);
    const found = await client.request({ ...read, json: false });
    expect(found).toMatchObject({ code: 'UPSTREAM_FAILED', detail: expect.stringContaining(detail) });
  });

  test('quotes nothing that is secret', async () => {
    const { client } = await start(json(500, { secret: 'hidden-body' }), { headers: { authorization: 'hidden-key' } });
    const query = { token: 'hidden-query' };
    const found = await client.request({ ...read, query, params: { id: 'hidden-id' }, headers: { 'x-session': 'hidden-header' } });
    expect(JSON.stringify(found)).not.toContain('hidden');
    expect(found).toHaveProperty('detail', 'Backend demo failed with status 500 (read the thing): try again later.');
  });
});

describe('attempts', () => {
  test.each([500, 502, 503, 504])('after %i, safe requests are repeated and others are not', async (status) => {
    const { client, came, calls } = await start(inTurn(json(status, {}), json(status, {}), json(200, {})));
    expect(await client.request(read)).toMatchObject({ status: 200 });
    expect(calls.map((call) => [call.status, call.attempt])).toEqual([
      [status, 1],
      [status, 2],
      [200, 3],
    ]);
    came.splice(0);
    (service as Service).answer = json(status, {});
    expect(await client.request(write)).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(came).toHaveLength(1);
    expect(await client.request({ ...write, safe: true })).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(came).toHaveLength(4);
  });

  test.each([429, 503])('after %i with Retry-After any request is repeated', async (status) => {
    const { client, came } = await start(inTurn(json(status, {}, { 'retry-after': '0' }), json(201, {})));
    expect(await client.request(write)).toMatchObject({ status: 201 });
    expect(came).toHaveLength(2);
  });

  test('a wait that the service asks for is kept to', async () => {
    const { client } = await start(inTurn(json(429, {}, { 'retry-after': '1' }), json(200, {})));
    const before = Date.now();
    expect(await client.request(read)).toMatchObject({ status: 200 });
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
  });

  test.each([
    ['seconds', () => '30'],
    ['a date', () => new Date(Date.now() + 30_000).toUTCString()],
  ])('one that is too long, in %s, is handed on', async (_, after) => {
    const { client, came } = await start((request, response) => json(429, {}, { 'retry-after': after() })(request, response));
    const found = await client.request(read);
    expect(found).toMatchObject({ code: 'RATE_LIMITED', detail: expect.stringMatching(/try again in (29|30) s\.$/) });
    expect(Math.round((found as { retryAfterSeconds: number }).retryAfterSeconds / 10)).toBe(3);
    expect(came).toHaveLength(1);
    expect(client.circuit()).toBe('CLOSED');
  });

  test.each(['Fri, 31 Dec 9999 23:59:59 GMT', '999999999', '9'.repeat(40)])('one that nobody means is a day: %s', async (after) => {
    const { client } = await start((request, response) => json(429, {}, { 'retry-after': after })(request, response));
    expect(await client.request(read)).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: 86_400,
      detail: expect.stringContaining('try again in 86400 s.'),
    });
  });
});

describe('the circuit', () => {
  test('opens after failures in a row, lets one request try, and closes', async () => {
    const { client, came } = await start(json(500, {}), { retries: 0, breaker: { failures: 3, openMs: 80 } });
    await client.request(read);
    await client.request(read);
    expect(client.circuit()).toBe('CLOSED');
    await client.request(read);
    expect([client.circuit(), came.length]).toEqual(['OPEN', 3]);
    expect(client.lastFailure()).toContain('status 500');
    expect(await client.request(read)).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryAfterSeconds: 1,
      detail: 'Backend demo is left alone since it kept failing (read the thing): it is tried again in 1 s.',
    });
    expect(came).toHaveLength(3);
    await expect.poll(() => client.circuit()).toBe('HALF_OPEN');
    await client.request(read);
    expect([client.circuit(), came.length]).toEqual(['OPEN', 4]);
    await expect.poll(() => client.circuit()).toBe('HALF_OPEN');

    const { server } = service as Service;
    const { promise: told, resolve: answerNow } = Promise.withResolvers<void>();
    (service as Service).answer = (request, response) => void told.then(() => json(200, {})(request, response));
    const arrival = once(server, 'request');
    const trial = client.request(read);
    await arrival;
    expect(await client.request(read)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    answerNow();
    expect(await trial).toMatchObject({ status: 200 });
    expect([client.circuit(), client.lastFailure(), came.length]).toEqual(['CLOSED', null, 5]);
  });

  test('answers with the failure that opened it, where attempts were left', async () => {
    const { client, came } = await start(json(500, {}), { breaker: { failures: 2 } });
    expect(await client.request(read)).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect([client.circuit(), came.length]).toEqual(['OPEN', 2]);
  });

  test('does not count refusals and aborts', async () => {
    const { client, server } = await start(json(404, {}), { retries: 0, breaker: { failures: 1 } });
    await client.request(read);
    (service as Service).answer = json(429, {});
    await client.request(read);
    (service as Service).answer = hang;
    const caller = new AbortController();
    const asked = client.request({ ...read, signal: caller.signal });
    await once(server, 'request');
    caller.abort();
    await expect(asked).rejects.toThrow('aborted');
    expect([client.circuit(), client.lastFailure()]).toEqual(['CLOSED', null]);
  });

  test('stays open where its one trial is aborted', async () => {
    const { client, server } = await start(json(500, {}), { retries: 0, breaker: { failures: 1, openMs: 30 } });
    await client.request(read);
    await expect.poll(() => client.circuit()).toBe('HALF_OPEN');
    (service as Service).answer = hang;
    const caller = new AbortController();
    const trial = client.request({ ...read, signal: caller.signal });
    await once(server, 'request');
    caller.abort(new Error('enough'));
    await expect(trial).rejects.toThrow('enough');
    expect(client.circuit()).toBe('OPEN');
  });
});

describe('bounds', () => {
  test('so many at a time, so many waiting, and no more', async () => {
    const open: (() => void)[] = [];
    const { client, came, server } = await start((request, response) => void open.push(() => json(200, {})(request, response)), {
      concurrency: 1,
      queue: 1,
    });
    const first = client.request(read);
    await once(server, 'request');
    const second = client.request(read);
    expect(await client.request(read)).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
    expect(came).toHaveLength(1);
    open.shift()?.();
    expect(await first).toMatchObject({ status: 200 });
    await once(server, 'request');
    open.shift()?.();
    expect(await second).toMatchObject({ status: 200 });
  });

  test('one that waits may leave, and one that waits too long has to', async () => {
    const { client, server, came } = await start(hang, { concurrency: 1, queue: 1, retries: 0 });
    const first = client.request(read);
    await once(server, 'request');
    const caller = new AbortController();
    const second = client.request({ ...read, signal: caller.signal });
    caller.abort();
    await expect(second).rejects.toThrow('aborted');
    expect(await client.request({ ...read, timeoutMs: 20 })).toMatchObject({ code: 'RATE_LIMITED' });
    expect(came).toHaveLength(1);
    await client[Symbol.asyncDispose]();
    expect(await first).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', detail: expect.stringContaining('shut down') });
    expect(await client.request(read)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await client[Symbol.asyncDispose]();
  });

  test('a signal that is aborted already sends nothing', async () => {
    const { client, came } = await start();
    await expect(client.request({ ...read, signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    expect(came).toEqual([]);
  });

  test('a rate limit is kept to', async () => {
    const { client, came } = await start(json(200, {}), { rateLimit: { requests: 2, windowMs: 60_000, queueMs: 0 } });
    await Promise.all([client.request(read), client.request(read)]);
    expect(await client.request(read)).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 60, backend: 'demo' });
    expect(came).toHaveLength(2);
  });
});
