import { expect } from 'vitest';
import { type MemberId, type SessionId, newMemberId, newSessionId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/ports.ts';
import { aChange, aMessage, aSending, created, joined, start } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

/** Reads a session and a member both ways, where the driver has both, and answers what it read. */
export async function peeked(store: Store, sessionId: SessionId, memberId: MemberId): Promise<readonly unknown[]> {
  const [session = null] = await store.sessions.byIds([sessionId]);
  const [member = null] = await store.members.byIds([memberId]);
  // More than once, since what is at hand may have been kept.
  for (let time = 0; time < 3; time += 1) {
    if (store.sessions.peek !== undefined) expect(store.sessions.peek(sessionId)).toEqual(session);
    if (store.members.peek !== undefined) expect(store.members.peek(memberId)).toEqual(member);
  }
  return [session, member];
}

export const peekChecks: Checks = (check) => {
  check('has at hand what it reads by id, and null where there is nothing', async (store) => {
    const session = await created(store, { title: 'Room', metadata: { a: [1, { b: null }] }, owners: ['Ann'] });
    const [member] = await joined(store, session.id, [{ name: 'Grace \ud800', address: '0xAb', banned: true }]);
    if (member === undefined) throw new Error('Expected a member');
    expect(await peeked(store, session.id, member.id)).toEqual([session, member]);
    expect(await peeked(store, newSessionId(), newMemberId())).toEqual([null, null]);
  });

  check('has at hand what was acknowledged last, whatever was at hand before', async (store) => {
    const session = await created(store);
    const other = await created(store);
    const [member] = await joined(store, session.id, [{}]);
    if (member === undefined) throw new Error('Expected a member');
    for (let round = 1; round <= 20; round += 1) {
      await peeked(store, session.id, member.id);
      // Of the kinds of change, those that raise neither the version nor the number of events as well.
      await store.commit(aChange(session.id, { touch: { at: start + round, expiry: null, renewed: true } }));
      const name = `Ann ${round}`;
      await store.commit(aChange(session.id, { members: [{ ...member, name }] }));
      await store.commit(aSending(other.id, [aMessage(other.id)]));
      expect(await peeked(store, session.id, member.id)).toMatchObject([{ renewalCount: round, lastActivityAt: start + round }, { name }]);
      expect(await peeked(store, other.id, member.id)).toMatchObject([{ seq: round }, { name }]);
    }
  });

  check('gives to nobody what another one could change', async (store) => {
    const session = await created(store, { metadata: { a: 1 } });
    const first = store.sessions.peek?.(session.id);
    try {
      Object.assign(first?.metadata ?? {}, { a: 2 });
      Object.assign(first ?? {}, { title: 'mine' });
    } catch {
      // Frozen.
    }
    expect(await peeked(store, session.id, newMemberId())).toEqual([session, null]);
  });

  check('has nothing at hand once it is closed', async (store) => {
    const session = await created(store);
    store.sessions.peek?.(session.id);
    const closing = store[Symbol.asyncDispose]();
    for (const peek of [() => store.sessions.peek?.(session.id), () => store.members.peek?.(newMemberId())]) {
      if (store.sessions.peek === undefined) expect(peek()).toBeUndefined();
      else expect(peek).toThrow('closed');
    }
    await closing;
  });
};
