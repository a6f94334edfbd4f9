import { type Gateway, createGateway } from '../../src/gateway.ts';
import type { BackendConfig, ParleyConfig } from '../../src/config/config.ts';
import type { BackendSubject, OpenedService } from '../conformance/backend-subject.ts';
import type { Emulator } from '../emulators/shared/emulator.ts';
import { type Admitted, type Credentials, createSession, joinSession } from './graphql-client.ts';

type ServiceConfig = Exclude<BackendConfig, { readonly kind: 'LOCAL' }>;

/** The name of the backend with the service. */
const far = 'far';

/** A gateway with one service, and LOCAL beside it. */
export interface FarWorld extends AsyncDisposable {
  readonly service: OpenedService;
  readonly gateway: Gateway;
  readonly url: string;
  person(): Promise<Credentials>;
  /** A new session at the service. */
  open(input?: object): Promise<Admitted>;
  join(sessionId: string): Promise<Admitted>;
}

export interface FarWorldOptions {
  /** What differs at the service's backend. */
  readonly backend?: Partial<ServiceConfig> & Readonly<Record<string, unknown>>;
  /** What differs at the gateway. */
  readonly gateway?: ParleyConfig;
}

/** The name of a subject in the titles of tests. */
export const titleOf = ({ kind, variant }: BackendSubject): string => (variant === undefined ? kind : `${kind} ${variant}`);

/** Opens it, with a service that is looked at often. */
export async function farWorld(subject: BackendSubject, { backend = {}, gateway: given = {} }: FarWorldOptions = {}): Promise<FarWorld> {
  const service = await subject.open({ pollMs: 200 });
  const gateway = await createGateway({
    // Each person comes from an address of its own.
    server: { port: 0, trustProxy: true },
    store: { driver: 'memory' },
    log: { level: 'silent' },
    ...given,
    backends: { local: { kind: 'LOCAL' }, [far]: { ...(service.config as ServiceConfig), ...backend } as BackendConfig },
  });
  const { url } = await gateway.start();
  const person = (): Promise<Credentials> => service.person(url, far);
  return {
    service,
    gateway,
    url,
    person,
    open: async (input = {}) => createSession(url, { backend: far, identity: { name: 'Ada' }, ...subject.base, ...input }, await person()),
    join: async (sessionId) => joinSession(url, { sessionId, identity: { name: 'Grace' } }, await person()),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}

/** The connections by which the service tells what happens; null = it tells nothing by itself. */
export function sourcesAt(emulator: Emulator | null): number | null {
  const { hub, sockets, state } = emulator as unknown as {
    readonly hub?: { count(): number };
    readonly sockets?: { readonly connected: number };
    readonly state?: { readonly streams?: ReadonlySet<unknown> };
  };
  return hub?.count() ?? sockets?.connected ?? state?.streams?.size ?? null;
}
