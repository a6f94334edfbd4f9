import { expect } from 'vitest';
import { newSessionId } from '../../src/core/ids.ts';
import type { Session } from '../../src/core/session.ts';
import {
  aChange,
  aCreation,
  aMember,
  aMessage,
  aSending,
  aSession,
  created,
  joined,
  sent,
  start,
  stored,
} from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

export const commitChecks: Checks = (check) => {
  check('creates a session with its members and events', async (store) => {
    const session = aSession({ title: 'Room', metadata: { a: [1] }, activeMembers: 1, createdBy: 'key:k', owners: ['Ann'] });
    const host = aMember(session.id, { role: 'HOST', address: '0xAb', principal: 'wallet:0xab' });
    const outcome = await store.commit(
      aCreation(session, { members: [host], events: [{ type: 'MEMBER_JOINED', memberId: host.id }], at: start + 5 }),
    );
    expect(outcome).toEqual({ kind: 'committed', seq: 1, version: 1 });
    expect(await store.sessions.byIds([session.id])).toEqual([{ ...session, seq: 1 }]);
    expect(await store.members.byIds([host.id])).toEqual([host]);
    const { events } = await store.timeline.read(session.id, 0, 10);
    expect(events).toMatchObject([{ sessionId: session.id, seq: 1, at: start + 5, body: { type: 'MEMBER_JOINED' }, member: host }]);
  });

  check('keeps every property of a session', async (store) => {
    const session = aSession({
      title: 't',
      description: 'd',
      visibility: 'TEMPORARY',
      status: 'EXPIRED',
      updatedAt: start + 1,
      lastActivityAt: start + 2,
      renewedAt: start + 3,
      expiresAt: start + 4,
      dueAt: start + 5,
      warnedFor: start + 6,
      renewalCount: 7,
      rules: {
        maxMembers: 1,
        lifetimeSeconds: 2,
        timeout: { timeoutSeconds: 3, autoRenew: true, maxDurationSeconds: null, warningSeconds: 0 },
        passwordHash: '$argon2id$',
        allowlistOnly: true,
        allowlist: ['a', 'b'],
        maxFiles: 4,
        maxTotalMegabytes: 5,
      },
      owners: ['o'],
      createdBy: 'p',
      defaults: { x: { y: null } },
      metadata: { z: true },
      agentId: 'agent',
      situation: 's',
      activeMembers: 8,
      files: 9,
      fileBytes: 10,
    });
    await store.commit(aCreation(session));
    expect(await store.sessions.byIds([session.id])).toEqual([session]);
  });

  check('finds sessions by id and by handle, in the order asked for', async (store) => {
    const one = await created(store, { backend: 'a', handle: 'same' });
    const two = await created(store, { backend: 'b', handle: 'same' });
    expect(await store.sessions.byIds([two.id, newSessionId(), one.id, two.id])).toEqual([two, null, one, two]);
    expect(
      await store.sessions.byHandles([
        { backend: 'b', handle: 'same' },
        { backend: 'a', handle: 'other' },
        { backend: 'a', handle: 'same' },
      ]),
    ).toEqual([two, null, one]);
    expect(await store.sessions.byIds([])).toEqual([]);
  });

  check('refuses a handle that another session of the backend has', async (store) => {
    const first = await created(store, { handle: 'h' });
    const second = aSession({ handle: 'h' });
    const host = aMember(second.id);
    expect(await store.commit(aCreation(second, { members: [host], events: [{ type: 'MEMBER_JOINED', memberId: host.id }] }))).toEqual({
      kind: 'handle-taken',
    });
    expect(await store.sessions.byIds([second.id, first.id])).toEqual([null, first]);
    expect(await store.members.byIds([host.id])).toEqual([null]);
  });

  check('answers missing where there is no such session', async (store) => {
    const id = newSessionId();
    expect(await store.commit(aSending(id, [aMessage(id)]))).toEqual({ kind: 'missing' });
    expect(await store.commit(aChange(id, { set: { title: 'x' } }))).toEqual({ kind: 'missing' });
  });

  check('sets absolute values and leaves the rest', async (store) => {
    const session = await created(store, { title: 'before', situation: 'stays', defaults: { a: 1 } });
    const set: Partial<Session> = {
      title: null,
      description: 'now',
      visibility: 'PRIVATE',
      status: 'ENDED',
      updatedAt: start + 9,
      expiresAt: start + 99,
      dueAt: null,
      warnedFor: start + 99,
      defaults: {},
      owners: ['x'],
      activeMembers: 3,
      rules: { ...session.rules, maxMembers: 3 },
    };
    const outcome = await store.commit(aChange(session.id, { set, guard: { version: 1, exclusive: true } }));
    expect(outcome).toEqual({ kind: 'committed', seq: 0, version: 2 });
    expect(await stored(store, session.id)).toEqual({ ...session, ...set, version: 2 });
  });

  check('refuses what was decided on another version, and writes nothing of it', async (store) => {
    const session = await created(store);
    await store.commit(aChange(session.id, { set: { title: 'first' }, guard: { version: 1, exclusive: true } }));
    const member = aMember(session.id);
    const message = aMessage(session.id);
    const late = aSending(session.id, [message], { members: [member], set: { title: 'second' } });
    expect(await store.commit(late)).toEqual({ kind: 'conflict' });
    expect(await store.commit(aSending(session.id, [message], { members: [member] }))).toEqual({ kind: 'conflict' });
    expect(await store.commit({ ...late, guard: { version: 3, exclusive: false } })).toEqual({ kind: 'conflict' });
    expect(await stored(store, session.id)).toMatchObject({ title: 'first', seq: 0, version: 2 });
    expect([...(await store.members.byIds([member.id])), ...(await store.messages.byIds([message.id]))]).toEqual([null, null]);
    expect(await store.commit({ ...late, guard: { version: 2, exclusive: false } })).toEqual({ kind: 'committed', seq: 1, version: 2 });
  });

  check('lets commuting changes of one version all through', async (store) => {
    const session = await created(store);
    for (const seq of [1, 2, 3]) {
      expect(await store.commit(aSending(session.id, [aMessage(session.id)]))).toEqual({ kind: 'committed', seq, version: 1 });
    }
  });

  check('holds a time-driven change to the expiry that it was decided on', async (store) => {
    const session = await created(store, { expiresAt: start + 10, dueAt: start + 10 });
    const expire = (expiresAt: number | null) =>
      store.commit(aChange(session.id, { set: { status: 'EXPIRED', dueAt: null }, guard: { version: 1, expiresAt, exclusive: true } }));
    expect(await expire(start + 9)).toEqual({ kind: 'conflict' });
    expect(await expire(null)).toEqual({ kind: 'conflict' });
    const warn = aChange(session.id, { guard: { version: 1, expiresAt: start + 9, exclusive: false } });
    expect(await store.commit(warn)).toEqual({ kind: 'conflict' });
    expect(await expire(start + 10)).toMatchObject({ kind: 'committed' });
    const endless = await created(store);
    const guard = { version: 1, exclusive: false } as const;
    expect(await store.commit(aChange(endless.id, { guard: { ...guard, expiresAt: start } }))).toEqual({ kind: 'conflict' });
    expect(await store.commit(aChange(endless.id, { guard: { ...guard, expiresAt: null } }))).toMatchObject({ kind: 'committed' });
  });

  check('may guard by an expiry and set a new one', async (store) => {
    const session = await created(store, { expiresAt: start + 10, dueAt: start + 10 });
    const change = aChange(session.id, {
      guard: { version: 1, expiresAt: start + 10, exclusive: true },
      set: { expiresAt: start + 20, dueAt: start + 15 },
    });
    expect(await store.commit(change)).toMatchObject({ kind: 'committed', version: 2 });
    expect(await stored(store, session.id)).toMatchObject({ expiresAt: start + 20, dueAt: start + 15 });
  });

  check('applies activity by maximum', async (store) => {
    const { id } = await created(store, { expiresAt: start + 100, dueAt: start + 90 });
    const touch = (at: number, expiresAt: number, renewed = true) =>
      store.commit(aChange(id, { touch: { at, expiry: { expiresAt, dueAt: expiresAt - 10 }, renewed } }));
    await touch(start + 20, start + 120);
    expect(await stored(store, id)).toMatchObject({
      lastActivityAt: start + 20,
      expiresAt: start + 120,
      dueAt: start + 110,
      renewalCount: 1,
    });
    await touch(start + 10, start + 110);
    expect(await stored(store, id)).toMatchObject({
      lastActivityAt: start + 20,
      expiresAt: start + 120,
      dueAt: start + 110,
      renewalCount: 2,
    });
    await store.commit(aChange(id, { touch: { at: start + 30, expiry: null, renewed: false } }));
    expect(await stored(store, id)).toMatchObject({ lastActivityAt: start + 30, expiresAt: start + 120, renewalCount: 2 });
  });

  check('slides no expiry where the session has none', async (store) => {
    const { id } = await created(store);
    await store.commit(aChange(id, { touch: { at: start + 1, expiry: { expiresAt: start + 9, dueAt: start + 8 }, renewed: false } }));
    expect(await stored(store, id)).toMatchObject({ lastActivityAt: start + 1, expiresAt: null, dueAt: null });
  });

  check('applies activity over what is set in the same change', async (store) => {
    const { id } = await created(store, { expiresAt: start + 100, dueAt: start + 100 });
    const touch = { at: start + 5, expiry: { expiresAt: start + 60, dueAt: start + 50 }, renewed: false };
    await store.commit(aChange(id, { set: { expiresAt: start + 40, dueAt: start + 30, lastActivityAt: start + 7 }, touch }));
    expect(await stored(store, id)).toMatchObject({ expiresAt: start + 60, dueAt: start + 50, lastActivityAt: start + 7 });
  });

  check('adds to the counters', async (store) => {
    const { id } = await created(store, { files: 1, fileBytes: 10 });
    await store.commit(aChange(id, { add: { files: 2, fileBytes: 5_000_000_000 } }));
    await store.commit(aChange(id, { add: { files: -1, fileBytes: -10 } }));
    expect(await stored(store, id)).toMatchObject({ files: 2, fileBytes: 5_000_000_000 });
  });

  check('inserts members, and replaces them by id', async (store) => {
    const { id } = await created(store);
    const [ann, bob] = await joined(store, id, [{ name: 'Ann' }, { name: 'Bob' }]);
    if (ann === undefined || bob === undefined) throw new Error('Two members were expected');
    const kicked = { ...bob, name: 'Rob', status: 'KICKED' as const, leftAt: start + 1, banned: true, role: 'OBSERVER' as const };
    await store.commit(aChange(id, { members: [kicked] }));
    expect(await store.members.byIds([bob.id, ann.id])).toEqual([kicked, ann]);
  });

  check('numbers a message with the event that names it', async (store) => {
    const { id } = await created(store);
    const one = aMessage(id, { content: 'one' });
    const two = aMessage(id, { content: 'two' });
    const outcome = await store.commit(
      aChange(id, {
        messages: [two, one],
        events: [
          { type: 'SESSION_UPDATED', changed: ['title'] },
          { type: 'MESSAGE_ADDED', messageId: one.id },
          { type: 'MESSAGE_ADDED', messageId: two.id },
        ],
      }),
    );
    expect(outcome).toEqual({ kind: 'committed', seq: 3, version: 1 });
    expect(await store.messages.byIds([one.id, two.id])).toEqual([
      { ...one, seq: 2 },
      { ...two, seq: 3 },
    ]);
  });

  check('clears the messages stored so far, and the file counters', async (store) => {
    const { id } = await created(store, { files: 4, fileBytes: 40 });
    const other = await created(store);
    const [old] = await sent(store, id, [{}]);
    const [kept] = await sent(store, other.id, [{}]);
    if (old === undefined || kept === undefined) throw new Error('Two messages were expected');
    const fresh = aMessage(id);
    await store.commit(
      aChange(id, {
        clearMessages: true,
        messages: [fresh],
        events: [{ type: 'MESSAGES_CLEARED' }, { type: 'MESSAGE_ADDED', messageId: fresh.id }],
        add: { files: 1, fileBytes: 5 },
      }),
    );
    expect(await store.messages.byIds([old.id, fresh.id, kept.id])).toEqual([null, { ...fresh, seq: 3 }, kept]);
    expect(await store.messages.list([{ sessionId: id, page: { limit: 5 } }])).toEqual([
      { items: [{ ...fresh, seq: 3 }], hasMore: false, totalCount: 1 },
    ]);
    expect(await stored(store, id)).toMatchObject({ files: 1, fileBytes: 5, seq: 3 });
    await sent(store, id, [{}]);
    const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1 } }]);
    expect(page).toMatchObject({ hasMore: true, totalCount: 2 });
  });

  check('refuses as a whole what does not hang together', async (store) => {
    const { id } = await created(store);
    const other = await created(store);
    const [message] = await sent(store, id, [{}]);
    const [stranger] = await joined(store, other.id, [{}]);
    if (message === undefined || stranger === undefined) throw new Error('A message and a member were expected');
    const { seq: _, ...again } = message;
    const member = aMember(id);
    const add = { members: [member], set: { title: 'half' } };
    await expect(store.commit(aChange(id, { ...add, messages: [aMessage(id)] }))).rejects.toThrow('MESSAGE_ADDED');
    await expect(store.commit(aSending(id, [aMessage(other.id)], add))).rejects.toThrow(other.id);
    await expect(store.commit(aChange(id, { members: [member, aMember(other.id)] }))).rejects.toThrow(other.id);
    await expect(store.commit(aSending(id, [again], add))).rejects.toBeInstanceOf(Error);
    await expect(store.commit(aChange(id, { ...add, members: [member, { ...stranger, sessionId: id }] }))).rejects.toThrow(stranger.id);
    await expect(store.commit(aCreation(aSession({ id })))).rejects.toBeInstanceOf(Error);
    expect(await stored(store, id)).toMatchObject({ title: null, seq: 1 });
    expect(await store.members.byIds([member.id, stranger.id])).toEqual([null, stranger]);
  });
};
