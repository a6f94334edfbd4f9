import { randomInt } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { recoverMessageAddress } from 'viem';
import { refuse } from './replies.ts';
import type { EmulatorState } from './state.ts';

interface VerifyBody {
  readonly walletAddress?: string | null;
  readonly message?: string | null;
  readonly signature?: string | null;
}

/** Proof of a wallet: a nonce is good for one message, and its signature is checked. */
export function walletRoutes(app: FastifyInstance, state: EmulatorState): void {
  app.get('/v1/wallet-proof/nonce', () => {
    const nonce = randomInt(1, 2 ** 31);
    const message = `Sign this message to prove that you own this wallet. Nonce: ${nonce}`;
    state.nonces.set(nonce, message);
    return { nonce, message };
  });

  app.post<{ Body: VerifyBody | undefined; Querystring: { chain?: string } }>('/v1/wallet-proof/verify', async (request, reply) => {
    const { walletAddress, message, signature } = request.body ?? {};
    const { chain = 'Ethereum' } = request.query;
    if (chain !== 'Ethereum') return refuse(reply, 400, 'Bad Request', `The chain ${chain} is not supported.`);
    if (!walletAddress || !message || !signature)
      return refuse(reply, 400, 'Bad Request', 'Wallet address, message and signature are required.');
    const nonce = [...state.nonces].find(([, given]) => given === message)?.[0];
    if (nonce === undefined) return refuse(reply, 400, 'Bad Request', 'The nonce is unknown or was used.');
    state.nonces.delete(nonce);
    const signer = await recoverMessageAddress({ message, signature: signature as `0x${string}` }).catch(() => '');
    if (signer.toLowerCase() !== walletAddress.toLowerCase()) return refuse(reply, 400, 'Bad Request', 'The signature is not valid.');
    return { token: state.issueProof(signer) };
  });
}
