import { EventEmitter, once } from 'node:events';
import { newSessionId, type SessionId } from '../../src/core/ids.ts';
import type { Bus, Hint } from '../../src/core/ports.ts';

export const hint = (seq: number, sessionId: SessionId = newSessionId()): Hint => ({ sessionId, seq });

/** What a subscription has heard so far. */
export interface Hearing {
  readonly hints: readonly Hint[];
  /** How often it was told that hints may have been lost. */
  readonly gaps: number;
  /** Resolves once it holds of what was heard. */
  until(holds: (hearing: Hearing) => boolean): Promise<void>;
  readonly end: () => void;
}

export function hearing(bus: Bus): Hearing {
  const changes = new EventEmitter().setMaxListeners(0);
  const hints: Hint[] = [];
  let gaps = 0;
  const end = bus.subscribe(
    (each) => {
      hints.push(each);
      changes.emit('change');
    },
    () => {
      gaps += 1;
      changes.emit('change');
    },
  );
  const own: Hearing = {
    hints,
    get gaps() {
      return gaps;
    },
    async until(holds) {
      while (!holds(own)) await once(changes, 'change');
    },
    end,
  };
  return own;
}

export const heard =
  (wanted: Hint) =>
  ({ hints }: Hearing): boolean =>
    hints.some(({ sessionId, seq }) => sessionId === wanted.sessionId && seq === wanted.seq);

/** How long it took, in milliseconds. */
export async function duration(work: () => unknown): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** A promise, and the function that resolves it. */
export const signal = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();
