import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { FrameReader } from '../../bench/load/frame-reader.ts';
import { openHttpConnection } from '../../bench/load/http-connection.ts';
import { createReceipts } from '../../bench/load/receipts.ts';
import { createTally } from '../../bench/load/tally.ts';
import { openWebSocket } from '../../bench/load/web-socket.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** A frame as a server sends it. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x81, payload.length]), payload]);
  if (payload.length < 65_536) return Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]), payload]);
  const head = Buffer.alloc(10);
  head.set([0x81, 127]);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

describe('the frame reader', () => {
  const texts = ['', 'a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(65_535), 'e'.repeat(65_536), 'last'];
  const stream = Buffer.concat(texts.map(frame));

  it.each([1, 2, 3, 7, 130, 4_096, stream.length])('finds every frame in pieces of %i bytes', (size) => {
    const seen: (string | null)[] = [];
    const lengths: number[] = [];
    const ignore = (): void => {};
    const keeping = new FrameReader({ onText: (_, text) => seen.push(text), onPing: ignore, onClose: ignore });
    const counting = new FrameReader({
      onText: (bytes, text) => lengths.push(text === null ? bytes : -1),
      onPing: ignore,
      onClose: ignore,
    });
    counting.keepText = false;
    for (let at = 0; at < stream.length; at += size) {
      keeping.read(stream.subarray(at, at + size));
      counting.read(stream.subarray(at, at + size));
    }
    expect(seen.map((text) => text ?? '')).toEqual(texts);
    expect(lengths).toEqual(texts.map((text) => text.length));
  });
});

describe('the WebSocket', () => {
  it('talks to a server, answers its pings and says why it ended', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    cleanUps.push(() => server.close());
    await once(server, 'listening');
    const ponged = new Promise<string>((resolve) => {
      server.on('connection', (socket) => {
        socket.on('message', (data: Buffer) => {
          socket.send(`echo ${data.toString()}`);
          socket.ping('are you there');
        });
        socket.on('pong', (data) => {
          resolve(data.toString());
          socket.close(4_000, 'enough');
        });
      });
    });
    const { port } = server.address() as AddressInfo;
    const texts: (string | null)[] = [];
    const ended = new Promise<string>((resolve) => {
      const onText = (_: number, text: string | null): void => void texts.push(text);
      void openWebSocket({ url: `ws://127.0.0.1:${port}/`, protocol: 'anything', onText, onEnd: resolve }).then((socket) =>
        socket.send('x'.repeat(300)),
      );
    });
    expect(await ponged).toBe('are you there');
    expect(await ended).toContain('4000 enough');
    expect(texts).toEqual([`echo ${'x'.repeat(300)}`]);
  });
});

describe('the HTTP connection', () => {
  it('asks again until told not to, and gives each answer whole', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        asked.push(body);
        const answer = Buffer.from(`${asked.length} ${'ü'.repeat(200_000)}`);
        response.setHeader('content-length', answer.length);
        // In two writes, so that the answer comes in pieces.
        response.write(answer.subarray(0, 10));
        setImmediate(() => response.end(answer.subarray(10)));
      });
    }).listen(0, '127.0.0.1');
    cleanUps.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answers: string[] = [];
    await new Promise<string>((resolve) => {
      openHttpConnection({
        url: `http://127.0.0.1:${port}/graphql`,
        headers: {},
        body: '{"q":1}',
        onAnswer(status, body) {
          answers.push(`${status} ${body.toString().slice(0, 3)} ${body.length}`);
          return answers.length < 3;
        },
        onClose: resolve,
      });
    });
    expect(answers).toEqual(['200 1 ü 400002', '200 2 ü 400002', '200 3 ü 400002']);
    expect(asked).toEqual(['{"q":1}', '{"q":1}', '{"q":1}']);
  });

  it('gets what there is no body for, with its query', async () => {
    const server = createServer((request, response) => {
      const answer = `${request.method} ${request.url} ${request.headers['content-type']}`;
      response.writeHead(200, { 'content-length': answer.length }).end(answer);
    }).listen(0, '127.0.0.1');
    cleanUps.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      openHttpConnection({
        url: `http://127.0.0.1:${port}/sessions?limit=2`,
        headers: {},
        body: null,
        onAnswer(_, body) {
          resolve(body.toString());
          return false;
        },
        onClose: (reason) => reject(new Error(reason)),
      });
    });
    expect(answer).toBe('GET /sessions?limit=2 undefined');
  });
});

describe('the tally', () => {
  const event = (number: number): string => JSON.stringify({ payload: { data: { message: { content: `#${number} hello` } } } });

  it('is content where each got everything in one order', async () => {
    const tally = createTally(2);
    tally.next();
    tally.next();
    for (const subscriber of [0, 1]) for (const number of [2, 1]) tally.count(subscriber, 10, event(number));
    await tally.reached(2);
    expect(() => tally.check()).not.toThrow();
    expect(tally.snapshot()).toEqual({ frames: 4, bytes: 40, parsed: 4 });
  });

  it.each([
    [
      'one got too little and one too much',
      [
        [0, null],
        [0, null],
      ],
      'got 2 events, expected 1',
    ],
    ['nobody got anything', [], 'got 0 events, expected 1'],
    [
      'a message was never published',
      [
        [0, 5],
        [1, 5],
      ],
      'out of order',
    ],
    [
      'one got another message than the others',
      [
        [0, 1],
        [1, 0],
      ],
      'out of order',
    ],
  ] satisfies [string, [number, number | null][], string][])('complains where %s', (_, events, message) => {
    const tally = createTally(2);
    tally.next();
    for (const [subscriber, number] of events) tally.count(subscriber, 10, number === null ? null : event(number));
    expect(() => tally.check()).toThrow(message);
  });
});

describe('the receipts', () => {
  it('time each place once, and are content when a message has come everywhere', async () => {
    const receipts = createReceipts();
    const seen: (readonly [place: number, at: number])[] = [];
    const everywhere = receipts.expect(1, 2, (place, at) => seen.push([place, at]));
    receipts.receive(1, 1, 20);
    expect(receipts.waiting).toBe(1);
    receipts.receive(1, 0, 10);
    await everywhere;
    expect(seen).toEqual([
      [1, 20],
      [0, 10],
    ]);
    expect(receipts.waiting).toBe(0);
  });

  it.each([
    ['came to a place twice', 1, 0],
    ['was never sent', 2, 0],
    ['has no number', Number.NaN, 0],
    ['came to a place where it does not belong', 1, 2],
  ])('complain of a message that %s, now and later', async (_, message, place) => {
    const receipts = createReceipts();
    const everywhere = receipts.expect(1, 2, () => undefined);
    receipts.receive(1, 0, 1);
    receipts.receive(message, place, 2);
    await expect(everywhere).rejects.toThrow(`Message ${message} came to place ${place} once too often`);
    await expect(receipts.expect(3, 1, () => undefined)).rejects.toThrow('once too often');
  });
});
