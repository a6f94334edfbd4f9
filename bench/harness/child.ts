import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProbeMethods } from './probe.ts';
import type { Answer, Call, Methods } from './remote.ts';

/** The root of the package. */
export const packageRoot: string = join(import.meta.dirname, '../..');

export interface ChildOptions {
  /** Its module, relative to the root of the package. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** Instead of the environment of the bench itself. */
  readonly env?: NodeJS.ProcessEnv;
  readonly workingDirectory: string;
  /** Where its output goes, appended. */
  readonly logFile: string;
  /** Whether the probe is loaded into it. @default true */
  readonly probed?: boolean;
}

/** A process of its own that runs one module. */
export interface Child<M extends Methods = ProbeMethods> extends AsyncDisposable {
  /** Fails with what the process says, or the end of its output where it has ended. */
  call<Name extends keyof M & string>(method: Name, input: Parameters<M[Name]>[0]): Promise<Awaited<ReturnType<M[Name]>>>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** How long a process may take to end by itself, milliseconds: longer than a gateway drains. */
const patienceMs = 15_000;

const probe = ['--expose-gc', '--import', new URL('probe.ts', import.meta.url).href];

/** Starts a module in a process of its own. Disposing asks it to end, and ends it if it does not. */
export function startChild<M extends Methods>(options: ChildOptions): Child<M & ProbeMethods> {
  const log = openSync(options.logFile, 'a');
  const child = spawn(
    process.execPath,
    [...(options.probed === false ? [] : probe), join(packageRoot, options.entry), ...(options.args ?? [])],
    { cwd: options.workingDirectory, env: options.env ?? process.env, stdio: ['ignore', log, log, 'ipc'] },
  );
  closeSync(log);

  const waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }>();
  let calls = 0;
  child.on('message', (message: Answer) => {
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === null) call?.resolve(message.value);
    else call?.reject(new Error(`${options.entry}: ${message.error}`));
  });

  const ended = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    const outcome = code ?? signal ?? 'unknown';
    for (const { reject } of waiting.values()) {
      reject(new Error(`${options.entry} ended (${outcome}). The end of its output:\n${lastLines(options.logFile)}`));
    }
    waiting.clear();
    return outcome;
  });

  return {
    ended,
    call(method, input) {
      return new Promise((resolve, reject) => {
        if (!child.connected) {
          reject(new Error(`${options.entry} is not running. The end of its output:\n${lastLines(options.logFile)}`));
          return;
        }
        calls += 1;
        waiting.set(calls, { resolve: (value) => resolve(value as never), reject });
        child.send({ id: calls, method, input } satisfies Call);
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The end of a log, for messages. */
export const lastLines = (file: string): string => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
