import { createQuicksyncBackend } from '../../../src/backends/quicksync/index.ts';
import type { QuicksyncOptions } from '../../../src/backends/quicksync/options.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { noUpstream, sessionWith } from '../../../src/core/decide/facts.ts';
import { newMemberId } from '../../../src/core/ids.ts';
import { isProblem } from '../../../src/core/problem.ts';
import { noRules } from '../../../src/core/rules.ts';
import type { Effects, Joined, Joiner, MemberAt, OpenRequest, Outgoing, Service, SessionAt, Sink } from '../../../src/core/service.ts';
import type { Rules, Session } from '../../../src/core/session.ts';
import { type QuicksyncEmulator, createQuicksyncEmulator } from '../../emulators/quicksync/emulator.ts';
import type { EmulatedSession } from '../../emulators/quicksync/state.ts';
import type { QuicksyncEmulatorOptions } from '../../emulators/quicksync/options.ts';
import { createTestWallet, obtainProof } from '../../emulators/quicksync/test-wallet.ts';
import { sessionOf } from '../../support/core-fixtures.ts';

/** The emulator and a connector to it. Disposing throws where something was asked for that the service does not have. */
export interface World extends AsyncDisposable {
  readonly emulator: QuicksyncEmulator;
  readonly backend: Backend;
  readonly service: Service;
  readonly effects: Required<Pick<Effects, 'join' | 'leave' | 'kick' | 'end'>>;
  /** The session as the service has it. */
  there(at: SessionAt): EmulatedSession;
  /** The bodies of the requests to an endpoint, in the order of their coming. */
  bodies(match: string): readonly unknown[];
  /** Somebody with a wallet that has been proven at the service. */
  joiner(name: string): Promise<Joiner>;
  /** Opens a session, as its creator sees it. @param password - Is given as input, as rules know only hashes. */
  open(rules?: Partial<Rules>, password?: string): Promise<SessionAt>;
  /** Joins it, as the new member sees it. */
  enter(at: SessionAt, name: string, password?: string | null): Promise<SessionAt>;
}

/** With short times. */
export const optionsOf = (url: string, more: Partial<QuicksyncOptions> = {}): QuicksyncOptions => ({
  name: 'qs',
  url,
  apiKey: 'quicksync-key',
  minimumTier: null,
  onExpiry: 'KEEP',
  foreignVisibility: 'PRIVATE',
  pollMs: 60_000,
  timeoutMs: 2_000,
  retries: 0,
  concurrency: 8,
  breaker: { failures: 5, openMs: 10_000 },
  ...more,
});

/** The value, where it is no refusal. */
export function good<T>(value: T): Exclude<T, { readonly kind: 'problem' }> {
  if (isProblem(value)) throw new Error(`Expected no problem, got ${JSON.stringify(value)}.`);
  return value as Exclude<T, { readonly kind: 'problem' }>;
}

export const requestOf = (creator: Joiner, parts: Partial<OpenRequest> = {}): OpenRequest => ({
  input: {},
  handle: null,
  rules: noRules,
  creator,
  options: {},
  now: Date.now(),
  ...parts,
});

export const outgoing = (content: string): Outgoing => ({
  content,
  role: 'USER',
  channel: null,
  attachments: [],
  metadata: {},
  options: {},
  mark: 'parley:test:1',
  awaitReply: false,
  onDelta: () => {},
});

export const memberAt = (joiner: Joiner, { id, secret }: Pick<Joined, 'id' | 'secret'>): MemberAt => ({
  memberId: joiner.memberId,
  name: joiner.name,
  address: joiner.address,
  id,
  secret,
});

/** In whose name the session is asked about. */
export function asMember({ as }: SessionAt): MemberAt {
  if (as === null) throw new Error('Expected a member');
  return as;
}

/** The session as its creation asked for it, before the service said anything. */
export const recordOf = (handle: string, rules: Partial<Rules> = {}, parts: Partial<Session> = {}): Session => ({
  ...sessionOf({}),
  handle,
  backend: 'qs',
  upstream: noUpstream,
  rules: { ...noRules, ...rules },
  ...parts,
});

