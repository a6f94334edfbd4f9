import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../../src/stores/postgres/postgres-store.ts';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { fillOddly, fillPlainly } from '../../support/odd-store.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../../support/postgres-of-file.ts';
import { freshPaths } from '../../support/store-files.ts';

const freshPath = freshPaths();
const script = fileURLToPath(new URL('../../support/copy-process.ts', import.meta.url));

/** Copies in a process that is killed once it has done so many batches. Answers with its last word, null where it was killed. */
const copyAndKill = (from: string, to: string, batches: number): Promise<{ readonly batches: number } | null> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [script, from, to, `${batches}`], (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else if (error.signal === 'SIGKILL') resolve(null);
      else reject(new Error(stderr));
    });
  });

describe.skipIf(postgresIsMissing)(`a copy that is killed${needsPostgres}`, { timeout: 180_000 }, () => {
  const server = postgresOfFile();

  it.each(['postgres', 'sqlite'])('to %s goes on when it is begun again, and is exact in the end', async (driver) => {
    const path = freshPath();
    const from = `sqlite:${path}`;
    const to = driver === 'postgres' ? await server.freshUrl() : `sqlite:${freshPath()}`;
    {
      await using store = await createSqliteStore({ path, durability: 'normal' });
      await fillOddly(store);
      await fillPlainly(store, 3_000);
    }
    const last = [];
    for (const batches of [1, 2, 5, 8, 11, 14, 17, 24]) {
      last.push(await copyAndKill(from, to, batches));
      const opened = driver === 'postgres' ? createPostgresStore({ url: to }) : createSqliteStore({ path: to.slice('sqlite:'.length) });
      await expect(opened).rejects.toThrow('holds an unfinished copy');
    }
    expect(last).toEqual(last.map(() => null));
    const done = await copyAndKill(from, to, 0);
    expect(done).toMatchObject({ differences: [] });
    expect(done?.batches).toBeGreaterThan(24);
    await using before = await createSqliteStore({ path });
    await using after =
      driver === 'postgres' ? await createPostgresStore({ url: to }) : await createSqliteStore({ path: to.slice('sqlite:'.length) });
    const ids = async (store: typeof after): Promise<unknown> =>
      store.sessions.list({ page: { limit: 1_000 }, audience: { all: true }, now: 0 });
    expect(await ids(after)).toEqual(await ids(before));
  });
});
