import type { Message } from '../../core/message.ts';
import type { MessageReader } from '../../core/ports.ts';
import { messageTable } from '../shared/tables.ts';
import { escapeText } from './codec.ts';
import type { Query } from './database.ts';
import { type Lists, readPages } from './page.ts';
import { readByIds } from './reading.ts';

const lists: Lists<Message, number> = {
  table: messageTable,
  from: 'messages',
  order: [{ name: 'seq', type: 'bigint' }],
  valuesOf: (seq) => [seq],
};
const count = '(SELECT message_count FROM sessions WHERE id = list.key_0)';

/** Reads messages. */
export const createMessageReader = (query: Query): MessageReader => ({
  byIds: (ids) => readByIds(query, messageTable, 'messages', ids),
  list: (queries) =>
    readPages(
      query,
      lists,
      queries.map(({ sessionId, channel, page }) =>
        channel === undefined
          ? { key: [['session_id', sessionId]], page, count }
          : {
              key: [
                ['session_id', sessionId],
                ['channel', escapeText(channel)],
              ],
              page,
            },
      ),
    ),
});
