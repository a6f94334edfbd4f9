import { type ElizaOptions } from '../../../src/backends/eliza/options.ts';
import { createElizaBackend } from '../../../src/backends/eliza/index.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { newMemberId } from '../../../src/core/ids.ts';
import { type Problem, isProblem } from '../../../src/core/problem.ts';
import { noRules } from '../../../src/core/rules.ts';
import type { Facts, OpenRequest, Outgoing, Service, ServiceMessage, SessionAt, Sink } from '../../../src/core/service.ts';
import type { Session } from '../../../src/core/session.ts';
import { type ElizaEmulator, type ElizaEmulatorOptions, createElizaEmulator, echoAgent } from '../../emulators/eliza/emulator.ts';
import { sessionOf } from '../../support/core-fixtures.ts';

export interface World extends AsyncDisposable {
  readonly emulator: ElizaEmulator;
  readonly backend: Backend & AsyncDisposable;
  readonly service: Required<Omit<Service, 'suggestions' | 'wallet'>>;
}

/** A server, and a connector to it with short times. */
export async function createWorld(options: Partial<ElizaOptions> = {}, server: ElizaEmulatorOptions = {}): Promise<World> {
  const emulator = await createElizaEmulator(server);
  const backend = createElizaBackend({
    name: 'eliza',
    url: emulator.url,
    apiKey: server.apiKey ?? null,
    socketApiKey: server.socketApiKey ?? null,
    agentId: echoAgent.id,
    replyMs: 5_000,
    minimumTier: null,
    onExpiry: 'DELETE',
    foreignVisibility: 'PUBLIC',
    pollMs: 20,
    timeoutMs: 2_000,
    retries: 0,
    concurrency: 16,
    breaker: { failures: 5, openMs: 1_000 },
    reconnectMs: 5,
    ...options,
  });
  return {
    emulator,
    backend,
    service: backend.service as World['service'],
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await emulator[Symbol.asyncDispose]();
    },
  };
}

export const done = <T>(value: T | Problem | null | undefined): T => {
  if (isProblem(value) || value === null || value === undefined) throw new Error(`Expected an answer, got ${JSON.stringify(value)}.`);
  return value;
};

export const request = (parts: Partial<OpenRequest> = {}): OpenRequest => ({
  input: {},
  handle: null,
  rules: noRules,
  creator: { memberId: newMemberId(), name: 'Ada', address: null, walletProof: null, principal: 'user:iss|ada' },
  options: {},
  now: Date.now(),
  ...parts,
});

/** The record of a session as the core would have it. */
export const recordOf = (handle: string, facts: Facts, parts: Partial<Session> = {}): Session => {
  const { rules, data = {} } = facts;
  return sessionOf({
    backend: 'eliza',
    handle,
    agentId: facts.agentId ?? null,
    rules: { ...noRules, ...rules },
    upstream: { data, sealed: null, clock: true, endsAt: null, clearedAt: null },
    ...parts,
  });
};

export const at = (session: Session): SessionAt => ({ session, secret: null, as: null });

/** Opens a session by the connector. */
export async function open(service: Service, parts: Partial<OpenRequest> = {}, record: Partial<Session> = {}): Promise<SessionAt> {
  const { handle, facts } = done(await service.open(request(parts)));
  return at(recordOf(handle, facts, record));
}

export const outgoing = (content: string, parts: Partial<Outgoing> = {}): Outgoing => ({
  content,
  role: 'USER',
  channel: null,
  attachments: [],
  metadata: {},
  options: {},
  mark: `parley:epoch:${content}`,
  awaitReply: false,
  onDelta: () => {},
  ...parts,
});

/** A sink that writes down what it is told, and can be waited on. */
export interface HeardSink extends Sink {
  readonly heard: readonly (readonly [what: string, value: unknown])[];
  readonly messages: readonly ServiceMessage[];
}

export function createSink(): HeardSink {
  const heard: [string, unknown][] = [];
  const note =
    (what: string) =>
    (value?: unknown): void =>
      void heard.push([what, value]);
  return {
    heard,
    get messages() {
      return heard.filter(([what]) => what === 'message').map(([, value]) => value as ServiceMessage);
    },
    opened: note('opened'),
    message: note('message'),
    delta: note('delta'),
    joined: note('joined'),
    left: note('left'),
    facts: note('facts'),
    changed: note('changed'),
    failed: note('failed'),
  };
}
