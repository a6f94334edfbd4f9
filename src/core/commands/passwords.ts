import { bytes } from '../checks.ts';
import { passwordBytes } from '../limits.ts';
import type { AttemptLimiter, PasswordHasher } from '../ports.ts';
import { type Problem, orProblem, problem } from '../problem.ts';
import { servicePassword } from '../rules.ts';
import type { Session } from '../session.ts';
import type { RulesInput } from '../use-cases.ts';
import { type Caller, principalOf } from '../viewer.ts';

/** Passwords of sessions: setting and checking them. */
export interface SessionPasswords {
  /**
   * The hash of a password that is being set; null takes it away, undefined leaves it.
   *
   * @param byService - Whether the service checks it: then nothing of it is kept here.
   */
  hashOf(rules: RulesInput | null | undefined, byService: boolean): Promise<string | null | undefined | Problem>;
  /** Whether a joiner's password is the session's, null where there is nothing to compare; attempts are counted per session and caller. */
  verify(caller: Caller, session: Session, password: string | null | undefined): Promise<boolean | null | Problem>;
  /** The service that checks the password has let the caller in. */
  accepted(caller: Caller, session: Session): Promise<void>;
}

const counterOf = ({ viewer, remoteAddress }: Caller, { id }: Session): string => `${id}|${principalOf(viewer) ?? remoteAddress}`;

export function createSessionPasswords({
  passwords,
  attempts,
}: {
  readonly passwords: PasswordHasher;
  readonly attempts: AttemptLimiter;
}): SessionPasswords {
  /** Attempts of which it is not known yet whether they are right. */
  const underWay = new Map<string, Set<Promise<void>>>();

  function begin(counter: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = underWay.get(counter) ?? new Set();
    underWay.set(counter, all.add(promise));
    return () => {
      all.delete(promise);
      if (all.size === 0) underWay.delete(counter);
      resolve();
    };
  }

  /** Counts the attempt. Too many = the seconds to wait; but those under way that turn out right take nobody's turn, and are waited for. */
  async function enter(counter: string): Promise<(() => void) | number> {
    for (;;) {
      const wait = await attempts.consume(counter);
      if (wait === null) return begin(counter);
      const others = underWay.get(counter);
      if (others === undefined) return wait;
      await Promise.race(others);
    }
  }

  return {
    async hashOf(rules, byService) {
      const password = rules?.password;
      if (typeof password !== 'string') return password;
      const refused = bytes(['rules', 'password'], password, passwordBytes);
      return refused ?? (byService ? servicePassword : orProblem(passwords.hash(password)));
    },
    async verify(caller, session, password) {
      const hash = session.rules.passwordHash;
      if (hash === null || password === null || password === undefined) return null;
      const refused = bytes(['password'], password, passwordBytes);
      if (refused !== null) return refused;
      const counter = counterOf(caller, session);
      const leave = await enter(counter);
      if (typeof leave === 'number') {
        return problem('RATE_LIMITED', `Too many passwords were tried for session ${session.id}: wait ${leave} seconds.`, {
          path: ['password'],
          retryAfterSeconds: leave,
        });
      }
      try {
        // The service says whether it is: the attempt is counted all the same.
        if (hash === servicePassword) return true;
        const right = await orProblem(passwords.verify(hash, password));
        if (right === true) await attempts.reset(counter);
        return right;
      } finally {
        leave();
      }
    },
    accepted: (caller, session) => attempts.reset(counterOf(caller, session)),
  };
}
