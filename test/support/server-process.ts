import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './gateway-process.ts';

/** A server of others' making, in a process and with a folder of its own. It keeps its port when it is started again. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  /** Of its first process, null where it does not run. */
  readonly pid: number | null;
  /** Resolves once it takes requests. Nothing where it runs. */
  start(): Promise<void>;
  /**
   * Ends it.
   *
   * @param signal - Sent to the server alone, which may clean up first. Left out = all of its processes are ended without warning.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** It does nothing any more, and what is connected to it notices nothing. */
  freeze(): void;
  thaw(): void;
}

/** How to run a server that is installed. */
export interface ServerProgram {
  readonly command: string;
  /** Whom it runs as. Null = whoever runs the tests. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly arguments: (folder: string, port: number) => readonly string[];
  /** What it writes once it takes requests. */
  readonly readyLine: RegExp;
  readonly url: (port: number) => string;
  /** Once, before the first start. */
  readonly prepare?: (folder: string) => void;
  /** Where its folder is made. @default where the system keeps temporary files */
  readonly parent?: string;
}

/** The first of these that is on the PATH or a path that is there; null where none is. */
export function findProgram(names: readonly string[]): string | null {
  for (const name of names) {
    if (name.startsWith('/')) {
      if (existsSync(name)) return name;
      continue;
    }
    const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
    const found = folders.filter((folder) => folder !== '').find((folder) => existsSync(join(folder, name)));
    if (found !== undefined) return join(found, name);
  }
  return null;
}

export function userNamed(name: string): { readonly uid: number; readonly gid: number } {
  const id = (kind: string): number => Number(execFileSync('id', [kind, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export async function launchServer(program: ServerProgram): Promise<ServerProcess> {
  const folder = await mkdtemp(join(program.parent ?? tmpdir(), 'parley-server-'));
  const port = await freePort();
  if (program.user !== null) {
    await chmod(folder, 0o700);
    await chown(folder, program.user.uid, program.user.gid);
  }
  program.prepare?.(folder);
  let child: ChildProcess | null = null;
  const isRunning = (): boolean => child !== null && child.exitCode === null && child.signalCode === null;
  const kill = (): void => {
    if (child?.pid !== undefined) signalAll(child.pid, 'SIGKILL');
  };
  process.once('exit', kill);

  const server: ServerProcess = {
    url: program.url(port),
    get pid() {
      return isRunning() ? (child?.pid ?? null) : null;
    },
    async start() {
      if (isRunning()) return;
      const own = spawn(program.command, program.arguments(folder, port), {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        ...program.user,
      });
      child = own;
      let text = '';
      const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
      for (const stream of [own.stdout, own.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (program.readyLine.test(text)) resolve();
        });
      }
      own.once('exit', (code) => reject(new Error(`${program.command} ended with ${code}:\n${text}`)));
      ready.catch(() => undefined);
      await ready;
    },
    async stop(signal) {
      const ending = child;
      if (ending?.pid === undefined || !isRunning()) return;
      const ended = once(ending, 'exit');
      const signalled = signal === undefined ? signalAll(ending.pid, 'SIGKILL') : [];
      if (signal !== undefined) ending.kill(signal);
      await ended;
      // PostgreSQL does not start again as long as one of its processes has its memory.
      while (signalled.some((pid) => existsSync(`/proc/${pid}`))) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    freeze() {
      if (child?.pid !== undefined) signalAll(child.pid, 'SIGSTOP');
    },
    thaw() {
      if (child?.pid !== undefined) signalAll(child.pid, 'SIGCONT');
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** Signals the process and its children, and says which they were: PostgreSQL has one for each connection, in a process group of its own. */
function signalAll(pid: number, signal: NodeJS.Signals): readonly number[] {
  const all = [pid, ...childrenOf(pid)];
  for (const each of all) {
    try {
      process.kill(each, signal);
    } catch {
      // It is gone already.
    }
  }
  return all;
}

/** The processes that this one started, at this moment. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        // `pid (command) state ppid …`, where the command may hold anything.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}
