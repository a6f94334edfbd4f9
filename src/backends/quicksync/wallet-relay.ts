import { isProblem, problem } from '../../core/problem.ts';
import type { WalletRelay } from '../../core/service.ts';
import { refused } from './problems.ts';
import { isRefusal } from './refusal.ts';
import type { ServiceDeps } from './service.ts';

// A signature says nothing of a chain: the service takes it for Ethereum's whichever of its kin the wallet is used on.
const evm = /^(?:ethereum|eip155:[1-9]\d*)$/i;

/** The service's own proof of a wallet: its bearer, for creating and joining sessions. */
export function createWalletRelay({ name, client, adapter }: ServiceDeps): WalletRelay {
  const badChain = (chain: string) =>
    evm.test(chain)
      ? null
      : problem('BAD_INPUT', `Backend ${name} knows Ethereum's wallets alone: expected \`chain\` to be "ethereum".`, {
          path: ['chain'],
          backend: name,
        });
  return {
    async challenge({ chain }, signal) {
      const bad = badChain(chain);
      if (bad !== null) return bad;
      const said = await client.nonce(signal);
      return isRefusal(said) ? refused(name, 'give a nonce', said) : said;
    },
    async verify({ address, chain, message, signature }, signal) {
      const bad = badChain(chain);
      if (bad !== null) return bad;
      const said = await client.verify({ walletAddress: address, message, signature }, signal);
      if (isProblem(said)) return said;
      if (!isRefusal(said)) return { token: said.token, expiresAt: adapter.proofEnd(said.token) };
      if (![400, 401, 422].includes(said.status)) return refused(name, 'verify the wallet', said);
      const words = said.text === null ? '' : ` ("${said.text}")`;
      const detail = `Backend ${name} does not accept the signature${words}: request a new challenge and sign its message with the wallet of that address.`;
      return problem('UNAUTHENTICATED', detail, { path: ['signature'], backend: name });
    },
  };
}
