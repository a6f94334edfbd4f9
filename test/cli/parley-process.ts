import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface ParleyOptions {
  /** The working directory. */
  readonly cwd: string;
  /** Over an environment that holds nothing but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default src/cli/main.ts */
  readonly main?: string;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function spawnParley(args: readonly string[], { cwd, env, main = source }: ParleyOptions): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [main, ...args], { cwd, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

const textOf = (stream: NodeJS.ReadableStream | null): Promise<string> => (stream === null ? Promise.resolve('') : text(stream));

async function finished(child: ChildProcess): Promise<Finished> {
  const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, stdout, stderr };
}

/** Runs a command of `parley` to its end. */
export const runParley = (args: readonly string[], options: ParleyOptions): Promise<Finished> => finished(spawnParley(args, options));

export interface RunningParley extends AsyncDisposable {
  /** Where the log says that it listens. */
  readonly url: string;
  readonly finished: Promise<Finished>;
  signal(name: NodeJS.Signals): void;
}

/** Runs `parley` until its log says that it listens. Rejects with its output where it ends before. */
export async function startParley(args: readonly string[], options: ParleyOptions): Promise<RunningParley> {
  const child = spawnParley(args, options);
  const end = finished(child);
  const listening = new Promise<string>((resolve) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const url = /"url":"([^"]+)"/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const ended = end.then(({ code, stdout, stderr }): never => {
    throw new Error(`parley ended with ${code} before it listened:\n${stdout}${stderr}`);
  });
  ended.catch(() => undefined);
  return {
    url: await Promise.race([listening, ended]),
    finished: end,
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  };
}
