import { BoundedMap } from '../bounded-map.ts';
import type { SessionId } from '../ids.ts';
import type { Message } from '../message.ts';
import type { Clock } from '../ports.ts';
import type { ServiceMessage } from '../service.ts';

/** A message that is about to be recorded here. `content` null = whatever it says: an answer. */
export interface Expected {
  readonly role: Message['role'];
  readonly content: string | null;
}

/**
 * Messages that were heard of while something is under way that they may be. Recorded at once they would be there twice, or an answer
 * without the question that it answers.
 */
export interface HeldBack {
  expect(sessionId: SessionId, expected: Expected): Disposable;
  isExpected(sessionId: SessionId, message: ServiceMessage): boolean;
  /** Whether it waits for less long than any message does for an answer. */
  isPatient(sessionId: SessionId, message: Pick<ServiceMessage, 'id'>): boolean;
  /** Holds them back where others are held back already: false = none are. */
  joins(sessionId: SessionId, messages: readonly ServiceMessage[]): boolean;
  /** Holds them back until the next of the expected is recorded: false = nothing is expected any more. */
  hold(sessionId: SessionId, messages: readonly ServiceMessage[]): boolean;
  isHolding(sessionId: SessionId): boolean;
}

/** No message waits longer than this for an answer, which may never come, or after which others may be expected again and again. */
const patienceMs = 30_000;
/** What waits for a message that is still being sent is looked at again after this. */
const lookMs = 1_000;
/** Messages of which it is remembered since when they wait. */
const remembered = 10_000;

interface Here {
  readonly expected: Set<Expected>;
  /** By the service's id: the same one is heard of by several ways. */
  readonly waiting: Map<ServiceMessage['id'], ServiceMessage>;
  patience: Disposable | null;
}

/** @param release - Given what was held back, whenever one of the expected has been recorded, or will not be, or takes too long. */
export function createHeldBack(clock: Clock, release: (sessionId: SessionId, messages: readonly ServiceMessage[]) => void): HeldBack {
  const sessions = new Map<SessionId, Here>();
  const since = new BoundedMap<string, number>(remembered);

  function letGo(sessionId: SessionId, here: Here): void {
    here.patience?.[Symbol.dispose]();
    here.patience = null;
    const waiting = [...here.waiting.values()];
    here.waiting.clear();
    if (waiting.length > 0) release(sessionId, waiting);
  }

  function hold(sessionId: SessionId, messages: readonly ServiceMessage[]): boolean {
    const here = sessions.get(sessionId);
    if (here === undefined) return false;
    const now = clock.now();
    let first: number | null = null;
    for (const message of messages) {
      here.waiting.set(message.id, message);
      const key = `${sessionId} ${message.id}`;
      const from = since.get(key) ?? now;
      since.set(key, from);
      first ??= from;
    }
    // By the first, which the others wait behind.
    here.patience ??= clock.at(Math.max((first ?? now) + patienceMs, now + lookMs), () => letGo(sessionId, here));
    return true;
  }

  const isPatient: HeldBack['isPatient'] = (sessionId, { id }) => clock.now() - (since.get(`${sessionId} ${id}`) ?? Infinity) < patienceMs;

  const isHolding = (sessionId: SessionId): boolean => (sessions.get(sessionId)?.waiting.size ?? 0) > 0;

  return {
    hold,
    isHolding,
    joins: (sessionId, messages) => isHolding(sessionId) && hold(sessionId, messages),
    isPatient,
    isExpected(sessionId, message) {
      const patient = isPatient(sessionId, message);
      for (const { role, content } of sessions.get(sessionId)?.expected ?? [])
        if (role === message.role && (content === null ? patient : content === message.content)) return true;
      return false;
    },
    expect(sessionId, expected) {
      const here: Here = sessions.get(sessionId) ?? { expected: new Set(), waiting: new Map(), patience: null };
      sessions.set(sessionId, here);
      here.expected.add(expected);
      return {
        [Symbol.dispose]() {
          if (!here.expected.delete(expected)) return;
          if (here.expected.size === 0) sessions.delete(sessionId);
          letGo(sessionId, here);
        },
      };
    },
  };
}
