import { expect } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { newMemberId, newMessageId, newSessionId } from '../../src/core/ids.ts';
import { aChange, created, joined, sent, start } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

export const timelineChecks: Checks = (check) => {
  check('keeps every kind of event, with the members and messages that it names', async (store) => {
    const { id } = await created(store);
    const [ann, bob] = await joined(store, id, [{ name: 'Ann' }, { name: 'Bob' }]);
    const [message] = await sent(store, id, [{}]);
    if (ann === undefined || bob === undefined || message === undefined) throw new Error('Members and a message were expected');
    const bodies: readonly EventBody[] = [
      { type: 'MEMBER_JOINED', memberId: ann.id },
      { type: 'MEMBER_LEFT', memberId: bob.id },
      { type: 'MEMBER_KICKED', memberId: bob.id, byId: ann.id, reason: 'noise' },
      { type: 'MEMBER_KICKED', memberId: bob.id, byId: null, reason: null },
      { type: 'MESSAGE_ADDED', messageId: message.id },
      { type: 'MESSAGES_CLEARED' },
      { type: 'SESSION_UPDATED', changed: ['title', 'rules'] },
      { type: 'SESSION_RENEWED', expiresAt: null },
      { type: 'SESSION_RENEWED', expiresAt: start },
      { type: 'SESSION_EXPIRING', secondsLeft: 60 },
      { type: 'SESSION_EXPIRED' },
      { type: 'SESSION_ENDED', byId: bob.id, reason: null },
    ];
    expect(await store.commit(aChange(id, { events: bodies, at: start + 7 }))).toMatchObject({ seq: 13 });
    const { events } = await store.timeline.read(id, 1, 50);
    expect(events.map(({ body }) => body)).toEqual(bodies);
    expect(events.every(({ at, sessionId }) => at === start + 7 && sessionId === id)).toBe(true);
    expect(events.map(({ member, by, message: said }) => [member, by, said])).toEqual([
      [ann, null, null],
      [bob, null, null],
      [bob, ann, null],
      [bob, null, null],
      [null, null, message],
      ...Array.from({ length: 6 }, () => [null, null, null]),
      [null, bob, null],
    ]);
  });

  check('reads on from any place', async (store) => {
    const { id } = await created(store);
    await sent(store, id, [{}, {}, {}, {}]);
    const numbers = async (after: number, limit: number) => {
      const { events, head, oldest } = await store.timeline.read(id, after, limit);
      expect({ head, oldest }).toEqual({ head: 4, oldest: 1 });
      return events.map(({ seq }) => seq);
    };
    expect(await numbers(0, 10)).toEqual([1, 2, 3, 4]);
    expect(await numbers(0, 2)).toEqual([1, 2]);
    expect(await numbers(2, 1)).toEqual([3]);
    expect(await numbers(3, 10)).toEqual([4]);
    expect(await numbers(4, 10)).toEqual([]);
    expect(await numbers(99, 10)).toEqual([]);
    expect(await numbers(-1, 1)).toEqual([1]);
  });

  check('knows the ends of a timeline without events, and of no session', async (store) => {
    const { id } = await created(store);
    expect(await store.timeline.read(id, 0, 10)).toEqual({ events: [], oldest: 1, head: 0 });
    expect(await store.timeline.read(newSessionId(), 0, 10)).toEqual({ events: [], oldest: 0, head: -1 });
  });

  check('answers heads in the order asked for', async (store) => {
    const one = await created(store);
    const two = await created(store);
    await sent(store, one.id, [{}, {}]);
    expect(await store.timeline.heads([two.id, newSessionId(), one.id])).toEqual([0, -1, 2]);
    expect(await store.timeline.heads([])).toEqual([]);
  });

  check('keeps the numbers of messages that were cleared', async (store) => {
    const { id } = await created(store);
    const [first] = await sent(store, id, [{}, {}]);
    await store.commit(aChange(id, { clearMessages: true, events: [{ type: 'MESSAGES_CLEARED' }] }));
    const [last] = await sent(store, id, [{}]);
    const { events, oldest, head } = await store.timeline.read(id, 0, 10);
    expect({ oldest, head }).toEqual({ oldest: 1, head: 4 });
    expect(events.map(({ seq, message }) => [seq, message])).toEqual([
      [1, null],
      [2, null],
      [3, null],
      [4, last],
    ]);
    expect(events[0]?.body).toEqual({ type: 'MESSAGE_ADDED', messageId: first?.id });
  });

  check('delivers an event whose members and messages are not stored', async (store) => {
    const { id } = await created(store);
    await store.commit(
      aChange(id, {
        events: [
          { type: 'MEMBER_KICKED', memberId: newMemberId(), byId: newMemberId(), reason: null },
          { type: 'MESSAGE_ADDED', messageId: newMessageId() },
        ],
      }),
    );
    const { events } = await store.timeline.read(id, 0, 10);
    expect(events.map(({ member, by, message }) => [member, by, message])).toEqual([
      [null, null, null],
      [null, null, null],
    ]);
  });

  check('shows members as they are when the event is read', async (store) => {
    const { id } = await created(store);
    const [ann] = await joined(store, id, [{}]);
    if (ann === undefined) throw new Error('A member was expected');
    await store.commit(aChange(id, { events: [{ type: 'MEMBER_JOINED', memberId: ann.id }] }));
    const left = { ...ann, status: 'LEFT' as const, leftAt: start + 1 };
    await store.commit(aChange(id, { members: [left] }));
    expect((await store.timeline.read(id, 0, 1)).events[0]?.member).toEqual(left);
  });
};
