import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { deriveKey, type KeyPurpose } from '../../src/auth/secret.ts';
import { createSignedTokens } from '../../src/auth/signed-tokens.ts';
import { createSteppedClock } from '../support/auth-clock.ts';

const secret = 'a master secret of more than 32 characters';
const clock = createSteppedClock();

test.each([
  ['member', 'member-token', 'wallet-token'],
  ['wallet', 'wallet-token', 'member-token'],
] as const)('a %s token is good by the key %s, and not by %s', async (kind, own, other) => {
  const tokens = createSignedTokens({ kind, secret, clock });
  const forge = (purpose: KeyPurpose): Promise<string> =>
    new SignJWT({ iss: 'parley', aud: `parley:${kind}`, sub: 'x' })
      .setProtectedHeader({ alg: 'HS256', typ: `parley-${kind}+jwt` })
      .sign(deriveKey(secret, purpose));
  expect(await tokens.verify(await forge(own))).toEqual({ subject: 'x', expiresAt: null });
  expect(await tokens.verify(await forge(other))).toBe('malformed');
});
