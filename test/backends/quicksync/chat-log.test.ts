import { expect, test } from 'vitest';
import { type KeptChats, createChatLog } from '../../../src/backends/quicksync/chat-log.ts';
import { messageFrom } from '../../../src/backends/quicksync/mapping.ts';

const chatsOf = (count: number): KeptChats => {
  const ids = Array.from({ length: count }, (_, index) => String(index));
  const messages = ids.map((chatId) => messageFrom({ chatId, message: 'x', createdAt: '2025-01-01T00:00:00Z' }));
  return { messages: new Map(messages.map((message) => [message.id, message])), total: count };
};

test('those that were read longest ago are forgotten where there are too many', () => {
  const log = createChatLog(10);
  log.keep('a', chatsOf(4));
  log.keep('b', chatsOf(4));
  // Read again, and one more: not counted twice.
  log.keep('a', chatsOf(5));
  expect([log.of('a')?.total, log.of('b')?.total]).toEqual([5, 4]);
  log.keep('c', chatsOf(2));
  expect([log.of('a')?.total, log.of('b'), log.of('c')?.total]).toEqual([5, null, 2]);
  log.keep('d', chatsOf(11));
  expect(['a', 'c', 'd'].map((handle) => log.of(handle))).toEqual([null, null, null]);
});
