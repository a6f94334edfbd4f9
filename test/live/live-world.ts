import { EventEmitter, once } from 'node:events';
import { createAddresses } from '../../src/auth/addresses.ts';
import { createAttemptLimiter } from '../../src/auth/attempts.ts';
import { createMemberTokens, type VerifiableMemberTokens } from '../../src/auth/member-tokens.ts';
import { createPasswordHasher } from '../../src/auth/passwords.ts';
import { createWalletAuth, type WalletAuth } from '../../src/auth/wallet.ts';
import { openBackends } from '../../src/backends/registry.ts';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import type { Backend } from '../../src/core/backend.ts';
import { createExpiry } from '../../src/core/expiry.ts';
import type { MemberId, SessionId } from '../../src/core/ids.ts';
import type { Bus, Clock, Presence, Store } from '../../src/core/ports.ts';
import { type Problem, isProblem } from '../../src/core/problem.ts';
import { createSessionService } from '../../src/core/session-service.ts';
import type { CreateInput, JoinInput, UseCases } from '../../src/core/use-cases.ts';
import type { Caller, Viewer } from '../../src/core/viewer.ts';
import { type Engine, type SubscriptionPlan, createEngine } from '../../src/graphql/engine.ts';
import { type Hub, type HubOptions, createHub } from '../../src/live/hub.ts';
import { createPresence } from '../../src/live/presence.ts';
import type { Sink } from '../../src/live/sink.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type TestClock, createTestClock } from '../support/core-clock.ts';
import { limits as sessionLimits } from '../support/core-fixtures.ts';
import { createServiceParts } from '../support/service-parts.ts';

export const secret = 'a secret of at least thirty-two characters';

const callerOf = (viewer: Viewer, parts: Partial<Caller> = {}): Caller => ({
  viewer,
  currentSessionId: viewer.kind === 'MEMBER' ? viewer.member.sessionId : null,
  remoteAddress: '192.0.2.1',
  expiresAt: null,
  ...parts,
});
export const nobody: Caller = callerOf({ kind: 'ANONYMOUS' });
export const userNamed = (name: string): Caller => callerOf({ kind: 'USER', issuer: 'https://id.example/', subject: name, name });
export const apiKey: Caller = callerOf({ kind: 'API_KEY', keyId: 'k1', name: 'robot', tier: 'PRO' });

/** Somebody in a session. */
export interface Joined {
  readonly sessionId: SessionId;
  readonly memberId: MemberId;
  readonly token: string;
  readonly caller: Caller;
}

/** A gateway from the store to the hub, with nothing replaced but the time. */
export interface LiveWorld extends AsyncDisposable {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly engine: Engine;
  readonly presence: Presence;
  readonly useCases: UseCases;
  readonly hub: Hub;
  readonly memberTokens: VerifiableMemberTokens;
  readonly walletAuth: WalletAuth;
  /** Executions of an event so far. */
  readonly executions: () => number;
  /** What the hub could not tell a subscriber. */
  readonly failures: readonly unknown[];
  create(input?: CreateInput, caller?: Caller): Promise<Joined>;
  join(sessionId: string, input?: Partial<JoinInput>, caller?: Caller): Promise<Joined>;
  send(by: Joined, content: string, channel?: string): Promise<void>;
}

export interface LiveWorldOptions {
  readonly store?: Store;
  readonly bus?: Bus;
  readonly clock?: Clock;
  readonly hub?: Partial<HubOptions>;
  /** Besides the gateway's own. */
  readonly backends?: readonly Backend[];
  readonly introspection?: boolean;
}

export function accepted<T>(value: T | Problem): T {
  if (isProblem(value)) throw new Error(`Expected it to be accepted, got ${JSON.stringify(value)}.`);
  return value;
}

