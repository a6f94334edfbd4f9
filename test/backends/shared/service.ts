import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Socket, createServer as createTcpServer } from 'node:net';
import { type HttpClient, createHttpClient } from '../../../src/backends/shared/http-client.ts';
import type { HttpCall, HttpClientOptions } from '../../../src/backends/shared/http-options.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers as the test says, and a client of it with short times. */
export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  readonly client: HttpClient;
  readonly calls: readonly HttpCall[];
  /** The requests that came: `GET /a?b=1`. Tests may forget them. */
  readonly came: string[];
  answer: Answer;
}

export const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** One answer after the other, the last one for all that follow. */
export const inTurn = (...answers: readonly Answer[]): Answer => {
  let turn = 0;
  return (request, response) => answers[Math.min(turn++, answers.length - 1)]?.(request, response);
};

export async function createService(options: Partial<HttpClientOptions> = {}, answer: Answer = json(200, { ok: true })): Promise<Service> {
  const came: string[] = [];
  const calls: HttpCall[] = [];
  const service = { answer };
  const server = createServer((request, response) => {
    came.push(`${request.method} ${request.url}`);
    service.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createHttpClient({ name: 'demo', url, retryBaseMs: 1, onCall: (call) => calls.push(call), ...options });
  return Object.assign(service, {
    url,
    server,
    client,
    calls,
    came,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  });
}

/** A server below HTTP: it does with each connection's first bytes what the test says. */
export async function createRawService(
  act: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly connections: () => number } & Disposable> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.once('data', () => act(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    [Symbol.dispose]: () => void server.close(),
  };
}

/** A URL that nobody listens at. */
export async function vacantUrl(): Promise<string> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
