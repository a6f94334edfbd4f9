import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { isProblem } from '../../../src/core/problem.ts';
import type { HttpStream, HttpStreamRequest } from '../../../src/backends/shared/http-message.ts';
import type { HttpClientOptions } from '../../../src/backends/shared/http-options.ts';
import { ndjsonLines } from '../../../src/backends/shared/ndjson-lines.ts';
import { sseEvents } from '../../../src/backends/shared/sse-events.ts';
import { type Answer, type Service, createService, inTurn, json } from './service.ts';

let service: Service;
afterEach(() => service[Symbol.asyncDispose]());

const request: HttpStreamRequest = { method: 'GET', path: '/events', operation: 'follow events', accept: 'application/x-ndjson' };

/** Opens a stream, and gives the server's side of it. */
async function open(
  more: Partial<HttpStreamRequest> = {},
  options: Partial<HttpClientOptions> = {},
): Promise<{ readonly stream: HttpStream; readonly response: ServerResponse }> {
  let response: ServerResponse | null = null;
  service = await createService(options, (_, given) => {
    response = given;
    given.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
  });
  const stream = await service.client.stream({ ...request, ...more });
  if (isProblem(stream) || stream.kind !== 'stream' || response === null)
    throw new Error(`Expected a stream, got ${JSON.stringify(stream)}.`);
  return { stream, response };
}

async function* from(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('a stream', () => {
  test('comes as it is sent, and ends', async () => {
    const { stream, response } = await open();
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    const lines = ndjsonLines(stream.body);
    response.write('{"a":1}\n');
    expect(await lines.next()).toEqual({ done: false, value: { kind: 'value', value: { a: 1 } } });
    response.end('{"a":2}\n');
    expect(await all(lines)).toEqual([{ kind: 'value', value: { a: 2 } }]);
  });

  test('does not take the place of a request, and outlives the time of an attempt', async () => {
    const { stream, response } = await open({ timeoutMs: 30 }, { concurrency: 1, queue: 0 });
    service.answer = json(200, {});
    expect(await service.client.request({ method: 'GET', path: '/', operation: 'read' })).toMatchObject({ status: 200 });
    const chunks = stream.body[Symbol.asyncIterator]();
    service.answer = () => {};
    expect(await service.client.request({ method: 'POST', path: '/', operation: 'read', timeoutMs: 60 })).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    });
    response.write('late');
    expect(String((await chunks.next()).value)).toBe('late');
  });

  test('that is cut off throws a problem', async () => {
    const { stream, response } = await open();
    response.write('{}\n', () => response.socket?.destroy());
    await expect(all(stream.body)).rejects.toMatchObject({ problem: { code: 'UPSTREAM_FAILED', backend: 'demo' } });
  });

  test('that is silent for too long throws a problem', async () => {
    const { stream, response } = await open({ idleTimeoutMs: 30 });
    const gone = once(response, 'close');
    await expect(all(stream.body)).rejects.toMatchObject({ problem: { code: 'UPSTREAM_TIMEOUT' } });
    await gone;
  });

  test('ends where it is disposed of, also while it is waited for', async () => {
    const { stream, response } = await open();
    const gone = once(response, 'close');
    const waiting = all(stream.body);
    await stream.body[Symbol.asyncDispose]();
    expect(await waiting).toEqual([]);
    await gone;
  });

  test('closes the connection where the reader stops', async () => {
    const { stream, response } = await open();
    const gone = once(response, 'close');
    response.write('one');
    for await (const chunk of stream.body) {
      expect(String(chunk)).toBe('one');
      break;
    }
    await gone;
  });

  test('throws the reason of an abort', async () => {
    const caller = new AbortController();
    const { stream } = await open({ signal: caller.signal });
    const waiting = all(stream.body);
    caller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('ends with the client', async () => {
    const { stream } = await open();
    const waiting = all(stream.body);
    const [outcome] = await Promise.allSettled([waiting, service.client[Symbol.asyncDispose]()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { problem: { code: 'UPSTREAM_UNAVAILABLE' } } });
  });

  test.each<readonly [string, Answer, object]>([
    ['a refusal is a reply', json(404, { code: 'X' }), { kind: 'reply', status: 404, json: { code: 'X' } }],
    ['a failure is a problem', json(500, {}), { kind: 'problem', code: 'UPSTREAM_FAILED' }],
    ['a page is a problem', (_, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), { code: 'UPSTREAM_FAILED' }],
    ['silence is a problem', () => {}, { code: 'UPSTREAM_TIMEOUT' }],
    ['opening is repeated', inTurn(json(503, {}), (_, r) => void r.writeHead(200).end('x')), { kind: 'stream', status: 200 }],
  ])('%s', async (_, answer, found) => {
    service = await createService({ timeoutMs: 50 }, answer);
    expect(await service.client.stream(request)).toMatchObject(found);
  });
});

describe('lines of JSON', () => {
  test('are put together from chunks that end anywhere', async () => {
    const bytes = Buffer.from('{"t":"Grüße 👋"}\n\n  \r\n[1]\r\n{"last":true}');
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    const lines = [{ t: 'Grüße 👋' }, [1], { last: true }].map((value) => ({ kind: 'value', value }));
    expect(await all(ndjsonLines(from(...single)))).toEqual(lines);
    expect(await all(ndjsonLines(from(bytes)))).toEqual(lines);
  });

  test('that are faulty or too long are said to be, and passed over', async () => {
    const lines = await all(ndjsonLines(from('{"a"\n', '"', 'x'.repeat(30), 'x'.repeat(30), '"\n1\n', '{"cut'), { maxLineBytes: 40 }));
    expect(lines).toEqual([
      { kind: 'fault', fault: 'not JSON' },
      { kind: 'fault', fault: 'too long' },
      { kind: 'value', value: 1 },
      { kind: 'fault', fault: 'not JSON' },
    ]);
  });
});

describe('server-sent events', () => {
  test('are put together from chunks that end anywhere', async () => {
    const text = ': hi\n\nid: 7\nevent: chunk\ndata: {"t":"Grüße"}\ndata: 2\n\ndata: plain\n\ndata: cut';
    const single = Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte));
    expect(await all(sseEvents(from(...single), { backend: 'demo' }))).toEqual([
      { event: 'chunk', data: '{"t":"Grüße"}\n2', id: '7' },
      { event: 'message', data: 'plain', id: null },
    ]);
  });

  test('are bounded', async () => {
    const events = sseEvents(from('data: ok\n\n', `data: ${'x'.repeat(200)}`), { backend: 'demo', maxEventChars: 100 });
    expect(await events.next()).toMatchObject({ value: { data: 'ok' } });
    await expect(events.next()).rejects.toMatchObject({ problem: { code: 'UPSTREAM_FAILED', backend: 'demo' } });
  });
});
