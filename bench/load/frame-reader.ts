/** What came in, frame by frame. */
export interface FrameEvents {
  /** A text frame of so many bytes. `text` only while frames are kept. */
  readonly onText: (bytes: number, text: string | null) => void;
  readonly onPing: (payload: Buffer) => void;
  readonly onClose: (code: number, reason: string) => void;
}

const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** Whether the reader needs the payload, or only its length. */
const isRead = (opcode: number, keepText: boolean): boolean => (opcode === opcodes.text ? keepText : opcode !== opcodes.pong);

/**
 * Reads the frames of a server, which are not masked. Counts text without looking at it unless `keepText` is on: a thousand of these
 * share one core with nothing but a subtraction per frame.
 */
export class FrameReader {
  keepText = true;
  readonly #events: FrameEvents;
  #head: Buffer | null = null;
  #opcode = 0;
  #bytes = 0;
  #remaining = 0;
  #pieces: Buffer[] = [];

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  /** Takes the next bytes from the socket. Their memory may be used again afterwards. */
  read(chunk: Buffer): void {
    let data = chunk;
    let at = 0;
    if (this.#head !== null) {
      data = Buffer.concat([this.#head, chunk]);
      this.#head = null;
    }
    while (at < data.length || (this.#remaining === 0 && this.#bytes === 0 && this.#opcode !== 0)) {
      if (this.#opcode === 0) {
        const next = this.#readHead(data, at);
        if (next === null) {
          this.#head = Buffer.from(data.subarray(at));
          return;
        }
        at = next;
      }
      const taken = Math.min(this.#remaining, data.length - at);
      if (taken > 0 && isRead(this.#opcode, this.keepText)) this.#pieces.push(Buffer.from(data.subarray(at, at + taken)));
      at += taken;
      this.#remaining -= taken;
      if (this.#remaining > 0) return;
      this.#end();
    }
  }

  /** Returns where the payload begins, or null where the head is not complete. */
  #readHead(data: Buffer, at: number): number | null {
    const left = data.length - at;
    if (left < 2) return null;
    const [first = 0, second = 0] = [data[at], data[at + 1]];
    if ((first & 0xf0) !== 0x80) throw new Error(`Expected whole frames without extensions, got 0x${first.toString(16)}`);
    const width = second === 127 ? 8 : second === 126 ? 2 : 0;
    if (left < 2 + width) return null;
    this.#opcode = first & 0x0f;
    this.#bytes = width === 8 ? Number(data.readBigUInt64BE(at + 2)) : width === 2 ? data.readUInt16BE(at + 2) : second;
    this.#remaining = this.#bytes;
    return at + 2 + width;
  }

  #end(): void {
    const opcode = this.#opcode;
    const payload = this.#pieces.length === 0 ? null : Buffer.concat(this.#pieces);
    if (payload !== null) this.#pieces = [];
    this.#opcode = 0;
    if (opcode === opcodes.text) this.#events.onText(this.#bytes, payload?.toString() ?? null);
    else if (opcode === opcodes.ping) this.#events.onPing(payload ?? Buffer.alloc(0));
    else if (opcode === opcodes.close) {
      const known = payload !== null && payload.length >= 2;
      this.#events.onClose(known ? payload.readUInt16BE(0) : 1005, known ? payload.toString('utf8', 2) : '');
    }
  }
}
