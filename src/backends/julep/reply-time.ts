import { ProblemError, type Problem, problem } from '../../core/problem.ts';
import { joinSignals } from '../shared/joined-signal.ts';

/** How long a message may take, with its reply and with all that has to be asked for both. */
export interface ReplyTime {
  /** Aborts when it is over, or with the request. */
  readonly signal: AbortSignal;
  /** Milliseconds, 1 at least. */
  leftMs(): number;
}

export interface ReplyTimeOptions {
  /** The backend's, for messages. */
  readonly name: string;
  readonly replyMs: number;
  /** Of the request. */
  readonly signal: AbortSignal | undefined;
}

/** An attempt ends by its own time where it can, which counts against the service: being cut off says nothing of it. */
const graceMs = 20;

/** Does the work within the time: UPSTREAM_TIMEOUT, and what it has open is let go, where it takes longer. */
export async function withinReplyTime<T>(
  { name, replyMs, signal }: ReplyTimeOptions,
  work: (time: ReplyTime) => Promise<T | Problem>,
): Promise<T | Problem> {
  const detail = `Backend ${name} did not bring the agent's reply within ${replyMs / 1_000} s (chat): what it keeps of it is in the history.`;
  const over = new ProblemError(problem('UPSTREAM_TIMEOUT', detail, { backend: name }));
  const end = new AbortController();
  const endsAt = performance.now() + replyMs;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const leftMs = endsAt + graceMs - performance.now();
    // Timers count from the turn of the event loop in which they are set, and so are early where that took long.
    if (leftMs > 0) timer = setTimeout(look, leftMs);
    else end.abort(over);
  };
  look();
  const either = joinSignals(end.signal, ...(signal === undefined ? [] : [signal]));
  try {
    return await work({ signal: either.signal, leftMs: () => Math.max(1, Math.ceil(endsAt - performance.now())) });
  } catch (error) {
    if (error === over) return over.problem;
    throw error;
  } finally {
    clearTimeout(timer);
    either[Symbol.dispose]();
  }
}
