import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretBox } from '../core/ports.ts';
import { deriveKey } from './secret.ts';

const algorithm = 'aes-256-gcm';
const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM under a key derived from the master secret. The context is authenticated with the text: what is copied from one record into
 * another does not open there.
 */
export function createSecretBox(secret: string): SecretBox {
  const key = deriveKey(secret, 'service-secret');
  return {
    seal(plain, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `${version}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
    },
    open(sealed, context) {
      const [mark, text = ''] = sealed.split('.');
      const bytes = Buffer.from(text, 'base64url');
      if (mark !== version || bytes.length < nonceBytes + tagBytes) throw new Error('Expected a sealed secret, got something else.');
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
      } catch (error) {
        throw new Error(`A secret of ${context} does not open: the gateway's secret was changed, or the record was.`, { cause: error });
      }
    },
  };
}
