import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { type Emulator, createEmulator } from './emulator.ts';
import type { Fault } from './faults.ts';

let emulator: Emulator;
let restarts = 0;
let made = 0;
afterEach(() => emulator[Symbol.asyncDispose]());

const start = async (): Promise<void> => {
  [restarts, made] = [0, 0];
  emulator = await createEmulator({
    name: 'things',
    onRestart: () => (restarts += 1),
    routes(app) {
      app.get('/things/:id', (request) => ({ id: (request.params as { id: string }).id, note: 'Grüße' }));
      app.post('/things', (request, reply) => {
        made += 1;
        return reply.code(201).send({ made, got: request.body ?? null });
      });
    },
  });
};
const post = (body: unknown): Promise<Response> =>
  fetch(`${emulator.url}/things`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

describe('an emulator', () => {
  test('records what it is asked', async () => {
    await start();
    const arrival = emulator.received('POST /things');
    await fetch(`${emulator.url}/things/a?deep=1`, { headers: { 'X-Who': 'me' } });
    await post({ a: 1 });
    expect(await arrival).toMatchObject({ body: { a: 1 } });
    await fetch(`${emulator.url}/nowhere`);
    expect(emulator.requests.map(({ method, url, route, body, status }) => ({ method, url, route, body, status }))).toEqual([
      { method: 'GET', url: '/things/a?deep=1', route: '/things/:id', body: undefined, status: 200 },
      { method: 'POST', url: '/things', route: '/things', body: { a: 1 }, status: 201 },
      { method: 'GET', url: '/nowhere', route: null, body: undefined, status: 404 },
    ]);
    expect(emulator.requests[0]?.headers['x-who']).toBe('me');
    expect([
      emulator.count(),
      emulator.count('GET /things/:id'),
      emulator.count('GET /things/a'),
      emulator.count((each) => each.status === 404),
    ]).toEqual([3, 1, 1, 1]);
    expect(emulator.unknownRequests.map(({ url }) => url)).toEqual(['/nowhere']);
    emulator.clear();
    expect([emulator.count(), emulator.unknownRequests.length]).toEqual([0, 0]);
  });

  test('takes an empty JSON body for none, and refuses a malformed one', async () => {
    await start();
    const send = (body: string): Promise<Response> =>
      fetch(`${emulator.url}/things`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(await (await send('')).json()).toEqual({ made: 1, got: null });
    expect((await send('{"a":')).status).toBe(400);
  });

  test('stops and starts again at the same place', async () => {
    await start();
    const { url, server } = emulator;
    await emulator.stop();
    await emulator.stop();
    await expect(fetch(`${url}/things/a`)).rejects.toThrow('fetch failed');
    await emulator.start();
    expect((await fetch(`${url}/things/a`)).status).toBe(200);
    expect([emulator.url, emulator.server === server, restarts]).toEqual([url, true, 1]);
    await expect(emulator.start()).rejects.toThrow('is running');
  });
});

/** What a plain client sees: the status, the body so far, and whether it was cut off. */
async function see(url: string, asked: ClientRequest = httpRequest(url)): Promise<string> {
  asked.end();
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    try {
      response.setEncoding('utf8');
      for await (const chunk of response) text += chunk as string;
    } catch {
      return `${response.statusCode} cut off after ${text.length}`;
    }
    return `${response.statusCode} ${response.headers['content-type']} ${text}`;
  } catch {
    return 'no answer';
  }
}

describe('a fault', () => {
  test.each<readonly [Fault, RegExp]>([
    [{ kind: 'delay', ms: 1 }, /^200 application\/json.* {"id":"a"/],
    [{ kind: 'status', status: 503, body: { error: 'x' }, headers: { 'retry-after': '3' } }, /^503 application\/json.* {"error":"x"}$/],
    [{ kind: 'status', status: 500 }, /^500 application\/json\S* \S* $/],
    [{ kind: 'reset' }, /^no answer$/],
    [{ kind: 'half' }, /^200 cut off after \d+$/],
    [{ kind: 'nonsense' }, /^200 application\/json.* {"unexpected"/],
    [{ kind: 'html', status: 502 }, /^502 text\/html.*<!doctype/],
    [{ kind: 'truncated-json' }, /^200 application\/json; charset=utf-8 {"id":"a"[^}]*$/],
    [{ kind: 'wrong-content-type' }, /^200 application\/octet-stream {"id":"a"/],
  ])('%o', async (fault, seen) => {
    await start();
    const placed = emulator.fault(fault, { times: 1 });
    expect(await see(`${emulator.url}/things/a`)).toMatch(seen);
    expect(placed.hits).toBe(1);
    expect(await see(`${emulator.url}/things/a`)).toMatch(/^200 application\/json/);
  });

  test('a flood is as large as asked', async () => {
    await start();
    emulator.fault({ kind: 'flood', bytes: 300_000 });
    expect((await see(`${emulator.url}/things/a`)).length).toBeGreaterThan(300_000);
  });

  test('a hanging request ends with the client, or with the emulator', async () => {
    await start();
    emulator.fault({ kind: 'hang' });
    const arrival = emulator.received();
    const seen = see(`${emulator.url}/things/a`);
    await arrival;
    expect(emulator.requests[0]?.status).toBeNull();
    await emulator.stop();
    expect(await seen).toBe('no answer');
  });

  test('happens before or after the request is applied', async () => {
    await start();
    emulator.fault({ kind: 'status', status: 500 }, { times: 1 });
    expect((await post({})).status).toBe(500);
    expect([made, emulator.requests[0]?.status]).toEqual([0, 500]);
    emulator.fault({ kind: 'status', status: 504 }, { times: 1, when: 'after' });
    expect((await post({})).status).toBe(504);
    expect(made).toBe(1);
    emulator.fault({ kind: 'reset' }, { times: 1, when: 'after' });
    await expect(post({})).rejects.toThrow('fetch failed');
    expect(made).toBe(2);
  });

  test('happens to what it matches, until it is disposed of', async () => {
    await start();
    const placed = emulator.fault({ kind: 'status', status: 418 }, { match: 'GET /things/:id' });
    expect((await post({})).status).toBe(201);
    expect((await fetch(`${emulator.url}/things/a`)).status).toBe(418);
    expect((await fetch(`${emulator.url}/things/a`)).status).toBe(418);
    placed[Symbol.dispose]();
    expect((await fetch(`${emulator.url}/things/a`)).status).toBe(200);
    expect(placed.hits).toBe(2);
  });
});
