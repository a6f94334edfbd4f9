import { expect } from 'vitest';
import type { Backend } from '../../../src/core/backend.ts';
import { newMemberId } from '../../../src/core/ids.ts';
import { type Problem, isProblem } from '../../../src/core/problem.ts';
import { noRules } from '../../../src/core/rules.ts';
import type { Effects, OpenRequest, Opened, Outgoing, Sent, Service, ServiceMessage, SessionAt } from '../../../src/core/service.ts';
import type { CreateInput } from '../../../src/core/use-cases.ts';
import { createJulepBackend } from '../../../src/backends/julep/index.ts';
import type { JulepContract, JulepOptions } from '../../../src/backends/julep/options.ts';
import { unknownId } from '../../emulators/julep/asking.ts';
import { type JulepEmulator, createJulepEmulator } from '../../emulators/julep/emulator.ts';
import type { JulepEmulatorOptions } from '../../emulators/julep/options.ts';
import { sessionOf } from '../../support/core-fixtures.ts';

export const contracts: readonly JulepContract[] = ['v0.3', 'v1'];

/** A connector, and the service that it talks to. */
export interface World extends AsyncDisposable {
  readonly emulator: JulepEmulator;
  readonly backend: Backend & AsyncDisposable;
  readonly service: Service & Required<Pick<Service, 'find' | 'list' | 'send' | 'history'>>;
  readonly effects: Required<Pick<Effects, 'end' | 'settings' | 'clear'>>;
  readonly agentId: string;
  open(input?: CreateInput, more?: Partial<OpenRequest>): Promise<Opened | Problem>;
  /** Makes a session, and gives it as the connector is asked about it. */
  session(input?: CreateInput): Promise<SessionAt>;
  /** Sends, and gives what it came to and the pieces of the reply. */
  send(at: SessionAt, message?: Partial<Outgoing>): Promise<{ readonly sent: Sent | Problem; readonly deltas: readonly Delta[] }>;
  /** Sends, and waits for the reply. */
  ask(at: SessionAt, message?: Partial<Outgoing>): Promise<ServiceMessage | Problem>;
}

type Delta = Parameters<Outgoing['onDelta']>[0];

/** The reply, or why there is none. Never waits for one that does not come in the call. */
export async function replyIn(sent: Sent | Problem): Promise<ServiceMessage | Problem> {
  if (isProblem(sent)) return sent;
  if (sent.reply === null) throw new Error('Expected a reply to come.');
  return sent.reply;
}

export const at = (handle: string): SessionAt => ({ session: sessionOf({ handle, backend: 'julep' }), secret: null, as: null });

export async function createWorld(
  contract: JulepContract,
  options: Partial<JulepOptions> = {},
  emulated: Partial<JulepEmulatorOptions> = {},
): Promise<World> {
  const emulator = await createJulepEmulator({ contract, ...emulated });
  const [agent] = emulator.state.agents;
  const backend = createJulepBackend({
    name: 'julep',
    url: emulator.baseUrl,
    contract,
    apiKey: emulator.apiKey,
    authHeader: 'Authorization',
    developerId: null,
    agentId: agent?.id ?? null,
    minimumTier: null,
    onExpiry: 'KEEP',
    foreignVisibility: 'PRIVATE',
    pollMs: 1_000,
    timeoutMs: 2_000,
    retries: 0,
    concurrency: 8,
    breaker: { failures: 5, openMs: 1_000 },
    ...options,
  });
  const service = backend.service as World['service'];
  const send: World['send'] = async (session, message = {}) => {
    const deltas: Delta[] = [];
    const sent = await service.send(session, {
      content: 'Hello',
      role: 'USER',
      channel: null,
      attachments: [],
      metadata: {},
      options: {},
      mark: 'parley:a:msg_b',
      awaitReply: true,
      onDelta: (delta) => deltas.push(delta),
      ...message,
    });
    return { sent, deltas };
  };
  const open: World['open'] = (input = {}, more = {}) =>
    service.open({
      input,
      handle: null,
      rules: noRules,
      creator: { memberId: newMemberId(), name: 'Ada', address: null, walletProof: null, principal: null },
      options: {},
      now: 0,
      ...more,
    });
  return {
    emulator,
    backend,
    service,
    effects: service.effects as World['effects'],
    agentId: agent?.id ?? '',
    open,
    async session(input) {
      const opened = await open(input);
      if (isProblem(opened)) throw new Error(`Expected a session, got ${JSON.stringify(opened)}.`);
      return at(opened.handle);
    },
    send,
    async ask(session, message) {
      return replyIn((await send(session, message)).sent);
    },
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await emulator[Symbol.asyncDispose]();
      expect(emulator.violations).toEqual([]);
      expect(emulator.replyViolations).toEqual([]);
      expect(emulator.unknownRequests).toEqual([]);
    },
  };
}

/** The route of the emulator that takes messages. */
export const chat = (contract: string): string => `POST /api/sessions/:${contract === 'v1' ? 'id' : 'session_id'}/chat`;

/** What answers of both APIs to a chat have in common. */
export const answered: Readonly<Record<string, unknown>> & { readonly created_at: string } = {
  id: unknownId,
  created_at: '2024-05-31T10:00:00Z',
  finish_reason: 'stop',
  usage: {},
  jobs: [],
  docs: [],
};
