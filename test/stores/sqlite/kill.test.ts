import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { MessageId, SessionId } from '../../../src/core/ids.ts';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { created } from '../../support/store-fixtures.ts';
import { freshPaths } from '../../support/store-files.ts';

const freshPath = freshPaths();
const script = fileURLToPath(new URL('../../support/store-writer-process.ts', import.meta.url));

/** Lets a process write until so many messages are acknowledged, kills it, and answers with all that it had printed. */
async function writeAndKill(path: string, sessionId: SessionId, count: number): Promise<readonly (readonly [MessageId, number])[]> {
  const child = spawn(process.execPath, [script, path, sessionId], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const acknowledged: [MessageId, number][] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [id = '', seq = ''] = line.split(' ');
    acknowledged.push([id as MessageId, Number(seq)]);
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

it('keeps each acknowledged commit, once, when the process is killed while it writes', async () => {
  const path = freshPath();
  const first = await createSqliteStore({ path });
  const { id } = await created(first);
  await first[Symbol.asyncDispose]();
  const all = new Map<MessageId, number>();
  for (const count of [1, 30, 200, 77, 500]) {
    const acknowledged = await writeAndKill(path, id, count);
    expect(acknowledged.length).toBeGreaterThanOrEqual(count);
    for (const [message, seq] of acknowledged) all.set(message, seq);
    await using store = await createSqliteStore({ path });
    const { events, head, oldest } = await store.timeline.read(id, 0, 100_000);
    expect(oldest).toBe(1);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    expect(events.filter(({ message, seq }) => message?.seq !== seq)).toEqual([]);
    const stored = new Map(events.flatMap(({ message, seq }) => (message === null ? [] : [[message.id, seq]])));
    expect(stored.size).toBe(head);
    expect([...all].filter(([message, seq]) => stored.get(message) !== seq)).toEqual([]);
    const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1 } }]);
    expect(page?.totalCount).toBe(head);
  }
}, 120_000);
