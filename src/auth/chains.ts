// The names that wallets' users know. A chain without a name here is named by its number.
const chainIdsByName: ReadonlyMap<string, number> = new Map([
  ['ethereum', 1],
  ['optimism', 10],
  ['bsc', 56],
  ['gnosis', 100],
  ['polygon', 137],
  ['base', 8_453],
  ['arbitrum', 42_161],
  ['avalanche', 43_114],
  ['linea', 59_144],
  ['sepolia', 11_155_111],
]);

const namesByChainId: ReadonlyMap<number, string> = new Map([...chainIdsByName].map(([name, id]) => [id, name]));

/** The EIP-155 id of a chain given by name (`ethereum`, in any case) or number (`1`), or null where it is not among the allowed. */
export function allowedChainId(chain: string, allowed: readonly number[]): number | null {
  const id = /^[1-9]\d{0,15}$/.test(chain) ? Number(chain) : chainIdsByName.get(chain.toLowerCase());
  return id !== undefined && allowed.includes(id) ? id : null;
}

/** How a client may write a chain: its name, else its number. */
export const chainLabel = (id: number): string => namesByChainId.get(id) ?? String(id);
