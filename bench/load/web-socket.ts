import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { FrameReader } from './frame-reader.ts';

export interface WebSocketOptions {
  readonly url: string;
  readonly protocol: string;
  readonly onText: (bytes: number, text: string | null) => void;
  /** The socket is gone, and why. Not called after `destroy`. */
  readonly onEnd: (reason: string) => void;
}

/** A WebSocket client that knows what the load needs. */
export interface LightWebSocket {
  send(text: string): void;
  /** Whether `onText` is given the text, or only its length. On at first. */
  keepText(keep: boolean): void;
  /** Drops the connection at once, so that its port is free again. */
  destroy(): void;
}

// Data is dealt with before the next read, so that one piece of memory does for all sockets.
const arriving = Buffer.alloc(64 * 1_024);
const endOfHead = Buffer.from('\r\n\r\n');

/** A frame from a client: masked, as it must be, with a mask of zeros, which leaves the payload as it is. */
function frame(opcode: number, payload: Buffer): Buffer {
  if (payload.length > 0xff_ff) throw new RangeError(`Expected at most 65535 bytes, got ${payload.length}`);
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** Opens a WebSocket. Rejects where the server does not switch protocols. */
export function openWebSocket({ url, protocol, onText, onEnd }: WebSocketOptions): Promise<LightWebSocket> {
  const { hostname, port, host, pathname } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<LightWebSocket>();
  let head: Buffer | null = Buffer.alloc(0);
  let reason = 'the connection ended without a close frame';

  const reader = new FrameReader({
    onText,
    onPing: (payload) => socket.write(frame(10, payload)),
    onClose: (code, text) => {
      reason = `closed by the server: ${code} ${text}`;
      socket.end(frame(8, Buffer.alloc(0)));
    },
  });
  const opened: LightWebSocket = {
    send: (text) => socket.write(frame(1, Buffer.from(text))),
    keepText: (keep) => (reader.keepText = keep),
    destroy() {
      socket.removeListener('close', end);
      socket.resetAndDestroy();
    },
  };

  /** Reads the answer to the handshake; what comes behind it are frames. */
  const shakeHands = (held: Buffer, chunk: Buffer): void => {
    const data = Buffer.concat([held, chunk]);
    const at = data.indexOf(endOfHead);
    if (at === -1) {
      head = data;
      return;
    }
    if (!data.toString('latin1', 0, 12).startsWith('HTTP/1.1 101')) {
      socket.destroy(new Error(`The handshake got ${data.toString('latin1').slice(0, 500)}`));
      return;
    }
    head = null;
    resolve(opened);
    if (data.length > at + endOfHead.length) reader.read(data.subarray(at + endOfHead.length));
  };

  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: {
      buffer: arriving,
      callback(size) {
        const chunk = arriving.subarray(0, size);
        if (head === null) reader.read(chunk);
        else shakeHands(head, chunk);
        return true;
      },
    },
  });
  const end = (): void => {
    reject(new Error(reason));
    onEnd(reason);
  };
  socket.on('error', (error) => (reason = error.message));
  socket.on('close', end);
  socket.on('connect', () =>
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    ),
  );
  return promise;
}
