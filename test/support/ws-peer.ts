import { EventEmitter, once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import type { Credentials } from './graphql-client.ts';

/** A WebSocket as a client has it, message by message. */
export interface WsPeer extends Disposable {
  /** Sends an object as JSON, a text as it is, bytes as a binary message. */
  send(message: object | string | Buffer): void;
  /** The next message that was not asked for yet; rejects where the socket closes before. */
  next(): Promise<any>;
  /** How it closed: `4400 Invalid message received`. */
  readonly closed: Promise<string>;
  /** `connection_init` and its acknowledgement. */
  init(credentials?: Credentials): Promise<void>;
  subscribe(id: string, query: string, variables?: object, operationName?: string): void;
  /** The errors that an operation is answered with, whether it was refused or executed; undefined where there are none. */
  errorsOf(id: string, query: string, variables?: object, operationName?: string): Promise<readonly any[] | undefined>;
}

/** A WebSocket to the gateway that speaks the graphql-ws protocol, and has said nothing yet. */
export async function connectPeer(url: string, options: ClientOptions = {}): Promise<WsPeer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', options);
  const messages: any[] = [];
  const changes = new EventEmitter();
  let over: string | null = null;
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()));
    changes.emit('change');
  });
  const closed = new Promise<string>((resolve) => {
    socket.on('close', (code, reason) => {
      over = `${code} ${reason.toString()}`;
      resolve(over);
      changes.emit('change');
    });
  });
  await once(socket, 'open');
  const peer: WsPeer = {
    closed,
    send: (message) => socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    async next() {
      for (;;) {
        const message: unknown = messages.shift();
        if (message !== undefined) return message;
        if (over !== null) throw new Error(`The socket closed: ${over}`);
        await once(changes, 'change');
      }
    },
    async init(payload) {
      peer.send({ type: 'connection_init', ...(payload && { payload }) });
      const message = await peer.next();
      if (message.type !== 'connection_ack') throw new Error(`Expected connection_ack, got ${JSON.stringify(message)}.`);
    },
    subscribe: (id, query, variables = {}, operationName) =>
      peer.send({ id, type: 'subscribe', payload: { query, variables, ...(operationName !== undefined && { operationName }) } }),
    async errorsOf(...operation) {
      peer.subscribe(...operation);
      const message = await peer.next();
      if (message.type === 'next') await peer.next();
      return message.type === 'error' ? message.payload : message.payload.errors;
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
  return peer;
}
