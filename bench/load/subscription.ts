import { openWebSocket, type LightWebSocket } from './web-socket.ts';

/** What one subscriber asks for, over a socket of its own. */
export interface SubscriptionRequest {
  /** Payload of `connection_init`. */
  readonly init: Readonly<Record<string, string>>;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface SubscriptionOptions extends SubscriptionRequest {
  readonly url: string;
  /**
   * What shows that the subscription is in place: its first event, where the server sends one at once, or the answer to a ping that was
   * sent behind it.
   */
  readonly readyOn: 'next' | 'pong';
  /** An event, once the subscription is in place. Text only where `keepText` is on. */
  readonly onEvent: (bytes: number, text: string | null) => void;
  readonly onEnd: (reason: string) => void;
}

interface Message {
  readonly type: string;
  readonly payload?: { readonly errors?: unknown };
}

/** Subscribes by the graphql-ws protocol and resolves once events can come. */
export async function subscribe({ url, init, query, variables, readyOn, onEvent, onEnd }: SubscriptionOptions): Promise<LightWebSocket> {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  let inPlace = false;

  const set = (socket: LightWebSocket, text: string): void => {
    const { type, payload } = JSON.parse(text) as Message;
    if (type === 'connection_ack') {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
      if (readyOn === 'pong') socket.send(JSON.stringify({ type: 'ping' }));
      return;
    }
    if (type !== readyOn || payload?.errors !== undefined) {
      reject(new Error(`Expected a message of type ${readyOn}, got ${text.slice(0, 1_000)}`));
      return;
    }
    inPlace = true;
    socket.keepText(false);
    resolve();
  };

  const socket: LightWebSocket = await openWebSocket({
    url,
    protocol: 'graphql-transport-ws',
    onText(bytes, text) {
      if (inPlace) onEvent(bytes, text);
      else if (text !== null) set(socket, text);
    },
    onEnd(reason) {
      reject(new Error(reason));
      onEnd(reason);
    },
  });
  socket.send(JSON.stringify({ type: 'connection_init', payload: init }));
  await ready;
  return socket;
}
