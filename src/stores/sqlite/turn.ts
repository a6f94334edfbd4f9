import type { DatabaseSync } from 'node:sqlite';
import type { Prepare } from './statements.ts';

/**
 * One read transaction for what is read without waiting in between: all of that was begun before it, so that it may see the same state. Most
 * of reading a row is the locks on the file, which are then taken once.
 */
export interface ReadTurn {
  /** Begins it, unless it has begun. Answers whether it did. */
  begin(): boolean;
  /** Ends it, unless it has ended. By itself it ends before anything is waited for. */
  end(): void;
}

export function createReadTurn(database: DatabaseSync, prepare: Prepare): ReadTurn {
  let begun = false;
  const end = (): void => {
    if (!begun) return;
    begun = false;
    // Closing has ended it.
    if (database.isOpen) prepare('COMMIT').run();
  };
  return {
    begin() {
      if (begun) return false;
      prepare('BEGIN').run();
      begun = true;
      queueMicrotask(end);
      return true;
    },
    end,
  };
}
