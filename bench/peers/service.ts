import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from '../harness/remote.ts';
import type { Recording } from '../service/recording.ts';

export type ServiceMethods = {
  /** Answers with its base URL. */
  listen(recording: Recording): Promise<{ readonly url: string }>;
  /** How many requests it has answered so far. */
  answered(input: null): number;
};

const base = '/api';
let count = 0;

/** The text that the service has for a path and query; null where it has nothing. */
function textOf({ sessions }: Recording, target: string): string | null {
  const { pathname, searchParams } = new URL(target, 'http://127.0.0.1');
  if (pathname !== `${base}/sessions`) return sessions.find(([id]) => pathname === `${base}/sessions/${id}`)?.[1] ?? null;
  const offset = Number(searchParams.get('offset') ?? 0);
  const rows = sessions.slice(offset, offset + Number(searchParams.get('limit') ?? 100));
  return `{"items":[${rows.map(([, text]) => text).join(',')}]}`;
}

/** The service without what the emulator checks: what it said, as fast as node:http says it. */
async function listen(recording: Recording): Promise<{ readonly url: string }> {
  const said = new Map<string, Buffer | null>();
  const server = createServer((request, response) => {
    const target = request.url ?? '';
    let body = said.get(target);
    if (body === undefined) {
      const text = textOf(recording, target);
      body = text === null ? null : Buffer.from(text);
      said.set(target, body);
    }
    count += 1;
    if (body === null) response.writeHead(404, { 'content-type': 'application/json' }).end('{"detail":"Session not found"}');
    else response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length }).end(body);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}` };
}

answer({ listen, answered: () => count } satisfies ServiceMethods);
