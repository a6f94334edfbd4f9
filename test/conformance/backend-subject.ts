import { type BackendKind, type Feature, type FeatureProvider, features } from '../../src/core/backend.ts';
import type { BackendConfig } from '../../src/config/config.ts';
import type { Emulator } from '../emulators/shared/emulator.ts';
import type { Credentials } from '../support/graphql-client.ts';

/** What a test may do at the service itself, past the gateway. */
export interface AtService {
  /** Makes a session there. Answers with its handle. Left out = nobody but the gateway can. */
  create?(): Promise<string>;
  /** Somebody else says something in the session. Left out = the service has no messages of others. */
  say?(handle: string, content: string): Promise<void>;
  /** When the gateway follows the session there. Left out = it looks now and then. */
  followed?(handle: string): Promise<void>;
  /** Takes the session away, as its deletion there does. */
  remove(handle: string): Promise<void>;
  /** Whether the service has it. */
  has(handle: string): boolean;
  /** The agent suggests something. Left out = it does not. */
  suggest?(handle: string, content: string): Promise<void>;
  /** What the next replies of the agent are, in pieces. Left out = there is no agent. */
  reply?(pieces: readonly string[]): void;
}

/** A backend with its service, ready to be configured. */
export interface OpenedService extends AsyncDisposable {
  readonly config: BackendConfig;
  /** Null = there is no service. */
  readonly emulator: Emulator | null;
  readonly at: AtService | null;
  /** Texts that nobody may ever see: the gateway's key, tokens. Asked when the tests are done. */
  secrets(): readonly string[];
  /** Credentials of somebody who may create and join there; `url` is the gateway's. Each call is another person. */
  person(url: string, backend: string): Promise<Credentials>;
}

/** A backend that the conformance suite is run on. */
export interface BackendSubject {
  readonly kind: BackendKind;
  /** Where one kind is there more than once: `v0.3`. */
  readonly variant?: string;
  open(options?: { readonly pollMs?: number }): Promise<OpenedService>;
  /** What others than the gateway can do at the service: `at.create`, `at.say`. */
  readonly others: { readonly create: boolean; readonly say: boolean };
  /** What it says of itself: held against what it does. */
  readonly features: Readonly<Record<Feature, FeatureProvider>>;
  /** Fields that a creation needs there. */
  readonly base: Readonly<Record<string, unknown>>;
  /** How a session that was taken away at the service ends. */
  readonly gone: 'EXPIRED' | 'ENDED' | null;
  /** Rules under which a session is over after a second or two, by the gateway's clock; null = only the service's clock decides. */
  readonly short: Readonly<Record<string, unknown>> | null;
  /** A policy that `setTimeoutPolicy` takes there. @default an hour */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** Defaults that it takes. @default any */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** The calls at the service that a page of 50 of its sessions costs at the most. */
  readonly callsPerPage: number;
}

/** Every feature with one provider, but for those that have another. */
export const featureTable = (
  provider: FeatureProvider,
  others: Readonly<Partial<Record<FeatureProvider, readonly Feature[]>>>,
): Readonly<Record<Feature, FeatureProvider>> => {
  const table = Object.fromEntries(features.map((feature) => [feature, provider])) as Record<Feature, FeatureProvider>;
  for (const [other, named] of Object.entries(others) as [FeatureProvider, readonly Feature[]][])
    for (const feature of named) table[feature] = other;
  return table;
};
