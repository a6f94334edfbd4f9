import type { Clock } from '../../core/ports.ts';
import { type Problem, ProblemError, isProblem, problem } from '../../core/problem.ts';
import type { Sink } from '../../core/service.ts';
import { ndjsonLines } from '../shared/ndjson-lines.ts';
import { sleepUntil } from '../../core/sleep.ts';
import type { MachaniClient } from './client.ts';
import { hear } from './events.ts';
import { isMemberName } from './mapping.ts';
import { statusProblem } from './refusal.ts';
import { chunkOf } from './wire.ts';

export interface WatchOptions {
  readonly client: Pick<MachaniClient, 'events'>;
  readonly backend: string;
  readonly handle: string;
  readonly sink: Sink;
  readonly clock: Clock;
  /** As in `MachaniOptions`. */
  readonly idleMs: number;
  readonly reconnectMs: number;
  readonly graceMs: number;
  readonly settleMs: number;
}

const maxDelayMs = 30_000;
/** A connection that lasted so long was no failure, whatever ended it: proxies end those that are silent for a minute. */
const soundMs = 10_000;

/** How a connection came to its end. */
interface Ending {
  /** SOUND: it lasted. SHORT: it was of use, but not for long. FAILED: it was of none. */
  readonly kind: 'SOUND' | 'SHORT' | 'FAILED';
  /** Null = it just ended. */
  readonly problem: Problem | null;
}

/** Follows a session's stream of events, one connection after the other, until disposed. All channels: the stream is asked for none. */
export function followSession(options: WatchOptions): AsyncDisposable {
  const { client, backend, handle, sink, clock, idleMs, reconnectMs, graceMs, settleMs } = options;
  const life = new AbortController();
  const { signal } = life;
  /** By names: of one who has left again only that is told. */
  const settling = new Map<string, Disposable>();
  const asked = { backend, operation: 'follow the session', handle };

  /** Tells of somebody's coming or going. */
  function tellOf(name: string, news: () => void): void {
    if (settleMs === 0 || !isMemberName(name)) return news();
    settling.get(name)?.[Symbol.dispose]();
    const timer = clock.at(clock.now() + settleMs, () => {
      settling.delete(name);
      news();
    });
    settling.set(name, timer);
  }

  function tell(value: unknown): Problem | null {
    const chunk = chunkOf(value);
    if (chunk === null) sink.failed(problem('UPSTREAM_FAILED', `Backend ${backend} sent an event that is no object.`, { backend }));
    if (chunk?.kind === 'error') return statusProblem(chunk.status, asked, null);
    if (chunk?.kind !== 'event') return null;
    const heard = hear(chunk.event, clock.now());
    switch (heard.kind) {
      case 'message':
        sink.message(heard.message);
        break;
      case 'joined':
        tellOf(heard.member.id, () => sink.joined(heard.member));
        break;
      case 'left':
        tellOf(heard.id, () => sink.left(heard.id));
        break;
      case 'ended':
        sink.facts({ status: 'ENDED' });
        break;
      case 'changed':
        sink.changed();
        break;
      case 'nothing':
        break;
    }
    return null;
  }

  async function connect(): Promise<Ending> {
    const startedAt = performance.now();
    let isOpen = false;
    let isHeard = false;
    const open = (): void => {
      if (!isOpen && !signal.aborted) sink.opened();
      isOpen = true;
    };
    const ending = (cause: Problem | null): Ending => {
      const lastedMs = performance.now() - startedAt;
      // Timers may come a millisecond early.
      if (cause?.code === 'UPSTREAM_TIMEOUT' && lastedMs >= idleMs - 2) return { kind: 'SOUND', problem: null };
      return { kind: lastedMs >= soundMs ? 'SOUND' : isHeard ? 'SHORT' : 'FAILED', problem: cause };
    };
    const grace = clock.at(clock.now() + graceMs, open);
    try {
      const stream = await client.events(handle, idleMs, signal);
      if (isProblem(stream)) return ending(stream);
      open();
      for await (const line of ndjsonLines(stream.body)) {
        if (signal.aborted) break;
        isHeard = true;
        if (line.kind === 'fault') {
          sink.failed(problem('UPSTREAM_FAILED', `Backend ${backend} sent an event that is ${line.fault}.`, { backend }));
          continue;
        }
        const failed = tell(line.value);
        if (failed !== null) return ending(failed);
      }
      return ending(null);
    } catch (error) {
      if (error instanceof ProblemError) return ending(error.problem);
      throw error;
    } finally {
      grace[Symbol.dispose]();
    }
  }

  async function follow(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const { kind, problem: cause } = await connect();
      if (signal.aborted) return;
      // Whether there is nothing any more, reading tells better.
      if (cause?.code === 'ENDED') sink.changed();
      else if (cause !== null) sink.failed(cause);
      failures = kind === 'FAILED' ? failures + 1 : 0;
      // What is said in between is lost: the service keeps nothing.
      if (kind === 'SOUND') continue;
      const delayMs = Math.min(reconnectMs * 2 ** Math.max(0, failures - 1), maxDelayMs);
      await sleepUntil(clock, clock.now() + delayMs / 2 + (Math.random() * delayMs) / 2, signal);
    }
  }

  const ended = follow().catch(() => {
    // Aborted, or broken by a fault of our own: the core then looks at the session when somebody asks for it.
    if (!signal.aborted) sink.failed(problem('UPSTREAM_FAILED', `Session ${handle} is no longer followed.`, { backend }));
  });
  return {
    async [Symbol.asyncDispose]() {
      life.abort();
      for (const timer of settling.values()) timer[Symbol.dispose]();
      await ended;
    },
  };
}