export async function createWorld(
  emulatorOptions: QuicksyncEmulatorOptions = {},
  backendOptions: Partial<QuicksyncOptions> = {},
): Promise<World> {
  const emulator = await createQuicksyncEmulator(emulatorOptions);
  const backend = createQuicksyncBackend(optionsOf(emulator.baseUrl, backendOptions));
  const { service } = backend;
  if (service === null) throw new Error('Expected a service');
  const world: World = {
    emulator,
    backend,
    service,
    effects: service.effects as World['effects'],
    there({ session }) {
      const found = emulator.state.sessions.get(session.handle);
      if (found === undefined) throw new Error('Expected the session to be there');
      return found;
    },
    bodies: (match) => emulator.requests.filter(({ method, url }) => `${method} ${url}` === match).map(({ body }) => body),
    async joiner(name) {
      const wallet = createTestWallet();
      const walletProof = await obtainProof(emulator.baseUrl, wallet);
      return { memberId: newMemberId(), name, address: wallet.address, walletProof, principal: null };
    },
    async open(rules = {}, password) {
      const creator = await world.joiner('Ada');
      const all = { ...noRules, ...rules };
      const now = (emulatorOptions.now ?? Date.now)();
      const input = { rules: password === undefined ? null : { password } };
      const opened = good(await service.open(requestOf(creator, { rules: all, input, now })));
      const session = sessionWith(recordOf(opened.handle, all, { createdAt: now }), opened.facts);
      if (!opened.member) throw new Error('Expected the creator to be a member');
      return { session, secret: null, as: memberAt(creator, opened.member) };
    },
    async enter(at, name, password = null) {
      const joiner = await world.joiner(name);
      const joined = good(await service.effects.join?.({ ...at, as: null }, { ...joiner, password }));
      if (joined === undefined) throw new Error('Expected an effect of joining');
      return { session: sessionWith(at.session, joined.facts ?? {}), secret: null, as: memberAt(joiner, joined) };
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      const { violations, unknownRequests } = emulator;
      await emulator[Symbol.asyncDispose]();
      const wrong = [...violations, ...unknownRequests];
      if (wrong.length > 0) throw new Error(`Expected requests that the service knows, got ${JSON.stringify(wrong)}`);
    },
  };
  return world;
}

export type Heard = { readonly [Key in keyof Sink]: readonly [Key, ...Parameters<Sink[Key]>] }[keyof Sink];

/** A sink that keeps what it is told, and can be waited on. */
export interface RecordingSink extends Sink {
  readonly heard: readonly Heard[];
  /** The next one of that kind, from those that nobody took yet. */
  next<Kind extends keyof Sink>(kind: Kind): Promise<Extract<Heard, readonly [Kind, ...unknown[]]>>;
}

export function createSink(): RecordingSink {
  const heard: Heard[] = [];
  const untaken: Heard[] = [];
  let waiting: { readonly kind: keyof Sink; readonly resolve: (heard: Heard) => void }[] = [];
  const take = (...each: Heard): void => {
    heard.push(each);
    const first = waiting.find(({ kind }) => kind === each[0]);
    if (first === undefined) return void untaken.push(each);
    waiting = waiting.filter((other) => other !== first);
    first.resolve(each);
  };
  return {
    heard,
    opened: () => take('opened'),
    message: (message) => take('message', message),
    delta: (delta) => take('delta', delta),
    joined: (member) => take('joined', member),
    left: (id) => take('left', id),
    facts: (facts) => take('facts', facts),
    changed: () => take('changed'),
    failed: (cause) => take('failed', cause),
    next(kind) {
      const index = untaken.findIndex((each) => each[0] === kind);
      const found = index === -1 ? undefined : untaken.splice(index, 1)[0];
      const heardNext =
        found === undefined ? new Promise<Heard>((resolve) => void waiting.push({ kind, resolve })) : Promise.resolve(found);
      return heardNext as Promise<never>;
    },
  };
}
