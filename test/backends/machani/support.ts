import { aSession } from '../../support/store-fixtures.ts';
import { createMachaniBackend } from '../../../src/backends/machani/index.ts';
import type { MachaniOptions } from '../../../src/backends/machani/options.ts';
import type { Backend } from '../../../src/core/backend.ts';
import type { MemberId, SessionId } from '../../../src/core/ids.ts';
import { type Problem, isProblem } from '../../../src/core/problem.ts';
import { noRules } from '../../../src/core/rules.ts';
import type {
  Facts,
  Joiner,
  MemberAt,
  OpenRequest,
  Outgoing,
  Service,
  ServiceMessage,
  SessionAt,
  Sink,
} from '../../../src/core/service.ts';
import type { Rules, Session } from '../../../src/core/session.ts';
import type { CreateInput } from '../../../src/core/use-cases.ts';
import type { Emulator } from '../../emulators/shared/emulator.ts';

export const member = (id: string, name: string = id): Joiner => ({
  memberId: `mem_${id}` as MemberId,
  name,
  address: null,
  walletProof: null,
  principal: null,
});

export const memberAt = (id: string, upstreamId: string | null): MemberAt => ({ ...member(id), id: upstreamId, secret: null });

type OpenExtras = Partial<Omit<OpenRequest, 'input' | 'rules'>> & { readonly rules?: Partial<Rules> };

export const openRequest = (input: CreateInput = {}, more: OpenExtras = {}): OpenRequest => ({
  handle: input.handle ?? null,
  creator: member('ada', 'Ada'),
  options: {},
  now: 0,
  ...more,
  input,
  rules: { ...noRules, ...more.rules },
});

export const session = (handle: string, more: Partial<Session> = {}): Session =>
  aSession({
    id: 'ses_1' as SessionId,
    backend: 'rooms',
    handle,
    visibility: 'PRIVATE',
    createdAt: 0,
    updatedAt: 0,
    lastActivityAt: 0,
    activeMembers: 1,
    ...more,
  });

export const sessionAt = (handle: string, as: MemberAt | null = null, more: Partial<Session> = {}): SessionAt => ({
  session: session(handle, more),
  secret: null,
  as,
});

export const outgoing = (content: string, more: Partial<Outgoing> = {}): Outgoing => ({
  content,
  role: 'USER',
  channel: null,
  attachments: [],
  metadata: {},
  options: {},
  mark: 'parley:epoch:msg_1',
  awaitReply: false,
  onDelta: () => {},
  ...more,
});

/** Throws where something was asked that neither the spec nor the emulator knows. */
export function checkRequests({ violations, unknownRequests }: Pick<Emulator, 'violations' | 'unknownRequests'>): void {
  const wrong = [...violations, ...unknownRequests.map(({ method, url }) => ({ method, url, problem: 'unknown' }))];
  if (wrong.length > 0) throw new Error(`Expected no wrong requests, got ${JSON.stringify(wrong)}.`);
}

/** The value, where it is no problem. */
export function granted<T>(value: T | Problem): T {
  if (isProblem(value)) throw new Error(`Expected no problem, got ${value.code}: ${value.detail}`);
  return value;
}

export type RemoteBackend = Backend & AsyncDisposable & { readonly service: Service };

/** A connector with short times. */
export function createBackend(url: string, options: Partial<MachaniOptions> = {}): RemoteBackend {
  const backend = createMachaniBackend({
    name: 'rooms',
    url,
    minimumTier: null,
    onExpiry: 'DELETE',
    foreignVisibility: 'PRIVATE',
    pollMs: 1_000,
    timeoutMs: 2_000,
    retries: 1,
    concurrency: 8,
    breaker: { failures: 50, openMs: 1_000 },
    reconnectMs: 1,
    ...options,
  });
  if (backend.service === null) throw new Error('Expected a service.');
  return backend as RemoteBackend;
}

type Said =
  | { readonly kind: 'opened' | 'changed' }
  | { readonly kind: 'message'; readonly message: ServiceMessage }
  | { readonly kind: 'joined'; readonly id: string; readonly name: string }
  | { readonly kind: 'left'; readonly id: string }
  | { readonly kind: 'facts'; readonly facts: Facts }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** Takes what a watch says, and gives it one by one. */
export interface Ear extends Sink {
  readonly all: readonly Said[];
  /** The next thing that was not given yet. */
  next(): Promise<Said>;
  /** The next of a kind; what comes before it is passed over. */
  until<Kind extends Said['kind']>(kind: Kind): Promise<Extract<Said, { kind: Kind }>>;
}

export function createEar(): Ear {
  const all: Said[] = [];
  let given = 0;
  let wake: () => void = () => {};
  const say = (said: Said): void => {
    all.push(said);
    wake();
  };
  const next = async (): Promise<Said> => {
    while (all[given] === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const said = all[given++];
    if (said === undefined) throw new Error('Expected something to be said.');
    return said;
  };
  return {
    all,
    next,
    async until<Kind extends Said['kind']>(kind: Kind) {
      for (;;) {
        const said = await next();
        if (said.kind === kind) return said as Extract<Said, { kind: Kind }>;
      }
    },
    opened: () => say({ kind: 'opened' }),
    changed: () => say({ kind: 'changed' }),
    message: (message) => say({ kind: 'message', message }),
    delta: () => {},
    joined: ({ id, name }) => say({ kind: 'joined', id, name }),
    left: (id) => say({ kind: 'left', id }),
    facts: (facts) => say({ kind: 'facts', facts }),
    failed: (cause) => say({ kind: 'failed', problem: cause }),
  };
}
