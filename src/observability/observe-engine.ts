import type { Problem } from '../core/problem.ts';
import type { Observer } from './observe.ts';
import { type Failing, failingIn, failingOf } from './failure-code.ts';
import type { Instruments } from './instruments.ts';

type Kind = 'query' | 'mutation' | 'subscription';

interface ObservedOperation {
  readonly kind: Kind;
  readonly name?: string | null | undefined;
}
interface ObservedContext {
  readonly refusals: readonly Problem[];
}
interface ObservedResult {
  readonly errors?: readonly unknown[];
}
interface Formatted {
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** What is watched of an engine. */
interface ObservedEngine<O, V, C, R, P, F> {
  execute(operation: O, variables: V, context: C): Promise<R> | R;
  planSubscription(operation: O, variables: V, context: C): Promise<P | readonly unknown[]>;
  formatError(error: unknown, original?: unknown): F;
}

const outcomes = ['ok', 'refused', 'failed'] as const;
type Outcome = (typeof outcomes)[number];

const outcomeOf = (failing: Failing | null): Outcome => {
  if (failing === null) return 'ok';
  return failing.ours ? 'failed' : 'refused';
};

/** The gravest: what went wrong here, before what the caller cannot have. */
const gravest = (failings: readonly Failing[]): Failing | null => failings.find(({ ours }) => ours) ?? failings[0] ?? null;

/** Counts the problems that clients are told of. Codes that nobody has heard of are one label. */
export function createProblemCounter(instruments: Instruments, codes: readonly string[]): (code: unknown) => void {
  const counters = new Map(codes.map((code) => [code as unknown, instruments.problems.labels({ code })]));
  const other = instruments.problems.labels({ code: 'OTHER' });
  for (const code of [...codes, 'OTHER']) instruments.problems.inc({ code }, 0);
  return (code) => (counters.get(code) ?? other).inc();
}

/** The engine, with its operations counted, timed and traced, and its problems counted. */
export function observeEngine<
  O extends ObservedOperation,
  V,
  C extends ObservedContext,
  R extends ObservedResult,
  P,
  F extends Formatted,
  E extends ObservedEngine<O, V, C, R, P, F>,
>(
  engine: E & ObservedEngine<O, V, C, R, P, F>,
  { instruments, tracing }: Pick<Observer, 'instruments' | 'tracing'>,
  codes: readonly string[],
): E {
  if (instruments === null && tracing === null) return engine;
  const onProblem = instruments && createProblemCounter(instruments, codes);
  const counters = instruments && {
    query: countersOf(instruments, 'query'),
    mutation: countersOf(instruments, 'mutation'),
    subscription: countersOf(instruments, 'subscription'),
  };

  /** Runs the work, and is done with it when that is. */
  function watch<T>(operation: O, work: () => Promise<T> | T, read: (result: T) => Failing | null): Promise<T> | T {
    const began = performance.now();
    const span = tracing?.operation(operation.kind, operation.name ?? null) ?? null;
    const end = (failing: Failing | null): void => {
      const counter = counters?.[operation.kind];
      counter?.[outcomeOf(failing)].inc();
      counter?.seconds.observe((performance.now() - began) / 1_000);
      span?.end(failing);
    };
    const fail = (error: unknown): never => {
      end(failingIn(error));
      throw error;
    };
    const succeed = (result: T): T => {
      end(read(result));
      return result;
    };
    let result: Promise<T> | T;
    try {
      result = span === null ? work() : span.run(work);
    } catch (error) {
      return fail(error);
    }
    return result instanceof Promise ? result.then(succeed, fail) : succeed(result);
  }

  return {
    ...engine,
    execute: (operation: O, variables: V, context: C) =>
      watch(
        operation,
        () => engine.execute(operation, variables, context),
        ({ errors = [] }) => {
          const { refusals } = context;
          if (errors.length === 0 && refusals.length === 0) return null;
          // Errors are counted where they are put into words for the client.
          if (onProblem !== null) for (const { code } of refusals) onProblem(code);
          return gravest([...errors.map(failingIn), ...refusals.map(failingOf)]);
        },
      ),
    planSubscription: async (operation: O, variables: V, context: C) =>
      watch(
        operation,
        () => engine.planSubscription(operation, variables, context),
        (plan) => (Array.isArray(plan) ? gravest(plan.map(failingIn)) : null),
      ),
    formatError(error: unknown, original?: unknown) {
      const formatted = original === undefined ? engine.formatError(error) : engine.formatError(error, original);
      onProblem?.(formatted.extensions?.['code']);
      return formatted;
    },
  };
}

interface Counters extends Readonly<Record<Outcome, { inc(): void }>> {
  readonly seconds: { observe(value: number): void };
}

function countersOf({ operations, operationSeconds }: Instruments, kind: Kind): Counters {
  for (const outcome of outcomes) operations.inc({ kind, outcome }, 0);
  return {
    ok: operations.labels({ kind, outcome: 'ok' }),
    refused: operations.labels({ kind, outcome: 'refused' }),
    failed: operations.labels({ kind, outcome: 'failed' }),
    seconds: operationSeconds.labels({ kind }),
  };
}
