import {
  HttpClient,
  HttpError,
  type HttpRequest,
  HttpResponse,
  HttpTransportType,
  type HubConnection,
  HubConnectionBuilder,
  HubConnectionState,
  type IHubProtocol,
  type IRetryPolicy,
  JsonHubProtocol,
  LogLevel,
  MessageType,
} from '@microsoft/signalr';
import { Agent, WebSocket, request } from 'undici';
import { readText } from '../shared/read-text.ts';

export interface HubOptions {
  /** Of the hub, without a query. */
  readonly url: string;
  /** The session's bearer. */
  readonly token: string;
  /** For each of the negotiation and the handshake of the socket. Milliseconds. */
  readonly timeoutMs: number;
  readonly retryPolicy: IRetryPolicy;
  /** Takes each call of the hub, whatever its name. Must not throw. */
  readonly onCall: (method: string, args: readonly unknown[]) => void;
}

/** A connection to the hub, not yet started. Disposing ends it in whichever state it is. */
export interface Hub extends AsyncDisposable {
  readonly connection: HubConnection;
  /** The status that the last negotiation was refused with, which the client's errors do not tell; null = it was not refused. */
  readonly refusedWith: () => number | null;
}

const maxNegotiationBytes = 65_536;

/** SignalR by the client of those who made it, over sockets that time out and can be let go of at any moment. */
export function createHub({ url, token, timeoutMs, retryPolicy, onCall }: HubOptions): Hub {
  const dispatcher = new Agent({ allowH2: false, connect: { timeout: timeoutMs }, headersTimeout: timeoutMs, bodyTimeout: 0 });
  const negotiations = new Negotiations(dispatcher, timeoutMs);
  const connection = new HubConnectionBuilder()
    // The documented place of the token is the query; the client itself puts it into the header, as other hubs want it.
    .withUrl(`${url}?access_token=${encodeURIComponent(token)}`, {
      transport: HttpTransportType.WebSockets,
      accessTokenFactory: () => token,
      httpClient: negotiations,
      ...socketsOf(dispatcher),
    })
    .withHubProtocol(hearing(onCall))
    .withAutomaticReconnect(retryPolicy)
    .configureLogging(LogLevel.None)
    .build();
  const stop = (): Promise<void> => connection.stop().catch(() => {});
  return {
    connection,
    refusedWith: () => negotiations.refusedWith,
    async [Symbol.asyncDispose]() {
      // An end to say good-bye to; what is only being made is broken off, as its own end would wait for it.
      if (connection.state === HubConnectionState.Connected) await stop();
      await dispatcher.destroy();
      await stop();
    },
  };
}

/** The JSON protocol, telling each call: the client itself passes over those of names that nobody registered. */
function hearing(onCall: HubOptions['onCall']): IHubProtocol {
  const json = new JsonHubProtocol();
  return {
    name: json.name,
    version: json.version,
    transferFormat: json.transferFormat,
    writeMessage: (message) => json.writeMessage(message),
    parseMessages(input, logger) {
      const messages = json.parseMessages(input as string, logger);
      for (const message of messages) if (message.type === MessageType.Invocation) onCall(message.target, message.arguments);
      return messages;
    },
  };
}

/** The client's own option for another constructor of sockets, left out of its types: it has no other way to bound a handshake. */
const socketsOf = (dispatcher: Agent): object => ({
  WebSocket: class extends WebSocket {
    constructor(url: string, _protocols?: string | string[], options?: { readonly headers?: Record<string, string> }) {
      super(url, { dispatcher, headers: options?.headers ?? {} });
    }
  },
});

/** Negotiates. Cookies are kept, as balancers lead the socket by them to the server that was negotiated with. */
class Negotiations extends HttpClient {
  readonly #dispatcher: Agent;
  readonly #timeoutMs: number;
  #cookies = '';
  refusedWith: number | null = null;

  constructor(dispatcher: Agent, timeoutMs: number) {
    super();
    this.#dispatcher = dispatcher;
    this.#timeoutMs = timeoutMs;
  }

  override async send({ method = 'POST', url = '', headers = {} }: HttpRequest): Promise<HttpResponse> {
    this.refusedWith = null;
    const reply = await request(url, {
      method: method as 'POST',
      headers: { ...headers, ...(this.#cookies !== '' && { cookie: this.#cookies }) },
      dispatcher: this.#dispatcher,
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const text = await readText(reply.body, maxNegotiationBytes);
    if (reply.statusCode >= 400) this.refusedWith = reply.statusCode;
    if (reply.statusCode !== 200 || text === null) throw new HttpError(`status ${reply.statusCode}`, reply.statusCode);
    const set = [reply.headers['set-cookie'] ?? []].flat();
    if (set.length > 0) this.#cookies = set.map((cookie) => cookie.split(';', 1)[0]).join('; ');
    return new HttpResponse(reply.statusCode, '', text);
  }

  override getCookieString(): string {
    return this.#cookies;
  }
}
