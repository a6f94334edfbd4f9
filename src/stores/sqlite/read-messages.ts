import type { Message } from '../../core/message.ts';
import type { MessageReader } from '../../core/ports.ts';
import type { MessageQuery } from '../../core/queries.ts';
import { messageTable } from '../shared/tables.ts';
import { escapeText } from './codec.ts';
import { type Listing, readPage } from './page.ts';
import { readNumber, readOne } from './reading.ts';
import type { Prepare } from './statements.ts';

const byId = `SELECT ${messageTable.columns} FROM messages WHERE id = ?`;
const countOf = 'SELECT message_count FROM sessions WHERE id = ?';

const listingOf = (prepare: Prepare, { sessionId, channel }: MessageQuery): Listing<Message, number> => ({
  table: messageTable,
  from: 'messages',
  where: channel === undefined ? ['session_id = ?'] : ['session_id = ?', 'channel = ?'],
  values: channel === undefined ? [sessionId] : [sessionId, escapeText(channel)],
  order: ['seq'],
  valuesOf: (seq) => [seq],
  ...(channel === undefined && { count: () => readNumber(prepare, countOf, sessionId) ?? 0 }),
});

/** Reads messages over the given connection. */
export function createMessageReader(prepare: Prepare): MessageReader {
  return {
    byIds: async (ids) => ids.map((id) => readOne(prepare, messageTable, byId, id)),
    list: async (queries) => queries.map((query) => readPage(prepare, listingOf(prepare, query), query.page)),
  };
}
