import type { ServiceOptions } from '../shared/service-options.ts';

export interface ElizaOptions extends ServiceOptions {
  /** Of the server, without the path of its API: `http://localhost:3000`. Its sockets are at the same place. */
  readonly url: string;
  /** Sent as `X-API-KEY` with each request: the server's `ELIZA_SERVER_AUTH_TOKEN`. Null = the server asks for none. A secret. */
  readonly apiKey: string | null;
  /** Given when a socket connects: the server's `SERVER_API_KEY`, which is another one. Null = the server asks for none. A secret. */
  readonly socketApiKey: string | null;
  /** The agent of sessions that are created without one, a UUID. Null = every creation has to name one. */
  readonly agentId: string | null;
  /** How long a reply that is waited for may take, from when its message was taken. Milliseconds. @default 60_000 // 1 minute */
  readonly replyMs?: number | undefined;
  /** How often a session is looked at while somebody follows it, or waits for a reply, and no socket can be had. Milliseconds. */
  readonly pollMs: number;
  /** Of one attempt at a request, of connecting a socket, and of joining a room. Milliseconds. */
  readonly timeoutMs: number;
  /** Before the first attempt to connect a socket again; doubled before each other one up to 30 seconds, and varied by chance. @default 1_000 */
  readonly reconnectMs?: number | undefined;
}
