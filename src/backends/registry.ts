import type { Backend, BackendKind } from '../core/backend.ts';
import type { Tier } from '../core/viewer.ts';
import { createLocalBackend } from './local/index.ts';

/** One configured backend. */
export interface BackendConfig {
  readonly kind: keyof typeof backendKinds;
  readonly minimumTier?: Tier | null | undefined;
}

/** The connectors by kind. */
export const backendKinds = {
  LOCAL: createLocalBackend,
} as const satisfies Partial<Record<BackendKind, (options: { readonly name: string; readonly minimumTier: Tier | null }) => Backend>>;

/** The configured backends by name. */
export const openBackends = (config: Readonly<Record<string, BackendConfig>>): ReadonlyMap<string, Backend> =>
  new Map(
    Object.entries(config).map(([name, { kind, minimumTier }]) => [name, backendKinds[kind]({ name, minimumTier: minimumTier ?? null })]),
  );
