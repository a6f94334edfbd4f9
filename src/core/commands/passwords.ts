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
}

export function createSessionPasswords({
  passwords,
  attempts,
}: {
  readonly passwords: PasswordHasher;
  readonly attempts: AttemptLimiter;
}): SessionPasswords {
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
      const counter = `${session.id}|${principalOf(caller.viewer) ?? caller.remoteAddress}`;
      const wait = await attempts.consume(counter);
      if (wait !== null) {
        return problem('RATE_LIMITED', `Too many passwords were tried for session ${session.id}: wait ${wait} seconds.`, {
          path: ['password'],
          retryAfterSeconds: wait,
        });
      }
      // The service says whether it is: the attempt is counted all the same.
      if (hash === servicePassword) return true;
      const right = await orProblem(passwords.verify(hash, password));
      if (right === true) await attempts.reset(counter);
      return right;
    },
  };
}
