import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';

/** A key pair of an identity provider. */
export interface IdentityProviderKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly jwk: Readonly<Record<string, unknown>>;
}

export async function createProviderKey(kid: string, algorithm = 'ES256'): Promise<IdentityProviderKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid, algorithm, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' } };
}

export const signWith = (key: IdentityProviderKey, payload: JWTPayload, header: { readonly typ?: string } = {}): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...header }).sign(key.privateKey);

export interface IdentityProvider extends AsyncDisposable {
  readonly jwksUrl: string;
  /** How often the keys were asked for. */
  readonly lookUps: number;
  publish(keys: readonly IdentityProviderKey[]): void;
  /** What the server answers instead of its keys; null = the keys. */
  fail(answer: { readonly status: number; readonly body: string } | null): void;
}

/** A real HTTP server that publishes a JSON Web Key Set. */
export async function startIdentityProvider(keys: readonly IdentityProviderKey[]): Promise<IdentityProvider> {
  let published = keys;
  let failure: { readonly status: number; readonly body: string } | null = null;
  let lookUps = 0;
  const server = createServer((_, response) => {
    lookUps += 1;
    const body = JSON.stringify({ keys: published.map(({ jwk }) => jwk) });
    response.writeHead(failure?.status ?? 200, { 'content-type': 'application/json', connection: 'close' }).end(failure?.body ?? body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get lookUps() {
      return lookUps;
    },
    publish(next) {
      published = next;
    },
    fail(answer) {
      failure = answer;
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
