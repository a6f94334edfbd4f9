import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** What a key is for. Each purpose has a key of its own: what one of them signs, none of the others accepts. */
export type KeyPurpose = 'idempotency' | 'member-token' | 'service-secret' | 'wallet-token';

/**
 * A 256-bit key for one purpose, derived from the gateway's master secret by HKDF-SHA256. The same secret gives the same key in every
 * process, so that several gateways accept each other's tokens. A `KeyObject` does not print its bytes when it is logged.
 */
export const deriveKey = (secret: string, purpose: KeyPurpose): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `parley/v1/${purpose}`, 32)));
