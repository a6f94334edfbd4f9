import { WebSocket, WebSocketServer } from 'ws';
import { answer } from '../harness/remote.ts';
import { createPublishEndpoint, listenAnywhere, type FanOutPeerMethods } from './publish-endpoint.ts';

answer({
  /** The broadcast of the ws documentation: no GraphQL at all, the bytes made once and sent to all. */
  async listen({ event }) {
    const server = createPublishEndpoint(event, (sessionEvents) => {
      const bytes = Buffer.from(JSON.stringify({ id: '1', type: 'next', payload: { data: { sessionEvents } } }));
      for (const client of sockets.clients) if (client.readyState === WebSocket.OPEN) client.send(bytes, { binary: false });
    });
    const sockets = new WebSocketServer({ server, path: '/graphql' });
    // As much of the protocol as the subscribers of this bench need to begin.
    sockets.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        const { type } = JSON.parse(data.toString()) as { readonly type: string };
        if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
        if (type === 'ping') socket.send('{"type":"pong"}');
      });
    });
    return await listenAnywhere(server);
  },
} satisfies FanOutPeerMethods);
