import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { createAddresses } from '../../src/auth/addresses.ts';
import { createAttemptLimiter } from '../../src/auth/attempts.ts';
import { createMemberTokens } from '../../src/auth/member-tokens.ts';
import { createPasswordHasher } from '../../src/auth/passwords.ts';
import { createWalletAuth } from '../../src/auth/wallet.ts';
import { openBackends } from '../../src/backends/registry.ts';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import type { SessionId } from '../../src/core/ids.ts';
import type { Presence, Store } from '../../src/core/ports.ts';
import { createSessionService } from '../../src/core/session-service.ts';
import type { Caller, Viewer } from '../../src/core/viewer.ts';
import { type Engine, type EngineOptions, createEngine } from '../../src/graphql/engine.ts';
import type { Limits } from '../../src/graphql/limits.ts';
import { createPresence } from '../../src/live/presence.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type TestClock, createTestClock } from '../support/core-clock.ts';
import { limits as sessionLimits } from '../support/core-fixtures.ts';
import { createServiceParts } from '../support/service-parts.ts';

const defaultLimits: Limits = { maxDepth: 12, maxAliases: 30, maxCost: 10_000, maxTokens: 2_000, maxListSize: 100 };

/** A result as a client sees it. */
export interface Answer {
  // What a test asked for, it knows the shape of.
  readonly data?: any;
  readonly errors?: readonly GraphQLFormattedError[];
}

export interface World extends AsyncDisposable {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: TestClock;
  readonly presence: Presence;
  /** Calls of store readers so far, by name. */
  readonly reads: string[];
  /** What was reported as unexpected. */
  readonly reports: { readonly error: unknown; readonly correlationId: string }[];
  /** Prepares and executes, and formats the errors, as a transport does. */
  ask(source: string, variables?: Readonly<Record<string, unknown>>, caller?: Caller): Promise<Answer>;
  /** A session made by a mutation, with its host as a caller. */
  create(input?: Readonly<Record<string, unknown>>, caller?: Caller): Promise<Opened>;
  join(sessionId: string, input?: Readonly<Record<string, unknown>>, caller?: Caller): Promise<Opened>;
  send(caller: Caller, content: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface Opened {
  readonly sessionId: SessionId;
  readonly memberId: string;
  readonly cursor: string;
  /** The member as a caller. */
  readonly caller: Caller;
}

export const callerOf = (viewer: Viewer, currentSessionId: SessionId | null = null): Caller => ({
  viewer,
  currentSessionId: viewer.kind === 'MEMBER' ? viewer.member.sessionId : currentSessionId,
  remoteAddress: '192.0.2.1',
  expiresAt: null,
});

export const nobody: Caller = callerOf({ kind: 'ANONYMOUS' });
export const apiKey: Caller = callerOf({ kind: 'API_KEY', keyId: 'k1', name: 'robot', tier: 'PRO' });
export const otherKey: Caller = callerOf({ kind: 'API_KEY', keyId: 'k2', name: 'other', tier: 'FREE' });
export const wallet: Caller = callerOf({ kind: 'WALLET', address: '0x52908400098527886E0F7030069857D2E4169EE7' });
export const user: Caller = callerOf({ kind: 'USER', issuer: 'https://id.example/', subject: 's-1', name: 'ada' });

/** The port with each of its readers counted, and without `peek` where the driver is to be one that has to wait. */
function counting(store: Store, reads: string[], peeks: boolean): Store {
  const counted = <T extends object>(name: string, reader: T): T =>
    new Proxy(reader, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (key === 'peek' && !peeks) return undefined;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          reads.push(`${name}.${String(key)}`);
          return Reflect.apply(value, target, args);
        };
      },
    });
  return {
    ...store,
    sessions: counted('sessions', store.sessions),
    members: counted('members', store.members),
    messages: counted('messages', store.messages),
    timeline: counted('timeline', store.timeline),
  };
}

export type WorldOptions = Partial<Pick<EngineOptions, 'anonymous' | 'introspection' | 'backends'>> & {
  readonly limits?: Partial<Limits>;
  /** Whether the store reads without waiting where it is asked for one. @default true */
  readonly peeks?: boolean;
};

export function createWorld({ anonymous = true, introspection = true, limits = {}, peeks = true, ...more }: WorldOptions = {}): World {
  const reads: string[] = [];
  const reports: { error: unknown; correlationId: string }[] = [];
  const plain = createMemoryStore({ epoch: 'testtest' });
  const store = counting(plain, reads, peeks);
  const clock = createTestClock();
  const bus = createInProcessBus();
  const presence = createPresence({
    store: store.presence,
    clock,
    report: (error) => {
      throw error;
    },
  });
  const secret = 'a secret of at least thirty-two characters';
  const backends = more.backends ?? openBackends({ local: { kind: 'LOCAL' } });
  const parts = createServiceParts({ store, bus, clock, backends });
  const common = { store, backends, defaultBackend: 'local', clock, upstreams: parts.upstreams };
  const useCases = createSessionService({
    ...common,
    ...parts,
    bus,
    passwords: createPasswordHasher(),
    tokens: createMemberTokens({ secret, lifetimeSeconds: null, clock }),
    attempts: createAttemptLimiter(),
    addresses: createAddresses(),
    fingerprint: (text) => text,
    limits: sessionLimits,
    schedule: () => {},
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
    anonymous,
    introspection,
    limits: { ...defaultLimits, ...limits },
    report: (error, correlationId) => reports.push({ error, correlationId }),
  });

  const formatted = ({ data, errors }: ExecutionResult): Answer => ({
    ...(data !== undefined && { data }),
    ...(errors && { errors: errors.map((error) => engine.formatError(error)) }),
  });

  const ask: World['ask'] = async (source, variables, caller = nobody) => {
    const operation = engine.prepare(source);
    if (!('document' in operation)) return formatted({ errors: operation });
    return formatted(await engine.execute(operation, variables, engine.createContext(caller)));
  };

  async function opened(field: 'createSession' | 'joinSession', input: object, caller: Caller): Promise<Opened> {
    const name = field === 'createSession' ? 'Create' : 'Join';
    const answer = await ask(
      `mutation ($input: ${name}SessionInput!) { result: ${field}(input: $input) {
        ... on SessionAdmission { session { id cursor } member { id } } ... on Problem { code detail } } }`,
      { input },
      caller,
    );
    const { session, member } = answer.data.result;
    if (session === undefined) throw new Error(`Expected ${field} to succeed, got ${JSON.stringify(answer)}.`);
    const [stored] = await plain.members.byIds([member.id]);
    if (!stored) throw new Error('Expected the member to be stored.');
    return { sessionId: session.id, memberId: member.id, cursor: session.cursor, caller: callerOf({ kind: 'MEMBER', member: stored }) };
  }

  return {
    engine,
    store,
    clock,
    presence,
    reads,
    reports,
    ask,
    create: (input = {}, caller = nobody) => opened('createSession', input, caller),
    join: (sessionId, input = {}, caller = nobody) => opened('joinSession', { sessionId, ...input }, caller),
    async send(caller, content, more = {}) {
      const { data, errors } = await ask(
        'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { ... on MessageDelivery { message { id } } ... on Problem { code detail } } }',
        { input: { content, ...more } },
        caller,
      );
      const id: unknown = data?.sendMessage.message?.id;
      if (typeof id !== 'string') throw new Error(`Expected the message to be sent, got ${JSON.stringify({ data, errors })}.`);
      return id;
    },
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      await plain[Symbol.asyncDispose]();
    },
  };
}
