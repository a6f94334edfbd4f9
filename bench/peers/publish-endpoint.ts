import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { eventLike, type SampleEvent } from './sample.ts';

/** Where a peer of the fan-out is reached. */
export interface FanOutPeer {
  readonly webSocketUrl: string;
  readonly publishUrl: string;
}
export type FanOutPeerMethods = { listen(input: { readonly event: SampleEvent }): Promise<FanOutPeer> };

/** An HTTP server whose `POST /publish` makes an event of a content and gives it to `publish`. */
export function createPublishEndpoint(sample: SampleEvent, publish: (event: SampleEvent) => void): Server {
  let count = 0;
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { content } = JSON.parse(await text(request)) as { readonly content: string };
    count += 1;
    publish(eventLike(sample, count, content));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"published":true}');
  };
  return createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/publish') void take(request, response);
    else response.writeHead(404).end();
  });
}

/** Listens on a free port and says where. */
export function listenAnywhere(server: Server): Promise<FanOutPeer> {
  const { promise, resolve, reject } = Promise.withResolvers<FanOutPeer>();
  server.on('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    resolve({ webSocketUrl: `ws://127.0.0.1:${port}/graphql`, publishUrl: `http://127.0.0.1:${port}/publish` });
  });
  return promise;
}
