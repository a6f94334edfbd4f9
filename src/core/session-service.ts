import type { Backend } from './backend.ts';
import { shown } from './checks.ts';
import { createAdmit, createCreate } from './commands/create.ts';
import { createJoin } from './commands/join.ts';
import { createSessionPasswords } from './commands/passwords.ts';
import { createRunner } from './commands/runner.ts';
import { createSend } from './commands/send.ts';
import { createSettings } from './commands/settings.ts';
import { decideEnd, decideHeartbeat, decideRenew } from './decide/lifecycle.ts';
import { decideKick, decideLeave } from './decide/membership.ts';
import { decideClear } from './decide/messages.ts';
import { decideTimeout } from './decide/settings.ts';
import { createIdempotency } from './idempotency.ts';
import { type SessionId, isMemberId } from './ids.ts';
import type { SessionLimits } from './limits.ts';
import type { Addresses, AttemptLimiter, Bus, Clock, MemberTokens, PasswordHasher, Store } from './ports.ts';
import { isProblem, problem } from './problem.ts';
import type { UseCases } from './use-cases.ts';

export interface SessionServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  /** By name. */
  readonly backends: ReadonlyMap<string, Backend>;
  /** The name of the backend that a creation means which names none. */
  readonly defaultBackend: string;
  readonly clock: Clock;
  readonly passwords: PasswordHasher;
  readonly tokens: MemberTokens;
  readonly attempts: AttemptLimiter;
  readonly addresses: Addresses;
  /** A keyed digest: inputs are kept as such beside their idempotency key, and may hold passwords. */
  readonly fingerprint: (text: string) => string;
  readonly limits: SessionLimits;
  /** Told when a session has to be looked at by the clock. */
  readonly schedule: (sessionId: SessionId, dueAt: number) => void;
}

/** The use cases over a store, a bus and the backends. */
export function createSessionService(options: SessionServiceOptions): UseCases {
  const { store, limits } = options;
  const idempotency = createIdempotency(options);
  const runner = createRunner({ ...options, idempotency });
  const passwords = createSessionPasswords(options);
  const admit = createAdmit(options.tokens);
  const { inTurn } = runner;
  return {
    create: createCreate({ ...options, passwords, idempotency, inTurn, admit }),
    join: createJoin({ ...options, passwords, runner, admit }),
    send: createSend({ store, limits, idempotency, runner }),
    ...createSettings({ ...options, passwords, runner }),
    leave: (caller, input) => runner.command(caller, input, {}, decideLeave),
    async kick(caller, input) {
      const { memberId } = input;
      if (!isMemberId(memberId))
        return problem('BAD_INPUT', `Expected \`memberId\` to be a Member id (mem_…), got ${shown(memberId)}.`, { path: ['memberId'] });
      const outcome = await runner.command(caller, input, { feature: 'KICK' }, async (state) => {
        const [target = null] = await store.members.byIds([memberId]);
        return decideKick(state, target, { memberId, reason: input.reason ?? null, ban: input.ban ?? true });
      });
      return isProblem(outcome) ? outcome : { ...outcome, memberId };
    },
    end: (caller, input) => runner.command(caller, input, {}, (state) => decideEnd(state, input.reason ?? null)),
    renew: (caller, input) => runner.command(caller, input, { feature: 'RENEWAL' }, decideRenew),
    heartbeat: (caller, input) => runner.command(caller, input, { feature: 'HEARTBEAT', exclusive: false }, decideHeartbeat),
    setTimeoutPolicy: (caller, input) =>
      runner.command(caller, input, { feature: 'EXPIRY' }, (state) => decideTimeout(state, input.policy, limits)),
    clear: (caller, input) => runner.command(caller, input, { feature: 'MESSAGES' }, decideClear),
  };
}
