import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import { openBackends } from '../../src/backends/registry.ts';
import type { Backend } from '../../src/core/backend.ts';
import type { TransientBody } from '../../src/core/event.ts';
import type { Bus, SecretBox, Store } from '../../src/core/ports.ts';
import { type Problem, isProblem } from '../../src/core/problem.ts';
import type { Session } from '../../src/core/session.ts';
import type { Upstreams } from '../../src/core/upstream/upstreams.ts';
import type { Admission, CreateInput, JoinInput } from '../../src/core/use-cases.ts';
import type { Caller } from '../../src/core/viewer.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type TestClock, createTestClock } from './core-clock.ts';
import { type Gateway, admitted, createGateway, sessionIn, user } from './core-service.ts';
import { type Scripted, type ScriptedOptions, createScriptedService } from './scripted-service.ts';
import { type ServiceParts, createServiceParts } from './service-parts.ts';

/** Somebody in a session. */
export interface Guest {
  readonly admission: Admission;
  readonly caller: Caller;
}

/** A gateway whose sessions are at a scripted service. */
export interface ServiceWorld extends AsyncDisposable, Gateway {
  readonly remote: Scripted;
  readonly upstreams: Upstreams;
  readonly bus: Bus;
  readonly box: SecretBox;
  /** What went wrong where nobody waited for it. */
  readonly errors: unknown[];
  readonly emitted: TransientBody[];
  create(input?: CreateInput, caller?: Caller): Promise<Guest>;
  join(host: Guest, caller: Caller, input?: Partial<JoinInput>): Promise<Guest>;
  session(guest: Guest): Promise<Session>;
}

export interface ServiceWorldOptions extends ScriptedOptions {
  readonly remote?: Scripted;
  readonly others?: readonly Backend[];
  readonly store?: Store;
  readonly clock?: TestClock;
  readonly bus?: Bus;
  readonly walletProofs?: ServiceParts['walletProofs'];
}

export function accepted<T>(value: T | Problem): T {
  if (isProblem(value)) throw new Error(`Expected it to be accepted, got ${JSON.stringify(value)}`);
  return value;
}

export function createServiceWorld(options: ServiceWorldOptions = {}): ServiceWorld {
  const { store = createMemoryStore(), clock = createTestClock(), bus = createInProcessBus(), others = [] } = options;
  const remote = options.remote ?? createScriptedService({ now: () => clock.now(), ...options });
  const backends = new Map([
    ...openBackends({ local: { kind: 'LOCAL' } }),
    ...[remote.backend, ...others].map((backend) => [backend.name, backend] as const),
  ]);
  const errors: unknown[] = [];
  const emitted: TransientBody[] = [];
  const parts = createServiceParts({
    store,
    bus,
    clock,
    backends,
    report: (error) => errors.push(error),
    emit: (_, body) => emitted.push(body),
    lingerMs: 30_000,
  });
  const walletProofs = options.walletProofs ?? parts.walletProofs;
  const gateway = createGateway(store, { bus, clock, backends, ...parts, walletProofs, defaultBackend: remote.backend.name });
  const guest = async (admission: Admission): Promise<Guest> => ({ admission, caller: await admitted(store, admission) });
  return {
    ...gateway,
    remote,
    upstreams: parts.upstreams,
    bus,
    box: parts.box,
    errors,
    emitted,
    create: async (input = {}, caller = user('Ada')) => guest(accepted(await gateway.sessions.create(caller, input))),
    join: async ({ admission: { sessionId } }, caller, input = {}) =>
      guest(accepted(await gateway.sessions.join(caller, { sessionId, ...input }))),
    session: ({ admission }) => sessionIn(store, admission.sessionId),
    async [Symbol.asyncDispose]() {
      await parts.upstreams[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      expect(errors).toEqual([]);
    },
  };
}

/** Lets run what waits for nothing outside the process. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await setImmediate();
}

/** A gate that is opened by hand. */
export const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();
