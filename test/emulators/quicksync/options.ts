/** How the emulator behaves where the service's documentation leaves it open, and its limits. */
export interface QuicksyncEmulatorOptions {
  /** @default 0 // any free one */
  readonly port?: number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** What `X-API-KEY` has to be. @default 'quicksync-key' */
  readonly apiKey?: string;
  /** How long a wallet's bearer is good. @default 300 */
  readonly walletProofSeconds?: number;
  /** @default 'userId' */
  readonly kickField?: string;
  /** As taken, and as answered by `POST /session`; other replies have strings. @default 'STRING' */
  readonly allowlistShape?: 'STRING' | 'OBJECT';
  /** @default 'SECONDS' */
  readonly expiryUnit?: 'SECONDS' | 'EPOCH_SECONDS' | 'EPOCH_MILLISECONDS';
  /** What a session's token is answered after the session has expired: it is not there, or the token has run out with it. @default 404 */
  readonly expiredStatus?: 404 | 401;
  /** The hub's one method for all events; null = each event is a method of its name. @default null */
  readonly hubMethod?: string | null;
  /** What is in `data` of `UserAdded` and `UserRemoved`: the user as in `users`, its id alone, or nothing. @default 'USER' */
  readonly eventData?: 'USER' | 'ID' | 'NONE';
  /** Whether this client is let into the closed beta. @default true */
  readonly chats?: boolean;
  /** What `POST /chats` answers. @default 'CHAT' */
  readonly chatReply?: 'CHAT' | 'EMPTY';
  /** Of a session that asks for none. @default 10 */
  readonly userCapacity?: number;
  /** Likewise. @default 3_600 // an hour */
  readonly expirySeconds?: number;
}

export type EmulatorSettings = Required<QuicksyncEmulatorOptions>;

export const settingsOf = (options: QuicksyncEmulatorOptions): EmulatorSettings => ({
  port: 0,
  now: Date.now,
  apiKey: 'quicksync-key',
  walletProofSeconds: 300,
  kickField: 'userId',
  allowlistShape: 'STRING',
  expiryUnit: 'SECONDS',
  expiredStatus: 404,
  hubMethod: null,
  eventData: 'USER',
  chats: true,
  chatReply: 'CHAT',
  userCapacity: 10,
  expirySeconds: 3_600,
  ...options,
});
