import type { SessionVisibility } from '../core/session.ts';
import type { Tier } from '../core/viewer.ts';

// Longer than other files, because the editor shows what stands here: one interface per kind, each setting with its unit and bounds.

interface AnySettings {
  /**
   * API keys of a lower tier may not create sessions here. Null = any caller that may create.
   * @default null
   */
  readonly minimumTier: Tier | null;
}

/** Sessions of the gateway's own: there is no service behind them. */
export interface LocalSettings extends AnySettings {
  /** Which connector serves it. LOCAL needs no service: the gateway is the backend. */
  readonly kind: 'LOCAL';
}

/** What every service has. */
interface ServiceSettings extends AnySettings {
  /**
   * What becomes of a session at the service when the gateway's rules end it.
   * @default 'KEEP'
   */
  readonly onExpiry: 'KEEP' | 'DELETE';
  /**
   * Who may find sessions that were made at the service itself, where the service does not say: everybody, or API keys only.
   * @default 'PUBLIC' in development, 'PRIVATE' in production
   */
  readonly foreignVisibility: Extract<SessionVisibility, 'PUBLIC' | 'PRIVATE'>;
  /**
   * How often a session is looked at while somebody follows it, where the service does not tell by itself, 200 to 600_000.
   * @default 5_000
   */
  readonly pollMs: number;
  /**
   * How long one attempt at a request may take, 100 to 120_000.
   * @default 10_000
   */
  readonly timeoutMs: number;
  /**
   * Attempts after the first, of what may be repeated, 0 to 10.
   * @default 2
   */
  readonly retries: number;
  /**
   * Requests at the service at a time, 1 to 1_000.
   * @default 64
   */
  readonly concurrency: number;
  /** When the service is left alone. */
  readonly breaker: {
    /**
     * Failures in a row after which it is, 1 to 1_000.
     * @default 5
     */
    readonly failures: number;
    /**
     * How long, before one request tries it again, 100 to 600_000.
     * @default 10_000
     */
    readonly openMs: number;
  };
}

/** Sessions at QuickSync. */
export interface QuicksyncSettings extends ServiceSettings {
  /** Which connector serves it. */
  readonly kind: 'QUICKSYNC';
  /**
   * Where the service is, with the version of its API. No credentials, query or fragment.
   * @default 'https://api.quicksync.me/v1'
   */
  readonly url: string;
  /** The gateway's key at the service, visible ASCII of 1 to 8_192 characters. `PARLEY_BACKEND_<NAME>_API_KEY` gives it as well. */
  readonly apiKey: string;
  /**
   * Field of a kick that names whom to remove, 1 to 100 characters: the service's documentation does not show it.
   * @default 'userId'
   */
  readonly kickField: string;
  /**
   * How an entry of an allowlist is sent: the address itself, or `{ address }`. Both are read.
   * @default 'STRING'
   */
  readonly allowlistShape: 'STRING' | 'OBJECT';
  /**
   * What `expiry` of a reply counts: seconds from the session's creation, or the instant since 1970.
   * @default 'SECONDS'
   */
  readonly expiryUnit: 'SECONDS' | 'EPOCH_SECONDS' | 'EPOCH_MILLISECONDS';
  /**
   * The hub's method that carries events in an envelope, 1 to 100 characters. Null = whatever method it calls.
   * @default null
   */
  readonly hubMethod: string | null;
  /**
   * Whether messages are kept at the service, whose API for them is in closed beta. False = the gateway keeps them.
   * @default true
   */
  readonly chats: boolean;
}

/** Sessions at Sipher. */
export interface SipherSettings extends ServiceSettings {
  /** Which connector serves it. */
  readonly kind: 'SIPHER';
  /**
   * Where the service is. No credentials, query or fragment.
   * @default 'https://sipher.sip-protocol.org'
   */
  readonly url: string;
  /**
   * The gateway's key at the service, visible ASCII of 1 to 8_192 characters. Sessions belong to the key that made them.
   * `PARLEY_BACKEND_<NAME>_API_KEY` gives it as well.
   */
  readonly apiKey: string;
  /**
   * Requests within a minute that the service allows, 1 to 1_000_000.
   * @default 100
   */
  readonly requestsPerMinute: number;
  /**
   * How long a request may wait for its turn among those, 0 to 60_000. 0 = it is refused at once.
   * @default 2_000
   */
  readonly queueMs: number;
}

