import type { Backend } from './backend.ts';
import { shown } from './checks.ts';
import { createAdmit, createCreate } from './commands/create.ts';
import { createJoin } from './commands/join.ts';
import { createSessionPasswords } from './commands/passwords.ts';
import { type ServicePart, createRunner } from './commands/runner.ts';
import { createSend } from './commands/send.ts';
import { createSettings, createSettingsPart } from './commands/settings.ts';
import { decideEnd, decideHeartbeat, decideRenew } from './decide/lifecycle.ts';
import { decideKick, decideLeave } from './decide/membership.ts';
import { decideClear } from './decide/messages.ts';
import { decideTimeout } from './decide/settings.ts';
import { createIdempotency } from './idempotency.ts';
import { type SessionId, isMemberId } from './ids.ts';
import type { SessionLimits } from './limits.ts';
import type { Addresses, AttemptLimiter, Bus, Clock, Emit, MemberTokens, PasswordHasher, SecretBox, Store, WalletProofs } from './ports.ts';
import type { Member } from './member.ts';
import { type Problem, isProblem, problem } from './problem.ts';
import type { Facts, SessionAt } from './service.ts';
import type { Serializer } from './serializer.ts';
import type { Session } from './session.ts';
import type { Upstreams } from './upstream/upstreams.ts';
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
  readonly upstreams: Upstreams;
  readonly box: SecretBox;
  readonly emit: Emit;
  readonly walletProofs: WalletProofs;
  /** Shared with whatever else changes sessions. */
  readonly inTurn: Serializer;
  /** Told when a session has to be looked at by the clock. */
  readonly schedule: (sessionId: SessionId, dueAt: number) => void;
}

/** The use cases over a store, a bus and the backends. */
export function createSessionService(options: SessionServiceOptions): UseCases {
  const { store, limits, upstreams, inTurn } = options;
  const idempotency = createIdempotency(options);
  const runner = createRunner({ ...options, idempotency });
  const passwords = createSessionPasswords(options);
  const admit = createAdmit(options.tokens);
  /** Asks for an effect that takes nothing but the session; null where the service has no such part. */
  const ask = (
    effect: ((at: SessionAt, signal?: AbortSignal) => Promise<Facts | Problem>) | undefined,
    at: () => Promise<SessionAt>,
  ): Promise<Facts | Problem> | null => (effect === undefined ? null : at().then((session) => effect(session, upstreams.signal)));
  const settingsPart = createSettingsPart(upstreams.signal);

  /**
   * Until when what the service has is cleared, by its clock. What was recorded while it was asked would be cleared here and not there, so it
   * is asked again; undefined = by our clock.
   */
  async function clearedUntil(session: Session): Promise<number | null | undefined> {
    for (let tries = 0; tries < 3; tries += 1) {
      const [before] = await store.timeline.heads([session.id]);
      const until = await upstreams.ingest.saidUntil(session);
      const [after] = await store.timeline.heads([session.id]);
      if (until === undefined || before === after) return until;
    }
    return undefined;
  }

  return {
    create: createCreate({ ...options, passwords, idempotency, inTurn, admit }),
    join: createJoin({ ...options, passwords, runner, admit }),
    send: createSend({ ...options, idempotency, runner }),
    ...createSettings({ ...options, passwords, runner, settingsPart }),
    leave(caller, input) {
      // A service that does not know the member has nobody to let go.
      const part: ServicePart = ({ effects: { leave } }, at, { members: [member] }) => (member?.upstream == null ? null : ask(leave, at));
      return runner.command(caller, input, { part }, decideLeave);
    },
    async kick(caller, input) {
      const { memberId } = input;
      if (!isMemberId(memberId))
        return problem('BAD_INPUT', `Expected \`memberId\` to be a Member id (mem_…), got ${shown(memberId)}.`, { path: ['memberId'] });
      let target: Member | null = null;
      const part: ServicePart = ({ effects: { kick } }, at) => {
        if (kick === undefined || target?.upstream == null) return null;
        const removed = upstreams.access.memberAt(target);
        return at().then((session) => kick(session, removed, upstreams.signal));
      };
      const outcome = await runner.command(caller, input, { feature: 'KICK', part }, async (state) => {
        [target = null] = await store.members.byIds([memberId]);
        return decideKick(state, target, { memberId, reason: input.reason ?? null, ban: input.ban ?? true });
      });
      return isProblem(outcome) ? outcome : { ...outcome, memberId };
    },
    end: (caller, input) =>
      runner.command(caller, input, { part: ({ effects: { end } }, at) => ask(end, at) }, (state) =>
        decideEnd(state, input.reason ?? null),
      ),
    renew: (caller, input) =>
      runner.command(caller, input, { feature: 'RENEWAL', part: ({ effects: { renew } }, at) => ask(renew, at) }, decideRenew),
    heartbeat: (caller, input) => {
      const part: ServicePart = ({ effects: { heartbeat } }, at) => ask(heartbeat, at);
      return runner.command(caller, input, { feature: 'HEARTBEAT', exclusive: false, part }, decideHeartbeat);
    },
    setTimeoutPolicy: (caller, input) =>
      runner.command(
        caller,
        input,
        { feature: 'EXPIRY', part: settingsPart({ mode: 'UPDATE', input: { rules: { timeout: input.policy } } }) },
        (state) => decideTimeout(state, input.policy, limits),
      ),
    clear: (caller, input) =>
      runner.command(
        caller,
        input,
        {
          feature: 'MESSAGES',
          async part({ effects }, at) {
            const { session } = await at();
            // Before they are cleared there: afterwards nobody can tell.
            const clearedAt = await clearedUntil(session);
            const facts = (await ask(effects.clear, at)) ?? {};
            return isProblem(facts) || clearedAt === undefined ? facts : { ...facts, clearedAt };
          },
        },
        decideClear,
      ),
  };
}
