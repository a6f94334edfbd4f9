import { isMainThread } from 'node:worker_threads';

/** What a process of the bench answers to its parent, by name. A type alias, not an interface: those have no index signature. */
export type Methods = Record<string, (input: never) => unknown>;

/** A call on its way to a process. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly input: unknown;
}

/** Its answer: `error` is null where it went well. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error: string | null;
}

const methods = new Map<string, Methods[string]>();
const early: Call[] = [];

async function reply({ id, method, input }: Call, run: Methods[string]): Promise<void> {
  const answer = await Promise.resolve(input as never)
    .then(run)
    .then(
      (value): Answer => ({ id, value, error: null }),
      (error: unknown): Answer => ({ id, error: `${method}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` }),
    );
  process.send?.(answer);
}

function receive(call: Call): void {
  const run = methods.get(call.method);
  if (run === undefined) early.push(call);
  else void reply(call, run);
}

/**
 * Lets the parent process call these. Calls that come before their method is there wait for it.
 * @param holdOpen Whether the process lives on for them while it has nothing else to do.
 */
export function answer(handlers: Methods, holdOpen: boolean = true): void {
  if (!isMainThread || process.send === undefined) return;
  if (methods.size === 0) {
    process.on('message', receive);
    // Whatever becomes of the parent, nothing of the bench outlives it.
    process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  }
  if (holdOpen) process.channel?.ref();
  else process.channel?.unref();
  for (const [name, run] of Object.entries(handlers)) methods.set(name, run);
  for (const call of early.splice(0)) receive(call);
}
