import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/ports.ts';
import { type Problem, isProblem } from '../../../core/problem.ts';
import { textOf } from '../wire.ts';
import type { WireEntry } from './wire.ts';

/** A message that is sent, as its entry in the history will have it. */
export interface Input {
  readonly role: string;
  readonly content: string;
}

/** The id of a reply that is about to be asked for. */
export interface Reserved {
  readonly id: string;
  /** Says whether the service keeps message and reply, and lets the next one like it go ahead. */
  readonly done: (kept: boolean) => void;
}

export interface ReplyIds {
  /** What the reply to a message will be known by. A problem where the history cannot be read. */
  reserve(sessionId: string, input: Input, signal?: AbortSignal): Promise<Reserved | Problem>;
  /** The history of a session begins anew. */
  forget(sessionId: string): void;
}

export interface ReplyIdsOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly entries: (sessionId: string, signal?: AbortSignal) => Promise<readonly WireEntry[] | Problem>;
}

/** The service stores a chat when it has answered: so long history may lack it. */
const lagMs = 60_000;
const maxRemembered = 10_000;

const keyOf = ({ role, content }: Input): string => createHash('sha256').update(`${role} ${content}`).digest('hex').slice(0, 32);

const inputOf = ({ role, content }: WireEntry): Input => ({ role, content: textOf(content) });

/** `turn` counts messages that say the same, `place` replies to the same message; both from 0. */
const idOf = (key: string, turn: number, place: number): string => `reply:${key}:${turn}:${place}`;

/**
 * A chat's answer has an id of its own, and the entry that comes of it another one that the answer does not tell. What both sides know is the
 * message that is answered, and the how-manyth of its words it is: replies are known by that, in the answer and in the history alike. The
 * service stores a message together with its reply, so that the reply follows it.
 *
 * @param entries - A whole history, oldest first.
 * @returns The id of each entry: its own, but for replies; null = it has none.
 */
export function idsOf(entries: readonly WireEntry[]): readonly (string | null)[] {
  const turns = new Map<string, number>();
  let answered: { readonly key: string; readonly turn: number; places: number } = { key: 'none', turn: 0, places: 0 };
  return entries.map((entry) => {
    if (entry.source === 'api_response') return idOf(answered.key, answered.turn, answered.places++);
    if (entry.source === 'api_request') {
      const key = keyOf(inputOf(entry));
      const turn = turns.get(key) ?? 0;
      turns.set(key, turn + 1);
      answered = { key, turn, places: 0 };
    }
    return entry.id;
  });
}

export function createReplyIds({ clock, entries }: ReplyIdsOptions): ReplyIds {
  /** Ends of those on their way, by session and words: of the same words one is sent after the other, so that failures leave no gap. */
  const underway = new Map<string, Promise<void>>();
  const remembered = new Map<string, { readonly turns: number; readonly until: number }>();

  function remember(place: string, turns: number): void {
    remembered.delete(place);
    remembered.set(place, { turns, until: clock.now() + lagMs });
    const [oldest] = remembered.keys();
    if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
  }

  async function turnsOf(sessionId: string, key: string, signal?: AbortSignal): Promise<number | Problem> {
    const stored = await entries(sessionId, signal);
    if (isProblem(stored)) return stored;
    const here = stored.filter((entry) => entry.source === 'api_request' && keyOf(inputOf(entry)) === key);
    const { turns, until } = remembered.get(`${sessionId} ${key}`) ?? { turns: 0, until: 0 };
    return until > clock.now() ? Math.max(here.length, turns) : here.length;
  }

  return {
    async reserve(sessionId, input, signal) {
      const key = keyOf(input);
      const place = `${sessionId} ${key}`;
      const before = underway.get(place);
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = (before ?? Promise.resolve()).then(() => promise);
      underway.set(place, end);
      const leave = (): void => {
        resolve();
        if (underway.get(place) === end) underway.delete(place);
      };
      try {
        await before;
        const turn = await turnsOf(sessionId, key, signal);
        if (isProblem(turn)) {
          leave();
          return turn;
        }
        return {
          id: idOf(key, turn, 0),
          done(kept) {
            if (kept) remember(place, turn + 1);
            leave();
          },
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
    forget(sessionId) {
      for (const place of remembered.keys()) if (place.startsWith(`${sessionId} `)) remembered.delete(place);
    },
  };
}
