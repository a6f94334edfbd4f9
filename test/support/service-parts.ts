import { createSecretBox } from '../../src/auth/secret-box.ts';
import { type Serializer, createSerializer } from '../../src/core/serializer.ts';
import type { Emit, SecretBox, WalletProofs } from '../../src/core/ports.ts';
import { type Upstreams, type UpstreamsOptions, createUpstreams } from '../../src/core/upstream/upstreams.ts';

export interface ServiceParts {
  readonly upstreams: Upstreams;
  readonly inTurn: Serializer;
  readonly box: SecretBox;
  readonly emit: Emit;
  readonly walletProofs: WalletProofs;
}

/** What a gateway's parts need to speak with services, as a gateway composes it. */
export function createServiceParts(
  options: Pick<UpstreamsOptions, 'store' | 'bus' | 'clock' | 'backends'> & Partial<UpstreamsOptions>,
): ServiceParts {
  const box = options.box ?? createSecretBox('a secret of at least 32 characters');
  const inTurn = options.inTurn ?? createSerializer();
  const emit: Emit = options.emit ?? (() => {});
  const report = (error: unknown): void => {
    throw new Error('Something went wrong where nobody waits for it', { cause: error });
  };
  const upstreams = createUpstreams({ box, inTurn, emit, schedule: () => {}, report, ...options });
  return { upstreams, inTurn, box, emit, walletProofs: { find: async () => null } };
}
