import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/ports.ts';

/** A word sent to oneself, under way until it is heard. Those who ask meanwhile share it. */
export interface Probe {
  /** Resolves where it is heard in time. */
  ask(): Promise<void>;
  /** What is to be sent, once. */
  take(): string | null;
  heard(word: string): void;
  /** It will not be heard any more. */
  fail(error: Error): void;
}

/** @param send - Is called where there is something to `take`. */
export function createProbe(clock: Clock, limitMs: number, send: () => void): Probe {
  let asked: { readonly word: string; readonly end: (error: Error | null) => void; readonly outcome: Promise<void> } | null = null;
  let unsent = false;

  return {
    ask() {
      if (asked !== null) return asked.outcome;
      const { promise: outcome, resolve, reject } = Promise.withResolvers<void>();
      const late = clock.at(clock.now() + limitMs, () => asked?.end(new Error(`What was sent was not heard within ${limitMs} ms.`)));
      asked = {
        word: randomUUID(),
        outcome,
        end(error) {
          late[Symbol.dispose]();
          asked = null;
          unsent = false;
          if (error === null) resolve();
          else reject(error);
        },
      };
      unsent = true;
      send();
      return outcome;
    },
    take() {
      if (!unsent || asked === null) return null;
      unsent = false;
      return asked.word;
    },
    heard(word) {
      if (word === asked?.word) asked.end(null);
    },
    fail: (error) => asked?.end(error),
  };
}
