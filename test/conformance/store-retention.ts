import { expect } from 'vitest';
import { noUpstream } from '../../src/core/decide/facts.ts';
import { type SessionId, newSessionId } from '../../src/core/ids.ts';
import type { Attachment } from '../../src/core/message.ts';
import type { NewMessage } from '../../src/core/commit.ts';
import type { Holding, Store } from '../../src/core/ports.ts';
import { aChange, aMessage, aSending, created, joined, sent, start, stored } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

const file = (sizeBytes: number | null): Attachment => ({ url: 'https://example.org/f', mediaType: null, name: 'f \ud800', sizeBytes });
const times = (count: number, make: (index: number) => Partial<NewMessage>): Partial<NewMessage>[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Sends messages with files as the gateway does: what they have is counted. */
async function sentWithFiles(store: Store, sessionId: SessionId, sizes: readonly (readonly (number | null)[])[]): Promise<void> {
  for (const each of sizes) {
    const message = aMessage(sessionId, { attachments: each.map(file) });
    const add = { files: each.length, fileBytes: each.reduce<number>((sum, size) => sum + (size ?? 0), 0) };
    await store.commit(aSending(sessionId, [message], { add }));
  }
}

async function surveyed(store: Store, limit = 1_000): Promise<readonly Holding[]> {
  const all: Holding[] = [];
  for (;;) {
    const page = await store.retention.survey(all.at(-1)?.sessionId ?? null, limit);
    if (page.length === 0) return all;
    expect(page.length).toBeLessThanOrEqual(limit);
    all.push(...page);
  }
}

const numbersOf = async (store: Store, sessionId: SessionId): Promise<readonly number[]> =>
  (await store.timeline.read(sessionId, 0, 1_000)).events.map(({ seq }) => seq);

export const retentionChecks: Checks = (check) => {
  check('surveys all sessions by id, a few at a time, with what each holds', async (store) => {
    const empty = await created(store);
    const full = await created(store);
    await joined(store, full.id, [{}]);
    await sent(store, full.id, [{ createdAt: start + 7 }, { createdAt: start + 5 }]);
    const over = await created(store, { status: 'ENDED', updatedAt: start + 3, upstream: noUpstream });
    const nothing = { total: 0, oldestAt: null };
    const expected = [
      { sessionId: empty.id, status: 'ACTIVE', updatedAt: start, isRemote: false, events: nothing, messages: nothing, hasMembers: false },
      {
        sessionId: full.id,
        status: 'ACTIVE',
        updatedAt: start,
        isRemote: false,
        events: { total: 2, oldestAt: start },
        messages: { total: 2, oldestAt: start + 7 },
        hasMembers: true,
      },
      { sessionId: over.id, status: 'ENDED', updatedAt: start + 3, isRemote: true, events: nothing, messages: nothing, hasMembers: false },
    ].sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1));
    expect(await surveyed(store)).toEqual(expected);
    expect(await surveyed(store, 1)).toEqual(expected);
    expect(await surveyed(store, 2)).toEqual(expected);
  });

  check('tells the oldest of a session, and how many there are', async (store) => {
    const { id } = await created(store);
    await sent(
      store,
      id,
      times(4, (index) => ({ createdAt: start + 10 - index })),
    );
    await store.commit(aChange(id, { events: [{ type: 'MESSAGES_CLEARED' }], at: start + 50 }));
    expect(await store.retention.oldest('events', id, 2)).toEqual({
      total: 5,
      items: [
        { seq: 1, at: start },
        { seq: 2, at: start },
      ],
    });
    expect((await store.retention.oldest('events', id, 9)).items.at(-1)).toEqual({ seq: 5, at: start + 50 });
    expect(await store.retention.oldest('messages', id, 2)).toEqual({
      total: 4,
      items: [
        { seq: 1, at: start + 10 },
        { seq: 2, at: start + 9 },
      ],
    });
    for (const history of ['events', 'messages'] as const) {
      expect(await store.retention.oldest(history, newSessionId(), 5)).toEqual({ total: 0, items: [] });
    }
  });

  check('deletes the oldest events, and goes on numbering', async (store) => {
    const { id } = await created(store);
    const other = await created(store);
    const messages = await sent(
      store,
      id,
      times(5, () => ({})),
    );
    await sent(
      store,
      other.id,
      times(5, () => ({})),
    );
    expect(await store.retention.deleteThrough('events', id, 3)).toBe(3);
    expect(await store.retention.deleteThrough('events', id, 3)).toBe(0);
    expect(await store.timeline.read(id, 0, 10)).toMatchObject({ events: [{ seq: 4 }, { seq: 5 }], oldest: 4, head: 5 });
    expect(await store.timeline.read(id, 4, 10)).toMatchObject({ events: [{ seq: 5, message: messages[4] }], oldest: 4 });
    expect(await store.timeline.read(id, 5, 10)).toEqual({ events: [], oldest: 4, head: 5 });
    expect(await store.retention.oldest('events', id, 1)).toEqual({ total: 2, items: [{ seq: 4, at: start }] });
    expect((await surveyed(store)).find(({ sessionId }) => sessionId === id)).toMatchObject({
      events: { total: 2 },
      messages: { total: 5 },
    });
    await sent(store, id, [{}]);
    expect(await store.timeline.read(id, 3, 2)).toMatchObject({ events: [{ seq: 4 }, { seq: 5 }], oldest: 4, head: 6 });
    expect(await store.messages.byIds(messages.map((message) => message.id))).toEqual(messages);
    expect(await numbersOf(store, other.id)).toEqual([1, 2, 3, 4, 5]);
  });

  check('knows where a timeline goes on of which everything was deleted', async (store) => {
    const { id } = await created(store);
    await sent(
      store,
      id,
      times(3, () => ({})),
    );
    expect(await store.retention.deleteThrough('events', id, 3)).toBe(3);
    expect(await store.timeline.read(id, 0, 10)).toEqual({ events: [], oldest: 4, head: 3 });
    expect(await store.timeline.heads([id])).toEqual([3]);
    expect(await store.retention.oldest('events', id, 1)).toEqual({ total: 0, items: [] });
    await sent(store, id, [{}]);
    expect(await store.timeline.read(id, 3, 10)).toMatchObject({ events: [{ seq: 4 }], oldest: 4, head: 4 });
  });

  check('deletes the oldest messages, and counts what is left', async (store) => {
    const { id } = await created(store);
    const other = await created(store);
    await sentWithFiles(store, id, [[10, null], [], [5], [700], [1]]);
    await sentWithFiles(store, other.id, [[3]]);
    const before = await stored(store, id);
    expect(before).toMatchObject({ files: 5, fileBytes: 716 });
    expect(await store.retention.deleteThrough('messages', id, 3)).toBe(3);
    expect(await store.retention.deleteThrough('messages', id, 3)).toBe(0);
    expect(await stored(store, id)).toEqual({ ...before, files: 2, fileBytes: 701 });
    if (store.sessions.peek !== undefined) expect(store.sessions.peek(id)).toEqual(await stored(store, id));
    const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1, fromEnd: true } }]);
    expect(page).toMatchObject({ items: [{ seq: 5 }], hasMore: true, totalCount: 2 });
    expect(await store.messages.list([{ sessionId: id, page: { limit: 9, after: 1 } }])).toMatchObject([
      { items: [{ seq: 4 }, { seq: 5 }], hasMore: false, totalCount: 2 },
    ]);
    const { events, oldest } = await store.timeline.read(id, 0, 10);
    expect(oldest).toBe(1);
    expect(events.map(({ seq, message }) => [seq, message?.seq ?? null])).toEqual([
      [1, null],
      [2, null],
      [3, null],
      [4, 4],
      [5, 5],
    ]);
    expect(await stored(store, other.id)).toMatchObject({ files: 1, fileBytes: 3 });
    expect(await store.retention.deleteThrough('messages', id, 5)).toBe(2);
    expect(await stored(store, id)).toEqual({ ...before, files: 0, fileBytes: 0 });
    expect(await store.messages.list([{ sessionId: id, page: { limit: 9 } }])).toEqual([{ items: [], hasMore: false, totalCount: 0 }]);
  });

  check('counts no fewer files than none, where some were not counted when they came', async (store) => {
    const { id } = await created(store);
    await sent(store, id, [{ attachments: [file(9), file(9)] }]);
    await store.commit(aChange(id, { add: { files: 1, fileBytes: 9 } }));
    expect(await store.retention.deleteThrough('messages', id, 1)).toBe(1);
    expect(await stored(store, id)).toMatchObject({ files: 0, fileBytes: 0 });
  });

  check('leaves messages of a channel, and their number, as they are', async (store) => {
    const { id } = await created(store);
    await sent(store, id, [{ channel: 'a' }, { channel: 'b' }, { channel: 'a' }]);
    await store.retention.deleteThrough('messages', id, 2);
    expect(await store.messages.list([{ sessionId: id, channel: 'a', page: { limit: 9 } }])).toMatchObject([
      { items: [{ seq: 3 }], totalCount: 1 },
    ]);
    expect(await store.messages.list([{ sessionId: id, channel: 'b', page: { limit: 9 } }])).toMatchObject([{ items: [], totalCount: 0 }]);
  });

  check('loses nothing and miscounts nothing where messages come, are cleared and are deleted at once', async (store) => {
    const { id } = await created(store);
    for (let round = 0; round < 6; round += 1) {
      const { head } = await store.timeline.read(id, 0, 1);
      await sentWithFiles(
        store,
        id,
        times(8, () => ({})).map(() => [2, 3]),
      );
      const sending = Array.from({ length: 40 }, (_, index) =>
        store.commit(
          aSending(id, [aMessage(id, { content: `late ${index}`, attachments: [file(1)] })], { add: { files: 1, fileBytes: 1 } }),
        ),
      );
      const clearing = round % 2 === 0 ? [store.commit(aChange(id, { clearMessages: true, events: [{ type: 'MESSAGES_CLEARED' }] }))] : [];
      // By two at once, in steps that overlap.
      const deleting = [3, 5, 8].flatMap((count) => [
        store.retention.deleteThrough('messages', id, head + count),
        store.retention.deleteThrough('messages', id, head + count),
      ]);
      const [outcomes] = await Promise.all([Promise.all([...sending, ...clearing]), Promise.all(deleting)]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => 'committed'));
      const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1_000 } }]);
      const items = page?.items ?? [];
      // Of a page that is not the whole the store says what it has counted.
      const [first] = await store.messages.list([{ sessionId: id, page: { limit: 1 } }]);
      expect(first?.totalCount).toBe(items.length);
      expect(items.filter(({ content, seq }) => content === 'hello' && seq > head)).toEqual([]);
      if (round % 2 === 1) expect(items.filter(({ seq }) => seq > head + 8)).toHaveLength(40);
      const files = items.flatMap(({ attachments }) => attachments);
      expect(await stored(store, id)).toMatchObject({
        files: files.length,
        fileBytes: files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
      });
    }
  });

  check('removes a session that is over, a few rows at a time, and nothing else', async (store) => {
    const over = await created(store, { backend: 'local', handle: 'once' });
    const other = await created(store);
    const record = { scope: 's', key: 'k', inputHash: 'h', result: { sessionId: over.id }, createdAt: start };
    for (const { id } of [over, other]) {
      await joined(store, id, [{ principal: 'user:1' }, {}, { banned: true }]);
      await sentWithFiles(store, id, [[1], [2], [3], []]);
    }
    await store.commit(
      aChange(over.id, {
        set: { status: 'ENDED', dueAt: null },
        events: [{ type: 'SESSION_ENDED', byId: null, reason: null }],
        idempotency: record,
      }),
    );
    const [members] = await store.members.list([{ sessionId: over.id, page: { limit: 9 } }]);
    let steps = 1;
    for (; !(await store.retention.removeSession(over.id, 2)); steps += 1) expect(steps).toBeLessThan(9);
    expect(steps).toBeGreaterThan(2);
    expect(await store.sessions.byIds([over.id])).toEqual([null]);
    if (store.sessions.peek !== undefined) expect(store.sessions.peek(over.id)).toBeNull();
    expect(await store.sessions.byHandles([{ backend: 'local', handle: 'once' }])).toEqual([null]);
    expect(await store.members.byIds((members?.items ?? []).map(({ id }) => id))).toEqual([null, null, null]);
    expect(await store.members.ofPrincipal('user:1', [over.id, other.id])).toMatchObject([null, { sessionId: other.id }]);
    expect(await store.messages.list([{ sessionId: over.id, page: { limit: 9 } }])).toEqual([{ items: [], hasMore: false, totalCount: 0 }]);
    expect(await store.timeline.read(over.id, 0, 9)).toEqual({ events: [], oldest: 0, head: -1 });
    expect(await store.timeline.heads([over.id])).toEqual([-1]);
    expect(await store.commit(aSending(over.id, [aMessage(over.id)]))).toEqual({ kind: 'missing' });
    // What names it stays for its time.
    expect(await store.sessions.idempotency('s', 'k')).toEqual(record);
    expect(await store.retention.removeSession(over.id, 2)).toBe(true);
    expect((await surveyed(store)).map(({ sessionId }) => sessionId)).toEqual([other.id]);
    expect(await stored(store, other.id)).toMatchObject({ files: 3, fileBytes: 6, seq: 4 });
    expect(await numbersOf(store, other.id)).toEqual([1, 2, 3, 4]);
    // Its handle is free again.
    await created(store, { backend: 'local', handle: 'once' });
  });

  check('keeps of a session of a service what it is known by', async (store) => {
    const over = await created(store, { status: 'EXPIRED', backend: 'b', handle: 'h', upstream: noUpstream });
    await joined(store, over.id, [{}]);
    await sentWithFiles(store, over.id, [[1], [2]]);
    const before = await stored(store, over.id);
    while (!(await store.retention.removeSession(over.id, 1)));
    expect(await stored(store, over.id)).toEqual({ ...before, files: 0, fileBytes: 0 });
    expect(await store.sessions.byHandles([{ backend: 'b', handle: 'h' }])).toMatchObject([{ id: over.id }]);
    expect(await store.timeline.read(over.id, 0, 9)).toEqual({ events: [], oldest: 3, head: 2 });
    expect(await store.messages.list([{ sessionId: over.id, page: { limit: 9 } }])).toEqual([{ items: [], hasMore: false, totalCount: 0 }]);
    const nothing = { total: 0, oldestAt: null };
    expect(await surveyed(store)).toMatchObject([{ events: nothing, messages: nothing, hasMembers: false }]);
  });

  check('does not remove a session that is not over', async (store) => {
    const session = await created(store, { expiresAt: start, dueAt: start });
    await joined(store, session.id, [{}]);
    await sent(store, session.id, [{}]);
    expect(await store.retention.removeSession(session.id, 10)).toBe(true);
    expect(await stored(store, session.id)).toEqual({ ...session, seq: 1 });
    expect(await surveyed(store)).toMatchObject([{ events: { total: 1 }, messages: { total: 1 }, hasMembers: true }]);
  });
};
