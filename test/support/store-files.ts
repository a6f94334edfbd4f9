import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll } from 'vitest';

/** Answers with paths of files that are not there yet, in a directory that goes with the test file. */
export function freshPaths(): () => string {
  const root = mkdtempSync(join(tmpdir(), 'parley-store-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let count = 0;
  return () => {
    count += 1;
    return join(root, String(count), 'parley.sqlite');
  };
}

/** Keeps every other connection from writing to the file until it is disposed. */
export function lockedBy(path: string): Disposable {
  const database = new DatabaseSync(path);
  database.exec('BEGIN IMMEDIATE');
  return {
    [Symbol.dispose]: () => {
      if (database.isOpen) database.close();
    },
  };
}
