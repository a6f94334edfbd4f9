import type { ServiceOptions } from '../shared/service-options.ts';

/** How an entry of an allowlist is written: the address itself, or `{ address }`. */
export type AllowlistShape = 'STRING' | 'OBJECT';

/** What `expiry` counts: seconds of life from the session's creation, or the instant of its end since 1970. */
export type ExpiryUnit = 'SECONDS' | 'EPOCH_SECONDS' | 'EPOCH_MILLISECONDS';

export interface QuicksyncOptions extends ServiceOptions {
  /** With the version in it: `https://api.quicksync.me/v1`. */
  readonly url: string;
  /** Sent as `X-API-KEY` when sessions are created and joined. A secret. */
  readonly apiKey: string;
  /** How often chats are looked at while somebody follows the session: the service's hub for them is not there yet. Milliseconds. */
  readonly pollMs: number;
  /** Of one attempt at a request, and of connecting to the hub. Milliseconds. */
  readonly timeoutMs: number;
  /** The field of a kick's body that names whom to remove. The service's documentation does not show it. @default 'userId' */
  readonly kickField?: string | undefined;
  /** As sent; both are read. The service's documentation does not show it. @default 'STRING' */
  readonly allowlistShape?: AllowlistShape | undefined;
  /** Of replies. The service's documentation does not tell. @default 'SECONDS' */
  readonly expiryUnit?: ExpiryUnit | undefined;
  /** The hub's method that carries events in an envelope. Null = whatever method it calls is listened to. @default null */
  readonly hubMethod?: string | null | undefined;
  /** Whether the Chats API may be used: it is in closed beta, for partners. @default true */
  readonly chats?: boolean | undefined;
}
