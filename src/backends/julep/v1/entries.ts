import type { Clock } from '../../../core/ports.ts';
import { type Problem, isProblem } from '../../../core/problem.ts';
import type { ServiceMessage } from '../../../core/service.ts';
import { sleepUntil } from '../../shared/sleep.ts';

/** What a chat's answer said of the reply, before history has it. */
export interface Said {
  /** Empty where the agent asked for tools, piece by piece. */
  readonly content: string;
  /** By the service's clock, epoch milliseconds. */
  readonly createdAt: number;
}

export interface EntriesOptions {
  readonly clock: Clock;
  readonly history: (id: string, signal?: AbortSignal) => Promise<readonly ServiceMessage[] | Problem>;
}

/** Finds the entry of the history that a reply has become; null = it is not there after all. */
export type FindEntry = (sessionId: string, said: Said, signal?: AbortSignal) => Promise<ServiceMessage | null | Problem>;

/** Before each look at the history: the service stores a reply after it has answered. Six seconds in all. */
const waitsMs = [0, 50, 150, 300, 500, 1_000, 2_000, 2_000];
/** How much before its answer an entry may have been dated. */
const slackMs = 1_000;
/** Entries that were found already are remembered: two replies at the same time may say the same. */
const maxClaimed = 1_000;

/**
 * A chat's answer has an id of its own that history knows nothing of, so what a reply is known by everywhere is the id of its entry: it is
 * looked for by what it says and when.
 */
export function createFindEntry({ clock, history }: EntriesOptions): FindEntry {
  const claimed = new Set<string>();
  const claim = (id: string): void => {
    claimed.add(id);
    const [oldest] = claimed;
    if (claimed.size > maxClaimed && oldest !== undefined) claimed.delete(oldest);
  };
  return async (sessionId, { content, createdAt }, signal = new AbortController().signal) => {
    let last: Problem | null = null;
    for (const waitMs of waitsMs) {
      if (waitMs > 0) await sleepUntil(clock, clock.now() + waitMs, signal);
      const messages = await history(sessionId, signal);
      last = isProblem(messages) ? messages : null;
      if (isProblem(messages)) continue;
      const found = messages.find(
        (message) =>
          message.role === 'ASSISTANT' &&
          message.createdAt >= createdAt - slackMs &&
          (content === '' || message.content === content) &&
          !claimed.has(message.id),
      );
      if (found === undefined) continue;
      claim(found.id);
      return found;
    }
    return last;
  };
}
