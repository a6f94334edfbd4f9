import type { Backend, BackendKind } from '../core/backend.ts';
import type { Tier } from '../core/viewer.ts';
import { createLocalBackend } from './local/index.ts';

/** The kinds that there is a connector for. */
export type ConnectedKind = Extract<BackendKind, 'LOCAL'>;

/** One configured backend. */
export interface BackendConfig {
  readonly kind: ConnectedKind;
  readonly minimumTier?: Tier | null | undefined;
}

/** The connectors by kind. */
export const connectors: Readonly<
  Record<ConnectedKind, (options: { readonly name: string; readonly minimumTier: Tier | null }) => Backend>
> = {
  LOCAL: createLocalBackend,
};

/** The configured backends by name. */
export const openBackends = (config: Readonly<Record<string, BackendConfig>>): ReadonlyMap<string, Backend> =>
  new Map(
    Object.entries(config).map(([name, { kind, minimumTier }]) => [name, connectors[kind]({ name, minimumTier: minimumTier ?? null })]),
  );
