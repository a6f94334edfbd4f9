import type { Readable } from 'node:stream';
import { ProblemError } from '../../core/problem.ts';
import { type Asked, brokenOff, closing, timedOut } from './http-outcome.ts';
import type { HttpStream } from './http-message.ts';

export interface StreamBodyOptions {
  readonly asked: Asked;
  /** 0 = any. */
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Aborts when the client is disposed of. */
  readonly life: AbortSignal;
}

/** A reply's body, chunk by chunk, for as long as it lasts. */
export function streamBody(body: Readable, { asked, idleTimeoutMs, signal, life }: StreamBodyOptions): HttpStream['body'] {
  let disposed = false;
  let idle = false;
  const close = (): void => {
    signal.removeEventListener('abort', close);
    life.removeEventListener('abort', close);
    body.destroy();
  };
  body.on('error', () => {});
  body.on('close', () => {
    signal.removeEventListener('abort', close);
    life.removeEventListener('abort', close);
  });
  signal.addEventListener('abort', close, { once: true });
  life.addEventListener('abort', close, { once: true });

  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const iterator = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    try {
      for (;;) {
        // Only while waiting for the service: a slow reader is not its silence.
        const timer =
          idleTimeoutMs === 0
            ? undefined
            : setTimeout(() => {
                idle = true;
                close();
              }, idleTimeoutMs);
        const { done, value } = await iterator.next().finally(() => clearTimeout(timer));
        if (done === true) return;
        yield value;
      }
    } catch {
      if (disposed) return;
      signal.throwIfAborted();
      const { problem } = life.aborted ? closing(asked) : idle ? timedOut(asked, idleTimeoutMs) : brokenOff(asked);
      throw new ProblemError(problem);
    } finally {
      close();
    }
  }

  const iterable = chunks();
  return {
    [Symbol.asyncIterator]: () => iterable,
    [Symbol.asyncDispose]() {
      disposed = true;
      close();
      return Promise.resolve();
    },
  };
}
