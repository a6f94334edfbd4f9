import type { ServerResponse } from 'node:http';
import type { StatusBody } from './status.ts';

export interface RoomEvent {
  readonly event: string;
  readonly message: Readonly<Record<string, unknown>>;
}

export interface Stream {
  readonly room: string;
  /** Null = all. */
  readonly channel: number | null;
  readonly response: ServerResponse;
}

export interface StreamOptions {
  /** Whether events come as `{"result":…}`. */
  readonly wrapped: boolean;
  /** Whether the head of the answer comes with the first event only. */
  readonly lateHead: boolean;
}

/** The open streams of events. */
export class Streams {
  readonly open: Set<Stream> = new Set();
  readonly #options: StreamOptions;
  #waiting: { readonly room: string; readonly resolve: () => void }[] = [];

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  add(room: string, channel: number | null, response: ServerResponse): void {
    const stream = { room, channel, response };
    this.open.add(stream);
    response.on('close', () => this.open.delete(stream));
    if (!this.#options.lateHead) response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const now = this.#waiting.filter((each) => each.room === room);
    this.#waiting = this.#waiting.filter((each) => !now.includes(each));
    for (const { resolve } of now) resolve();
  }

  of(room: string | null): readonly Stream[] {
    return [...this.open].filter((stream) => room === null || stream.room === room);
  }

  /** When the next stream of the room is open. */
  next(room: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ room, resolve });
    });
  }

  /** @param channel - Of a message; undefined = it is for all. */
  tell(room: string, event: RoomEvent, channel?: number): void {
    for (const stream of this.of(room)) {
      if (channel !== undefined && stream.channel !== null && stream.channel !== channel) continue;
      this.write(stream, this.#options.wrapped ? { result: event } : event);
    }
  }

  /** Any line, as it is or as JSON. */
  write({ response }: Stream, line: unknown): void {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  }

  /** `END`: as if the stream were over. `CUT`: within the answer. Or a failure, told before the end. */
  end(room: string | null, how: 'END' | 'CUT' | StatusBody): void {
    for (const stream of this.of(room)) {
      if (typeof how !== 'string') this.write(stream, { error: how });
      if (how === 'CUT') stream.response.destroy();
      else stream.response.end();
    }
  }
}