/** Sessions at Machani. */
export interface MachaniSettings extends ServiceSettings {
  /** Which connector serves it. */
  readonly kind: 'MACHANI';
  /** Where the service is, without the path of its API. No credentials, query or fragment. */
  readonly url: string;
  /**
   * Sent as `Authorization` with each request, visible ASCII of 1 to 8_192 characters. Null = nothing is.
   * `PARLEY_BACKEND_<NAME>_AUTHORIZATION` gives it as well.
   * @default null
   */
  readonly authorization: string | null;
  /**
   * The profile that sessions are created with, 1 to 200 characters.
   * @default 'default'
   */
  readonly profile: string;
  /**
   * Channels of sessions that are created without naming any: 1 to 100 different numbers, each 0 to 2_147_483_647.
   * @default [1]
   */
  readonly defaultChannels: readonly number[];
  /** The service's numbers for what a session may be, each 0 to 2_147_483_647: its documentation does not show them. */
  readonly sessionTypes: {
    /**
     * Of sessions that anybody may find.
     * @default 1
     */
    readonly PUBLIC: number;
    /**
     * Of sessions that are found by their members only.
     * @default 2
     */
    readonly PRIVATE: number;
    /**
     * Of sessions that are not meant to last.
     * @default 3
     */
    readonly TEMPORARY: number;
  };
  /**
   * Sessions that are asked for at a time, 1 to 1_000.
   * @default 100
   */
  readonly pageSize: number;
}

/** Sessions with agents at an ElizaOS server. */
export interface ElizaSettings extends ServiceSettings {
  /** Which connector serves it. */
  readonly kind: 'ELIZA';
  /**
   * Where the server is, without the path of its API. No credentials, query or fragment.
   * @default 'http://localhost:3000'
   */
  readonly url: string;
  /**
   * The server's `ELIZA_SERVER_AUTH_TOKEN`, visible ASCII of 1 to 8_192 characters. Null = it asks for none.
   * `PARLEY_BACKEND_<NAME>_API_KEY` gives it as well.
   * @default null
   */
  readonly apiKey: string | null;
  /**
   * The server's `SERVER_API_KEY`, which sockets are asked for, of the same shape. Null = they are asked for none.
   * `PARLEY_BACKEND_<NAME>_SOCKET_API_KEY` gives it as well.
   * @default null
   */
  readonly socketApiKey: string | null;
  /**
   * The agent of sessions that are created without naming one, 1 to 200 characters. Null = every creation has to name one.
   * @default null
   */
  readonly agentId: string | null;
  /**
   * How long a reply that is waited for may take, 1_000 to 600_000.
   * @default 60_000
   */
  readonly replyMs: number;
}

/** Sessions with agents at Julep. */
export interface JulepSettings extends ServiceSettings {
  /** Which connector serves it. */
  readonly kind: 'JULEP';
  /**
   * Which of its APIs the service speaks.
   * @default 'v1'
   */
  readonly contract: 'v0.3' | 'v1';
  /**
   * Where the service is. No credentials, query or fragment.
   * @default 'https://api.julep.ai/api', with contract 'v0.3' 'https://api-alpha.julep.ai/api'
   */
  readonly url: string;
  /** The gateway's key at the service, visible ASCII of 1 to 8_192 characters. `PARLEY_BACKEND_<NAME>_API_KEY` gives it as well. */
  readonly apiKey: string;
  /**
   * The header that the key is sent in.
   * @default 'Authorization'
   */
  readonly authHeader: 'Authorization' | 'X-Auth-Key';
  /**
   * Sent as `X-Developer-Id`, visible ASCII of 1 to 200 characters: an own installation with several developers asks for it. Null = nothing is.
   * @default null
   */
  readonly developerId: string | null;
  /**
   * The agent of sessions that are created without naming one, 1 to 200 characters. Null = every creation has to name one.
   * @default null
   */
  readonly agentId: string | null;
  /**
   * How long a reply that is waited for may take, 1_000 to 600_000.
   * @default 60_000
   */
  readonly replyMs: number;
}

/** One entry of `backends`: a service that sessions live at, under the name it is given here. */
export type BackendSettings = LocalSettings | QuicksyncSettings | SipherSettings | MachaniSettings | ElizaSettings | JulepSettings;
