import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { deriveKey } from '../../src/auth/secret.ts';

const secret = 'a master secret of more than 32 characters';
const hex = (key: ReturnType<typeof deriveKey>): string => key.export().toString('hex');

test('gives the same 256 bits for the same secret and purpose', () => {
  expect(hex(deriveKey(secret, 'member-token'))).toBe(hex(deriveKey(secret, 'member-token')));
  expect(deriveKey(secret, 'member-token').symmetricKeySize).toBe(32);
});

test('gives independent keys for other purposes and other secrets', () => {
  const keys = [deriveKey(secret, 'member-token'), deriveKey(secret, 'wallet-token'), deriveKey(`${secret}!`, 'member-token')];
  expect(new Set(keys.map(hex)).size).toBe(3);
});

test('gives the key of RFC 5869 HKDF, so that another implementation can compute it', async () => {
  const bytes = new TextEncoder().encode(secret);
  const base = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits']);
  const info = new TextEncoder().encode('parley/v1/wallet-token');
  const bits = await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, base, 256);
  expect(hex(deriveKey(secret, 'wallet-token'))).toBe(Buffer.from(bits).toString('hex'));
});

test('does not show its bytes when it is printed', () => {
  const key = deriveKey(secret, 'member-token');
  expect(inspect(key, { showHidden: true })).not.toContain(hex(key).slice(0, 8));
});
