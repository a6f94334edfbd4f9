import type { ResolvedConfig } from '../config/config.ts';
import type { Store } from '../core/ports.ts';
import { openStore } from '../stores/registry.ts';
import { CommandFailure } from './failure.ts';

/**
 * The store that the configuration names.
 * @throws CommandFailure where it does not open.
 */
export async function openStoreFor({ store, dataDir }: ResolvedConfig): Promise<Store> {
  try {
    return await openStore(store, dataDir);
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}
