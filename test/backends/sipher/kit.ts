import { expect } from 'vitest';
import { createSipherBackend } from '../../../src/backends/sipher/index.ts';
import type { SipherOptions } from '../../../src/backends/sipher/options.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { createdWith } from '../../../src/core/decide/adoption.ts';
import { decideCreate } from '../../../src/core/decide/create.ts';
import { decideReplace, decideUpdate } from '../../../src/core/decide/settings.ts';
import { newMemberId } from '../../../src/core/ids.ts';
import { type Problem, isProblem } from '../../../src/core/problem.ts';
import type { Facts, Opened, OpenRequest, Service, SessionAt } from '../../../src/core/service.ts';
import type { Session } from '../../../src/core/session.ts';
import type { CreateInput, UpdateInput } from '../../../src/core/use-cases.ts';
import { type SipherEmulator, type SipherEmulatorOptions, createSipherEmulator, sipherKeys } from '../../emulators/sipher/emulator.ts';
import { creationOf, decided, limits } from '../../support/core-fixtures.ts';

/** A Sipher service, and a backend on it. */
export interface Kit extends AsyncDisposable {
  readonly emulator: SipherEmulator;
  readonly backend: Backend & AsyncDisposable;
  readonly service: Service;
  readonly calls: string[];
  open(input?: CreateInput, parts?: Partial<OpenRequest>): Promise<Opened | Problem>;
  /** Opens one, and records it as the core does. */
  session(input?: CreateInput): Promise<Session>;
  /** Asks for a change as the core does. */
  settings(session: Session, mode: 'UPDATE' | 'REPLACE', input: Omit<UpdateInput, 'sessionId'>): Promise<Facts | Problem>;
}

/** A record as a service is asked about it. */
export const at = (session: Session): SessionAt => ({ session, secret: null, as: null });

/** What was answered, where it was no refusal. */
export function answered<T>(value: T | Problem): T {
  if (isProblem(value)) throw new Error(`Expected an answer, got ${JSON.stringify(value)}.`);
  return value;
}

export const optionsFor = (url: string, parts: Partial<SipherOptions> = {}): SipherOptions => ({
  name: 'vault',
  url,
  apiKey: sipherKeys.pro,
  requestsPerMinute: 10_000,
  minimumTier: null,
  onExpiry: 'KEEP',
  foreignVisibility: 'PRIVATE',
  pollMs: 30_000,
  timeoutMs: 5_000,
  retries: 0,
  concurrency: 8,
  breaker: { failures: 5, openMs: 10_000 },
  ...parts,
});

export async function createKit(parts: Partial<SipherOptions> = {}, of: SipherEmulatorOptions = {}): Promise<Kit> {
  const emulator = await createSipherEmulator({ rateLimit: { max: 10_000, windowMs: 60_000 }, ...of });
  const calls: string[] = [];
  const backend = createSipherBackend(
    optionsFor(emulator.url, { onCall: ({ method, path, status }) => calls.push(`${method} ${path} ${status}`), ...parts }),
  );
  const { service } = backend;
  if (service === null) throw new Error('Expected a service.');
  const open: Kit['open'] = (input = {}, request = {}) => {
    const { rules } = decided(decideCreate(input, creationOf())).session;
    const creator = { memberId: newMemberId(), name: 'Ada', address: null, walletProof: null, principal: null };
    return service.open({ input, handle: null, rules, creator, options: {}, now: Date.now(), ...request });
  };
  return {
    emulator,
    backend,
    service,
    calls,
    open,
    async session(input = {}) {
      const opened = answered(await open(input));
      const creation = decided(
        decideCreate(input, creationOf({ backend: 'vault', handle: opened.handle, now: opened.facts.createdAt ?? Date.now() })),
      );
      return createdWith(creation, opened.facts, { sealed: null, member: null }).session;
    },
    async settings(session, mode, input) {
      const decide = mode === 'UPDATE' ? decideUpdate : decideReplace;
      const standing = { member: null, owner: true, invited: false };
      const change = decide({ session, standing, now: session.createdAt + 1 }, input, undefined, limits);
      if (isProblem(change)) throw new Error(`Expected a change, got ${JSON.stringify(change)}.`);
      const request = { mode, input, after: { ...session, ...change?.set } };
      return (await service.effects.settings?.(at(session), request)) ?? expect.fail('Expected it to change settings.');
    },
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await emulator[Symbol.asyncDispose]();
    },
  };
}
