import { hash, verify } from '@node-rs/argon2';
import type { PasswordHasher } from '../core/ports.ts';
import { problem, ProblemError } from '../core/problem.ts';

export interface PasswordHasherOptions {
  /** How many are computed at once. Each takes 19 MiB and one of the four threads that files and DNS share. @default 2 */
  readonly concurrency?: number;
  /** How many may wait for their turn. @default 500 */
  readonly maxWaiting?: number;
}

// OWASP's recommendation for argon2id: 19 MiB, two passes, one lane.
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashes session passwords with argon2id, off the main thread, into PHC strings that carry their own parameters.
 * Throws a `ProblemError` RATE_LIMITED where more than `maxWaiting` wait.
 */
export function createPasswordHasher({ concurrency = 2, maxWaiting = 500 }: PasswordHasherOptions = {}): PasswordHasher {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running < concurrency) {
      running += 1;
    } else if (waiting.length < maxWaiting) {
      // Whoever finishes hands its place over, so that nobody slips in between.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      throw new ProblemError(problem('RATE_LIMITED', 'Too many passwords are being checked: try again in 5 s.', { retryAfterSeconds: 5 }));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  // The same password typed on two systems may come composed or decomposed.
  const bytes = (password: string): string => password.normalize('NFC');

  return {
    hash: (password) => inTurn(() => hash(bytes(password), parameters)),
    verify: (phc, password) => inTurn(() => verify(phc, bytes(password))),
  };
}
