import { exitCodes } from './exit-codes.ts';
import { describeFailure } from './failure.ts';

/** Why a running command has to stop. */
export type StopReason = 'signal' | 'crash';

/** Watches for what ends the process, until disposed. */
export interface Lifetime extends Disposable {
  /** Resolves with the first reason to stop. Never rejects. */
  readonly end: Promise<StopReason>;
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * The first SIGTERM or SIGINT asks for an orderly end, the second one ends the process at once. An exception that nobody caught is
 * written to standard error and asks for the end too. Whatever state that left behind, or a database that does not answer, may keep the
 * end from coming, so the process ends `graceMs` later in any case, and says so.
 */
export function watchLifetime(graceMs: number): Lifetime {
  const { promise: end, resolve } = Promise.withResolvers<StopReason>();
  let signalled = false;
  const onSignal = (): void => {
    if (signalled) process.exit(exitCodes.failure);
    signalled = true;
    limit();
    resolve('signal');
  };
  let deadline: NodeJS.Timeout | undefined;
  const limit = (): void => {
    deadline ??= setTimeout(() => {
      process.stderr.write(`The gateway has not come to its end within ${graceMs / 1_000} s: it is ended as it is.\n`);
      process.exit(exitCodes.failure);
    }, graceMs);
  };
  const onCrash = (error: unknown): void => {
    process.stderr.write(`Nobody caught this exception, the gateway stops: ${describeFailure(error)}\n`);
    limit();
    resolve('crash');
  };

  for (const signal of signals) process.on(signal, onSignal);
  process.on('uncaughtException', onCrash);
  return {
    end,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
      process.off('uncaughtException', onCrash);
      clearTimeout(deadline);
    },
  };
}
