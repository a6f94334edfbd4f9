import type { Problem } from '../../core/problem.ts';
import type { Outgoing, ServiceMessage } from '../../core/service.ts';

/** A message that was sent from here, until the agent has replied to it. */
export interface Turn {
  /** Null = nobody waits: the turn only keeps its reply from being taken for another's. */
  readonly onDelta: Outgoing['onDelta'] | null;
  readonly reply: Promise<ServiceMessage | Problem>;
  /** When the service took the message, by its clock, epoch milliseconds; null = it has not answered yet. */
  acceptedAt: number | null;
  /** Ends it, unless it has ended. */
  end(outcome: ServiceMessage | Problem): void;
}

/**
 * Which reply belongs to which message of a channel. A reply does not say what it answers: replies are matched in the order of the
 * messages, and once a reply's stream has begun by its id.
 */
export interface Turns {
  readonly waiting: boolean;
  /** When the first of those that are waited for was taken; null = there is none. */
  readonly since: number | null;
  begin(onDelta: Outgoing['onDelta'] | null): Turn;
  /** Ends the turn that the reply belongs to, and answers it; null = it answers somebody else. A reply that ended one is known again. */
  match(reply: ServiceMessage): Turn | null;
  /** Who a reply in the making belongs to, from its first piece on; null = it answers somebody else, or is over. */
  stream(id: string): Turn | null;
  endAll(outcome: Problem): void;
}

const remembered = 200;

export function createTurns(): Turns {
  // In the order of their messages.
  const turns = new Set<Turn>();
  const streams = new Map<string, Turn>();
  const answered = new Map<string, Turn>();

  /** The first one that has no stream of its own yet, and was there before. */
  const next = (at: number): Turn | null => {
    const taken = new Set(streams.values());
    for (const turn of turns) {
      if (!taken.has(turn) && (turn.acceptedAt === null || turn.acceptedAt <= at)) return turn;
    }
    return null;
  };

  return {
    get waiting() {
      return [...turns].some(({ onDelta }) => onDelta !== null);
    },
    get since() {
      return [...turns].find(({ onDelta, acceptedAt }) => onDelta !== null && acceptedAt !== null)?.acceptedAt ?? null;
    },
    begin(onDelta) {
      const { promise, resolve } = Promise.withResolvers<ServiceMessage | Problem>();
      const turn: Turn = {
        onDelta,
        reply: promise,
        acceptedAt: null,
        end(outcome) {
          if (!turns.delete(turn)) return;
          for (const [id, each] of streams) if (each === turn) streams.delete(id);
          resolve(outcome);
        },
      };
      turns.add(turn);
      return turn;
    },
    match(reply) {
      const before = answered.get(reply.id);
      if (before !== undefined) return before;
      const turn = streams.get(reply.id) ?? next(reply.createdAt);
      if (turn === null) return null;
      answered.set(reply.id, turn);
      const [oldest] = answered.keys();
      if (answered.size > remembered && oldest !== undefined) answered.delete(oldest);
      turn.end(reply);
      return turn;
    },
    stream(id) {
      if (answered.has(id)) return null;
      const turn = streams.get(id) ?? next(Infinity);
      if (turn !== null) streams.set(id, turn);
      return turn;
    },
    endAll(outcome) {
      for (const turn of turns) turn.end(outcome);
    },
  };
}