export function createLiveWorld(options: LiveWorldOptions = {}): LiveWorld {
  const { store = createMemoryStore(), bus = createInProcessBus(), clock = createTestClock(), introspection = true } = options;
  const remote = (options.backends ?? []).map((backend) => [backend.name, backend] as const);
  const backends = new Map([...openBackends({ local: { kind: 'LOCAL' } }), ...remote]);
  const memberTokens = createMemberTokens({ secret, lifetimeSeconds: null, clock });
  const failures: unknown[] = [];
  const presence = createPresence({ store: store.presence, clock, report: (error) => failures.push(error) });
  const expiry = createExpiry({ store, bus, clock, report: (error) => failures.push(error) });
  expiry.start();
  const parts = createServiceParts({
    store,
    bus,
    clock,
    backends,
    emit: (sessionId, body) => hub.emit(sessionId, body),
    report: (error) => failures.push(error),
  });
  const common = { store, backends, defaultBackend: 'local', clock, upstreams: parts.upstreams };
  const useCases = createSessionService({
    ...common,
    ...parts,
    bus,
    passwords: createPasswordHasher(),
    tokens: memberTokens,
    attempts: createAttemptLimiter(),
    addresses: createAddresses(),
    fingerprint: (text) => text,
    limits: sessionLimits,
    schedule: (sessionId, dueAt) => expiry.schedule(sessionId, dueAt),
  });
  const walletAuth = createWalletAuth({
    challenges: store.challenges,
    attempts: createAttemptLimiter(),
    clock,
    domain: 'localhost:4000',
    uri: 'http://localhost:4000/',
    chainIds: [1],
    challengeSeconds: 300,
    tokenSeconds: 3_600,
    secret,
    box: parts.box,
  });
  const engine = createEngine({
    ...common,
    useCases,
    presence,
    walletAuth,
    sessionLimits,
    anonymous: true,
    introspection,
    limits: { maxDepth: 12, maxAliases: 30, maxCost: 10_000, maxTokens: 2_000, maxListSize: 100 },
    report: (error) => failures.push(error),
  });
  let executions = 0;
  const counting: Engine = {
    ...engine,
    executeEvent(...args) {
      executions++;
      return engine.executeEvent(...args);
    },
  };
  const hub = createHub({
    store,
    bus,
    clock,
    presence,
    engine: counting,
    watchService: (sessionId) => parts.upstreams.watch(sessionId),
    onError: (error) => failures.push(error),
    ...options.hub,
  });

  async function joined(admission: ReturnType<UseCases['join']>): Promise<Joined> {
    const { sessionId, memberId, credentials } = accepted(await admission);
    const [member] = await store.members.byIds([memberId]);
    if (!member) throw new Error(`Expected member ${memberId} to be stored.`);
    return { sessionId, memberId, token: credentials.token, caller: callerOf({ kind: 'MEMBER', member }) };
  }

  return {
    store,
    bus,
    clock,
    engine,
    presence,
    useCases,
    hub,
    memberTokens,
    walletAuth,
    executions: () => executions,
    failures,
    create: (input = {}, caller = nobody) => joined(useCases.create(caller, input)),
    join: (sessionId, input = {}, caller = nobody) => joined(useCases.join(caller, { sessionId, ...input })),
    async send({ sessionId, caller }, content, channel) {
      accepted(await useCases.send(caller, { sessionId, content, ...(channel !== undefined && { channel }) }));
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await expiry[Symbol.asyncDispose]();
      await parts.upstreams[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await presence[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Closes it, and throws where something failed in it that no test asked for. */
export async function closeSound(world: LiveWorld): Promise<void> {
  await world[Symbol.asyncDispose]();
  if (world.failures.length > 0) throw new AggregateError(world.failures, 'Something failed that should not have.');
}

export const eventsDocument = `subscription ($sessionId: ID, $after: String, $types: [SessionEventType!]) {
  sessionEvents(sessionId: $sessionId, after: $after, types: $types) {
    __typename cursor
    ... on StreamOpened { recovered }
    ... on MemberJoined { member { id name } }
    ... on MemberKicked { member { id name } reason }
    ... on MessageAdded { message { content channel } }
    ... on SessionUpdated { changed }
  }
}`;

export const messagesDocument = `subscription ($sessionId: ID, $after: String, $channel: String) {
  messageAdded(sessionId: $sessionId, after: $after, channel: $channel) { cursor message { content } }
}`;

/** What a subscriber was given: the value of the root field of each result, or the result where it has errors. */
export interface Recording extends Disposable {
  readonly received: readonly any[];
  /** The very bytes. */
  readonly payloads: readonly Buffer[];
  /** `complete` or the error, once it has ended. */
  readonly end: unknown;
  /** What `bufferedBytes` answers. */
  buffered: number;
  /** Resolves when there are as many results, or rejects when it ends before. */
  count(results: number): Promise<readonly any[]>;
  readonly ended: Promise<any>;
  /** The peer takes what it was sent. */
  drain(): void;
}

/** Subscribes as a transport does, with a sink that keeps everything. */
export async function record(
  world: LiveWorld,
  caller: Caller,
  source: string,
  variables: Readonly<Record<string, unknown>> = {},
  hooks: { readonly onSend?: (recording: Recording) => void } = {},
): Promise<Recording> {
  const operation = world.engine.prepare(source);
  if (!('kind' in operation)) throw new Error(operation.map(({ message }) => message).join('\n'));
  const plan = await world.engine.planSubscription(operation, variables, world.engine.createContext(caller));
  if (!('groupKey' in plan)) throw new Error(plan.map(({ message }) => message).join('\n'));
  return recordPlanned(world, caller, operation, variables, plan, hooks);
}

/** Likewise, with the plan made by the test. */
export function recordPlanned(
  world: LiveWorld,
  caller: Caller,
  operation: Parameters<Hub['subscribe']>[0]['operation'],
  variables: Readonly<Record<string, unknown>>,
  plan: SubscriptionPlan,
  { onSend }: { readonly onSend?: (recording: Recording) => void } = {},
): Recording {
  const changes = new EventEmitter().setMaxListeners(0);
  const received: any[] = [];
  const payloads: Buffer[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  let drained = Promise.withResolvers<void>();
  const recording = {
    received,
    payloads,
    end: undefined as unknown,
    buffered: 0,
    ended,
    async count(results: number) {
      while (received.length < results) {
        if (recording.end !== undefined) throw new Error(`Ended after ${received.length} results: ${JSON.stringify(recording.end)}`);
        await once(changes, 'change');
      }
      return received;
    },
    drain() {
      recording.buffered = 0;
      drained.resolve();
      drained = Promise.withResolvers<void>();
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
  const over = (how: unknown): void => {
    if (recording.end !== undefined) throw new Error('A sink is ended once.');
    recording.end = how;
    resolve(how);
    changes.emit('change');
  };
  const sink: Sink = {
    send(payload) {
      if (recording.end !== undefined) throw new Error('Nothing is sent after the end.');
      const { data, errors } = JSON.parse(payload.toString()) as { data?: Record<string, unknown>; errors?: unknown };
      received.push(errors === undefined ? Object.values(data ?? {})[0] : { data, errors });
      payloads.push(payload);
      onSend?.(recording);
      changes.emit('change');
    },
    bufferedBytes: () => recording.buffered,
    drained: () => drained.promise,
    complete: () => over('complete'),
    error: over,
  };
  const subscription = world.hub.subscribe({ operation, variables, plan, caller, sink });
  return recording;
}

export const contents = (received: readonly any[]): readonly string[] =>
  received.flatMap((event) => (event.message === undefined ? [] : [event.message.content]));
export const typesOf = (received: readonly any[]): readonly string[] => received.map(({ __typename }) => __typename);
export const testClockOf = ({ clock }: LiveWorld): TestClock => clock as TestClock;
