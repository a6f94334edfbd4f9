import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { type Credentials, bearer, mutate } from './graphql-client.ts';

export type Wallet = ReturnType<typeof privateKeyToAccount>;

export const createWallet = (): Wallet => privateKeyToAccount(generatePrivateKey());

const challengeFields = '... on WalletChallenge { id message expiresAt }';
export const credentialsFields = '... on Credentials { token expiresAt }';

/** What the wallet is to sign. */
export const requestChallenge = (url: string, address: string, more: object = {}): Promise<any> =>
  mutate(url, 'requestWalletChallenge', { address, ...more }, challengeFields);

/** Signs a wallet in: its credentials. */
export async function signIn(url: string, wallet: Wallet): Promise<Credentials> {
  const { id: challengeId, message } = await requestChallenge(url, wallet.address);
  const signature = await wallet.signMessage({ message });
  const { token } = await mutate(url, 'verifyWallet', { challengeId, signature }, credentialsFields);
  return bearer(token);
}
