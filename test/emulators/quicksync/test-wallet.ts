import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

export type TestWallet = ReturnType<typeof privateKeyToAccount>;

export const createTestWallet = (): TestWallet => privateKeyToAccount(generatePrivateKey());

/** Proves a wallet at the service itself: its bearer. @param baseUrl - With the version. */
export async function obtainProof(baseUrl: string, wallet: TestWallet): Promise<string> {
  const given = await fetch(`${baseUrl}/wallet-proof/nonce`);
  const { message } = (await given.json()) as { readonly message: string };
  const signature = await wallet.signMessage({ message });
  const reply = await fetch(`${baseUrl}/wallet-proof/verify?chain=Ethereum`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ walletAddress: wallet.address, message, signature }),
  });
  if (reply.status !== 200) throw new Error(`Expected the wallet to be verified, got ${reply.status} ${await reply.text()}`);
  return ((await reply.json()) as { readonly token: string }).token;
}
