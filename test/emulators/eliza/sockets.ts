import { type Server as HttpServer } from 'node:http';
import { type Socket, Server } from 'socket.io';
import type { Broadcast, Channels, StoredMessage } from './channels.ts';
import { uuidShape } from './sessions.ts';

export interface Sockets {
  readonly broadcast: Broadcast;
  /** How many are connected. */
  readonly connected: number;
  /** How many have asked to be let in. */
  readonly handshakes: number;
  /** Channels that were joined, in the order of joining. */
  readonly joins: readonly string[];
  /** The next joining of any channel. */
  joined(): Promise<string>;
  /** Puts everybody out, as the server does: clients do not come back by themselves. */
  putOut(): void;
  /** Decides on nobody any more who asks to be let in. */
  hang(): void;
  close(): void;
}

export interface SocketsOptions {
  readonly server: HttpServer;
  /** `SERVER_API_KEY`; null = none is asked for. */
  readonly apiKey: string | null;
  /** Whether who is no participant is let in: false as with `ENABLE_DATA_ISOLATION`. */
  readonly open: () => boolean;
  readonly channels: () => Channels;
  readonly onMessage: (message: StoredMessage) => void;
}

type Payload = Readonly<Record<string, unknown>>;

/** The server's Socket.IO part. */
export function createSockets({ server, apiKey, open, channels, onMessage }: SocketsOptions): Sockets {
  const io = new Server(server, { serveClient: false });
  const joins: string[] = [];
  let handshakes = 0;
  let hangs = false;
  let waiting: ((channelId: string) => void)[] = [];
  io.use((socket, next) => {
    handshakes += 1;
    if (hangs) return;
    const { auth, headers } = socket.handshake;
    if (apiKey !== null && (auth['apiKey'] ?? headers['x-api-key']) !== apiKey) return next(new Error('Invalid or missing API Key'));
    const entityId: unknown = auth['entityId'];
    next(typeof entityId === 'string' && uuidShape.test(entityId) ? undefined : new Error('Valid entityId required'));
  });

  function join(socket: Socket, { channelId, roomId }: Payload): void {
    const channel = channelId ?? roomId;
    if (typeof channel !== 'string') return void socket.emit('messageError', { error: 'channelId is required for joining.' });
    if (!open()) {
      return void socket.emit('messageError', { error: "Access denied: You don't have permission to join this channel" });
    }
    void socket.join(channel);
    joins.push(channel);
    const payload = { message: `Socket ${socket.id} successfully joined channel ${channel}.`, channelId: channel, roomId: channel };
    socket.emit('channel_joined', payload);
    socket.emit('room_joined', payload);
    const now = waiting;
    waiting = [];
    for (const resolve of now) resolve(channel);
  }

  function submit(socket: Socket, payload: Payload): void {
    const { channelId, senderId, senderName = 'User', message, messageServerId, messageId, source = 'socketio_client', metadata } = payload;
    const valid = [channelId, senderId, messageServerId].every((each) => typeof each === 'string' && uuidShape.test(each));
    if (!valid || typeof message !== 'string' || message === '') {
      const error = 'For SEND_MESSAGE: channelId, messageServerId (message_server_id), senderId (author_id), and message are required.';
      return void socket.emit('messageError', { error });
    }
    const stored = channels().store({
      channelId: String(channelId),
      authorId: String(senderId),
      content: message,
      source: String(source),
      metadata: { ...(metadata as object), user_display_name: senderName, socket_id: socket.id, messageServerId },
      raw: {},
    });
    const { id, createdAt } = stored;
    const heard = { id, senderId, senderName, text: message, channelId, roomId: channelId, messageServerId, createdAt, source };
    socket.to(stored.channelId).emit('messageBroadcast', heard);
    socket.emit('messageBroadcast', { ...heard, clientMessageId: messageId });
    const status = 'received_by_server_and_processing';
    socket.emit('messageAck', { clientMessageId: messageId, messageId: id, status, channelId, roomId: channelId });
    onMessage(stored);
  }

  io.on('connection', (socket) => {
    socket.emit('authenticated', { entityId: socket.handshake.auth['entityId'] as unknown, timestamp: Date.now() });
    socket.on('1', (payload: Payload) => join(socket, payload));
    socket.on('2', (payload: Payload) => submit(socket, payload));
    socket.on('message', ({ type, payload }: { readonly type: unknown; readonly payload: Payload }) => {
      if (type === 1) join(socket, payload);
      if (type === 2) submit(socket, payload);
    });
    socket.emit('connection_established', { message: 'Connected to Eliza Socket.IO server', socketId: socket.id });
  });

  return {
    broadcast: (channelId, event, payload) => void io.to(channelId).emit(event, payload),
    get connected() {
      return io.sockets.sockets.size;
    },
    get handshakes() {
      return handshakes;
    },
    joins,
    joined: () => new Promise((resolve) => waiting.push(resolve)),
    putOut: () => io.disconnectSockets(),
    hang() {
      hangs = true;
    },
    close() {
      io.disconnectSockets(true);
      io.engine.close();
    },
  };
}
