import type { Clock } from '../../core/ports.ts';

/** One attempt at a request, as told to an observer before it is sent. */
export interface HttpSending {
  /** The backend's name. */
  readonly backend: string;
  readonly method: string;
  /** The path as the connector wrote it, with `{placeholders}` for ids. */
  readonly path: string;
  readonly operation: string;
  /** 1 = the first. */
  readonly attempt: number;
}

/** The same once it is over. */
export interface HttpCall extends HttpSending {
  /** Null where no reply came. */
  readonly status: number | null;
  readonly ms: number;
  /** Whether the reply was what had been asked for. */
  readonly done: boolean;
}

/** What an observer adds to an attempt, and where it hears of its end. */
export interface ObservedSending {
  readonly headers: Readonly<Record<string, string>>;
  end(call: HttpCall): void;
}

export interface HttpClientOptions {
  /** The backend's name: problems carry it, messages name it. */
  readonly name: string;
  /** Where the service is: `https://` or `http://`, with a path in front of all others where it has one. */
  readonly url: string;
  /** Sent with each request. They are taken to be secret and are in no message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the service besides those: they are taken out of its refusals, as all secrets that it is sent. @default none */
  readonly secrets?: readonly string[];
  /** For one attempt, from its sending to the end of the reply; all attempts together get twice as long. At least 1. @default 10_000 // 10 seconds */
  readonly timeoutMs?: number;
  /** Attempts after the first, of what may be repeated. 0 = none. @default 2 */
  readonly retries?: number;
  /** Before the first repetition, doubled before each other one up to 5 seconds, and shortened by chance to no less than half. @default 200 */
  readonly retryBaseMs?: number;
  /** Requests at the service at a time. At least 1. @default 64 */
  readonly concurrency?: number;
  /** Requests that wait for one of those to end; further ones are refused at once. 0 = none waits. @default 256 */
  readonly queue?: number;
  readonly breaker?: {
    /** Failures in a row after which the service is left alone. At least 1. @default 5 */
    readonly failures?: number;
    /** How long, before one request tries it again. At least 1. @default 10_000 // 10 seconds */
    readonly openMs?: number;
  };
  /** Of a reply; a larger one is a failure. Streams are not counted. @default 8_388_608 // 8 MiB */
  readonly maxBodyBytes?: number;
  /** What the service allows. Undefined = no limit is kept to. */
  readonly rateLimit?: {
    /** In any span of `windowMs`. At least 1. */
    readonly requests: number;
    readonly windowMs: number;
    /** How long a request may wait for its turn; one that would wait longer is refused at once. @default 2_000 */
    readonly queueMs?: number;
  };
  /** Called before each attempt, where its caller is known by the asynchronous context. Must not throw. */
  readonly onSend?: (sending: HttpSending) => ObservedSending;
  /** Called after each attempt. Must not throw. */
  readonly onCall?: (call: HttpCall) => void;
  /** For waits between attempts and for the rate limit; attempts themselves are timed by the machine. @default systemClock */
  readonly clock?: Clock;
}
