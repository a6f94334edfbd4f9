import type { Addresses } from '../core/ports.ts';

const ethereum = /^0x[0-9a-fA-F]{40}$/;
const oneCase = /^0x(?:[0-9a-f]{40}|[0-9A-F]{40})$/;

/** Ethereum addresses by EIP-55 (https://eips.ethereum.org/EIPS/eip-55). */
export function createAddresses(): Addresses {
  return {
    async canonical(address) {
      if (!ethereum.test(address)) return address;
      // Loaded when the first address comes: most gateways never see one, and start faster for it.
      const { getAddress } = await import('viem/utils');
      const checksummed = getAddress(`0x${address.slice(2).toLowerCase()}`);
      return oneCase.test(address) || address === checksummed ? checksummed : null;
    },
  };
}
