import { connect, type Socket } from 'node:net';

/** A request ready for the wire. */
export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null = there is none: a GET. */
  readonly body: string | null;
}

export interface HttpConnectionOptions extends HttpRequest {
  /** Called once per answer. Returns whether to ask again. */
  readonly onAnswer: (status: number, body: Buffer) => boolean;
  readonly onClose: (reason: string) => void;
}

function wireOf({ url, headers, body }: HttpRequest): Buffer {
  const { host, pathname, search } = new URL(url);
  const ofBody = body === null ? {} : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}` };
  const lines = Object.entries({ host, ...ofBody, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${body === null ? 'GET' : 'POST'} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}

/** The length of an answer whose head this is, or null where the head does not say it. */
function bodyLength(head: string): number | null {
  const digits = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  return digits === undefined ? null : Number(digits);
}

const endOfHead = Buffer.from('\r\n\r\n');

// Data is dealt with before the next read, so that one piece of memory does for all connections.
const arriving = Buffer.alloc(256 * 1_024);

/**
 * One caller on one keep-alive connection: asks, waits for the whole answer, asks again. Of HTTP it knows what the servers of this
 * bench say (a length, no chunks), which costs a quarter of what a general client does: the processor is for the server.
 */
export function openHttpConnection({ onAnswer, onClose, ...request }: HttpConnectionOptions): Socket {
  const { hostname, port } = new URL(request.url);
  const wire = wireOf(request);
  let held: Buffer | null = null;

  const receive = (size: number): boolean => {
    const fresh = arriving.subarray(0, size);
    const data: Buffer = held === null ? fresh : Buffer.concat([held, fresh]);
    const headEnd = data.indexOf(endOfHead);
    const head = headEnd === -1 ? '' : data.toString('latin1', 0, headEnd);
    const length = bodyLength(head);
    if (headEnd !== -1 && length === null) {
      socket.destroy(new Error(`An answer does not say its length:\n${head}`));
      return true;
    }
    const start = headEnd + endOfHead.length;
    if (headEnd === -1 || length === null || data.length < start + length) {
      // A part of an answer outlives this read.
      held = Buffer.from(data);
      return true;
    }
    held = null;
    if (onAnswer(Number(head.slice(9, 12)), data.subarray(start, start + length))) socket.write(wire);
    else socket.destroy();
    return true;
  };

  const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer: arriving, callback: receive } });
  let reason = 'closed';
  socket.on('error', (error) => (reason = error.message));
  socket.on('close', () => onClose(reason));
  socket.on('connect', () => socket.write(wire));
  return socket;
}
