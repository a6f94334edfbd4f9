import type { Backend } from '../core/backend.ts';
import type { Tier } from '../core/viewer.ts';
import { boundedService } from './bounded-service.ts';
import { createElizaBackend } from './eliza/index.ts';
import type { ElizaOptions } from './eliza/options.ts';
import { createJulepBackend } from './julep/index.ts';
import type { JulepOptions } from './julep/options.ts';
import { createLocalBackend } from './local/index.ts';
import { createMachaniBackend } from './machani/index.ts';
import type { MachaniOptions } from './machani/options.ts';
import { createQuicksyncBackend } from './quicksync/index.ts';
import type { QuicksyncOptions } from './quicksync/options.ts';
import type { HttpClientOptions } from './shared/http-options.ts';
import { createSipherBackend } from './sipher/index.ts';
import type { SipherOptions } from './sipher/options.ts';

/** What a connector is given besides its settings. */
type Given = 'name' | 'onSend' | 'onCall' | 'clock';

/** One configured backend: its kind, and the settings of its connector. */
export type BackendConfig =
  | { readonly kind: 'LOCAL'; readonly minimumTier?: Tier | null | undefined }
  | ({ readonly kind: 'QUICKSYNC' } & Omit<QuicksyncOptions, Given>)
  | ({ readonly kind: 'SIPHER' } & Omit<SipherOptions, Given>)
  | ({ readonly kind: 'MACHANI' } & Omit<MachaniOptions, Given>)
  | ({ readonly kind: 'ELIZA' } & Omit<ElizaOptions, Given>)
  | ({ readonly kind: 'JULEP' } & Omit<JulepOptions, Given>);

export interface OpenBackendsOptions {
  /** Is told before each call to a service. */
  readonly onSend?: HttpClientOptions['onSend'] | undefined;
  /** Is told of each call to a service. */
  readonly onCall?: HttpClientOptions['onCall'] | undefined;
}

const bounded = (backend: Backend): Backend => ({ ...backend, service: backend.service && boundedService(backend.service) });

function open(name: string, config: BackendConfig, { onSend, onCall }: OpenBackendsOptions): Backend {
  const common = { name, ...(onSend && { onSend }), ...(onCall && { onCall }) };
  switch (config.kind) {
    case 'LOCAL':
      return createLocalBackend({ name, minimumTier: config.minimumTier ?? null });
    case 'QUICKSYNC':
      return createQuicksyncBackend({ ...config, ...common });
    case 'SIPHER':
      return createSipherBackend({ ...config, ...common });
    case 'MACHANI':
      return createMachaniBackend({ ...config, ...common });
    case 'ELIZA':
      return createElizaBackend({ ...config, ...common });
    case 'JULEP':
      return createJulepBackend({ ...config, ...common });
  }
}

/** The configured backends by name. Nothing is connected before it is needed; each `service` has to be disposed. */
export const openBackends = (
  config: Readonly<Record<string, BackendConfig>>,
  options: OpenBackendsOptions = {},
): ReadonlyMap<string, Backend> =>
  new Map(Object.entries(config).map(([name, settings]) => [name, bounded(open(name, settings, options))]));
