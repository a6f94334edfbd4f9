import type { Problem } from '../../core/problem.ts';
import type { Outgoing, ServiceMessage } from '../../core/service.ts';
import type { WireSent } from './wire.ts';

/** A message that was sent from here, until the agent has replied to it. */
export interface Turn {
  /** Null = nobody waits: the turn only tells that the reply is one to a message of our own. */
  readonly onDelta: Outgoing['onDelta'] | null;
  readonly reply: Promise<ServiceMessage | Problem>;
  /** The message as the service took it; null = it has not answered yet. */
  taken: WireSent['userMessage'] | null;
  /** Ends it, unless it has ended. */
  end(outcome: ServiceMessage | Problem): void;
}

/** The messages of a channel that were sent from here, and wait for their replies. Whose a reply is, is not known by it: see `answers.ts`. */
export interface Turns {
  /** Whether somebody waits for the reply to a message that was taken. */
  readonly waiting: boolean;
  /** From when on replies that are waited for can have come, by the service's clock; null = not known. */
  readonly since: number | null;
  begin(onDelta: Outgoing['onDelta'] | null): Turn;
  /** Ends the turn of the message by this id, and answers it; null = it is none of ours, or has ended. */
  settle(reply: ServiceMessage, messageId: string): Turn | null;
  /** Ends the first turn that nobody waits on and that was there before the reply, and answers it; null = there is none. */
  pass(reply: ServiceMessage): Turn | null;
  /** The turn that a reply has ended, by the reply's id; null = it has ended none. */
  ended(replyId: string): Turn | null;
  /** Who is told a reply's pieces: of those who wait, the first. Null = nobody waits, or the reply is over. */
  listener(replyId: string): Turn | null;
  /** Ends the turn of the message by this id with a problem. */
  fail(messageId: string, outcome: Problem): void;
  endAll(outcome: Problem): void;
}

const remembered = 200;
/** Of a date. What is not within has come from a clock that is broken. */
const maxInstant = 8_640_000_000_000_000;

export function createTurns(): Turns {
  // In the order of their messages.
  const turns = new Set<Turn>();
  const ended = new Map<string, Turn>();

  const awaited = (): readonly Turn[] => [...turns].filter(({ onDelta }) => onDelta !== null);
  const byMessage = (id: string): Turn | null => [...turns].find(({ taken }) => taken?.id === id) ?? null;

  function endWith(turn: Turn, reply: ServiceMessage): Turn {
    ended.set(reply.id, turn);
    const [oldest] = ended.keys();
    if (ended.size > remembered && oldest !== undefined) ended.delete(oldest);
    turn.end(reply);
    return turn;
  }

  return {
    get waiting() {
      return awaited().some(({ taken }) => taken !== null);
    },
    get since() {
      const first = Math.min(...awaited().map(({ taken }) => taken?.created_at ?? Infinity));
      return first >= 0 && first <= maxInstant ? first : null;
    },
    begin(onDelta) {
      const { promise, resolve } = Promise.withResolvers<ServiceMessage | Problem>();
      const turn: Turn = {
        onDelta,
        reply: promise,
        taken: null,
        end(outcome) {
          if (turns.delete(turn)) resolve(outcome);
        },
      };
      turns.add(turn);
      return turn;
    },
    settle(reply, messageId) {
      const turn = byMessage(messageId);
      return turn === null ? null : endWith(turn, reply);
    },
    pass(reply) {
      const turn = [...turns].find(({ onDelta, taken }) => onDelta === null && taken !== null && taken.created_at <= reply.createdAt);
      return turn === undefined ? null : endWith(turn, reply);
    },
    ended: (replyId) => ended.get(replyId) ?? null,
    listener: (replyId) => (ended.has(replyId) ? null : (awaited()[0] ?? null)),
    fail: (messageId, outcome) => byMessage(messageId)?.end(outcome),
    endAll(outcome) {
      for (const turn of turns) turn.end(outcome);
    },
  };
}
