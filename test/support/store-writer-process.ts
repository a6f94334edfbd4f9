// Writes messages to a store until it is killed, and prints the id and number of each that was acknowledged:
// node store-writer-process.ts <file> <session>

import type { SessionId } from '../../src/core/ids.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { aMessage, aSending } from './store-fixtures.ts';

const [path = '', sessionId = ''] = process.argv.slice(2);
const id = sessionId as SessionId;
const store = await createSqliteStore({ path });

async function send(): Promise<never> {
  for (;;) {
    const message = aMessage(id);
    const outcome = await store.commit(aSending(id, [message]));
    if (outcome.kind !== 'committed') throw new Error(`Expected the message to be stored, got ${outcome.kind}`);
    process.stdout.write(`${message.id} ${outcome.seq}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, send));
