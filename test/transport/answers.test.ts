import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { type TransportWorld, type TransportWorldOptions, bearer, createTransportWorld, postGraphql } from './transport-world.ts';

let world: TransportWorld;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});
const start = async (options: TransportWorldOptions = {}): Promise<void> => {
  world = await createTransportWorld(options);
};

const query = '{ viewer { kind session { title } } }';

/** The names and values of an answer's header, but for the date, and its body. */
async function answered(headers: Readonly<Record<string, string>>): Promise<readonly [headers: object, body: string]> {
  const asked = request(`${world.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
  asked.end(JSON.stringify({ query }));
  const [response] = await once(asked, 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  const { date, ...rest } = response.headers;
  expect(date).toMatch(/GMT$/);
  return [{ status: response.statusCode, ...rest }, body];
}

test.each([
  ['*', { 'access-control-allow-origin': '*' }],
  [['https://app.example'], { 'access-control-allow-origin': 'https://app.example', vary: 'Origin' }],
  [[], { vary: 'Origin' }],
] as const)('an answer has the same headers however often it was given, with CORS for %s', async (corsOrigins, cors) => {
  await start({ transport: { corsOrigins } });
  const host = await world.create({ title: 'Deck ⚓' });
  const text = '{"data":{"viewer":{"kind":"MEMBER","session":{"title":"Deck ⚓"}}}}\n';
  // By Apollo Server first, then past it.
  for (let time = 0; time < 4; time += 1) {
    expect(await answered({ ...bearer(host), origin: 'https://app.example', 'x-request-id': `r-${time}` })).toEqual([
      {
        status: 200,
        'x-request-id': `r-${time}`,
        ...cors,
        'access-control-expose-headers': 'x-request-id',
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(Buffer.byteLength(text)),
        connection: 'keep-alive',
        'keep-alive': expect.stringContaining('timeout='),
      },
      text,
    ]);
  }
});

test('answers on one connection come in the order of their requests', async () => {
  await start();
  await postGraphql(world.url, { query });
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname);
  const ids = Array.from({ length: 20 }, (_, index) => `r-${index}`);
  socket.write(
    ids
      .map((id, index) => {
        // Some of them Apollo Server's, which takes longer.
        const body = JSON.stringify({ query: index % 3 === 0 ? `${query} # ${index}` : query });
        return `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-request-id: ${id}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      })
      .join(''),
  );
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.split('"ANONYMOUS"').length > ids.length) break;
  }
  expect([...text.matchAll(/x-request-id: (r-\d+)/g)].map(([, id]) => id)).toEqual(ids);
});

test('a client that does not wait for its answer does no harm', async () => {
  await start();
  await postGraphql(world.url, { query });
  const { hostname, port } = new URL(world.url);
  const body = JSON.stringify({ query });
  for (let time = 0; time < 50; time += 1) {
    const socket = connect(Number(port), hostname);
    socket.write(`POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await once(socket, 'connect');
    socket.resetAndDestroy();
  }
  expect((await postGraphql(world.url, { query })).status).toBe(200);
  expect(world.failures).toEqual([]);
});

test('each answer is logged at the level of debugging', async () => {
  const lines: any[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  await start({ transport: { logger: createLogger({ level: 'debug', destination }) } });
  for (let time = 0; time < 3; time += 1) await postGraphql(world.url, { query }, { 'x-request-id': `r-${time}` });
  await world.stop();
  expect(lines.filter(({ msg }) => msg === 'request').map(({ requestId, status }) => [requestId, status])).toEqual([
    ['r-0', 200],
    ['r-1', 200],
    ['r-2', 200],
  ]);
});
