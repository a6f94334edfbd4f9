import { afterEach, describe, expect, test } from 'vitest';
import { encodeEventCursor } from '../../src/core/cursor.ts';
import type { Caller } from '../../src/core/viewer.ts';
import {
  accepted,
  apiKey,
  closeSound,
  contents,
  createLiveWorld,
  eventsDocument,
  type LiveWorld,
  type Recording,
  messagesDocument,
  nobody,
  record,
  testClockOf,
  typesOf,
  userNamed,
} from './live-world.ts';

let world: LiveWorld;
afterEach(() => closeSound(world));

const kicks = 'subscription ($sessionId: ID) { memberKicked(sessionId: $sessionId) { member { id } } }';
const expiries = 'subscription ($sessionId: ID) { sessionExpired(sessionId: $sessionId) { session { id status } } }';

describe('a member that is kicked', () => {
  test('is given the event, then its subscriptions complete, and those of others go on', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const guest = await world.join(host.sessionId);
    const [own, filtered, other] = await Promise.all([
      record(world, guest.caller, eventsDocument),
      record(world, guest.caller, messagesDocument),
      record(world, host.caller, eventsDocument),
    ]);
    await Promise.all([own.count(1), other.count(1)]);
    accepted(await world.useCases.kick(host.caller, { memberId: guest.memberId, reason: 'noise' }));
    expect(await own.ended).toBe('complete');
    expect(own.received.at(-1)).toMatchObject({ __typename: 'MemberKicked', member: { id: guest.memberId }, reason: 'noise' });
    expect(await filtered.ended).toBe('complete');
    expect(filtered.received).toEqual([]);
    await world.send(host, 'still here');
    expect(contents(await other.count(3))).toEqual(['still here']);
    expect(other.end).toBeUndefined();
    expect(await world.presence.online([guest.memberId])).toEqual([false]);
  });

  test('is found by its membership where it is signed in as itself', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const guest = await world.join(host.sessionId, {}, userNamed('ada'));
    const recording = await record(world, userNamed('ada'), eventsDocument, { sessionId: host.sessionId });
    await recording.count(1);
    expect(await world.presence.online([guest.memberId])).toEqual([true]);
    accepted(await world.useCases.kick(host.caller, { memberId: guest.memberId }));
    expect(await recording.ended).toBe('complete');
    expect(typesOf(recording.received)).toEqual(['StreamOpened', 'MemberKicked']);
  });

  test('is found also where it joined after it had subscribed', async () => {
    world = createLiveWorld();
    const host = await world.create({ visibility: 'PUBLIC' });
    const recording = await record(world, userNamed('ada'), eventsDocument, { sessionId: host.sessionId });
    await recording.count(1);
    const guest = await world.join(host.sessionId, {}, userNamed('ada'));
    await recording.count(2);
    expect(await world.presence.online([guest.memberId])).toEqual([true]);
    accepted(await world.useCases.leave(userNamed('ada'), { sessionId: host.sessionId }));
    expect(await recording.ended).toBe('complete');
    expect(await world.presence.online([guest.memberId])).toEqual([false]);
  });

  test('does not end what it does under a new membership', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const first = await world.join(host.sessionId, {}, userNamed('ada'));
    accepted(await world.useCases.kick(host.caller, { memberId: first.memberId, ban: false }));
    await world.join(host.sessionId, {}, userNamed('ada'));
    const after = encodeEventCursor({ epoch: world.store.epoch, sessionId: host.sessionId, seq: 1 });
    const recording = await record(world, userNamed('ada'), eventsDocument, { sessionId: host.sessionId, after });
    await recording.count(4);
    await world.send(host, 'welcome back');
    expect(typesOf(await recording.count(5))).toEqual(['StreamOpened', 'MemberJoined', 'MemberKicked', 'MemberJoined', 'MessageAdded']);
  });
});

describe('a reader who was a member once', () => {
  test('reads how it left, and goes on reading', async () => {
    world = createLiveWorld();
    const host = await world.create({ visibility: 'PUBLIC' });
    await world.join(host.sessionId, {}, userNamed('ada'));
    accepted(await world.useCases.leave(userNamed('ada'), { sessionId: host.sessionId }));
    const after = encodeEventCursor({ epoch: world.store.epoch, sessionId: host.sessionId, seq: 1 });
    const recording = await record(world, userNamed('ada'), eventsDocument, { sessionId: host.sessionId, after });
    await recording.count(3);
    await world.send(host, 'still public');
    expect(typesOf(await recording.count(4))).toEqual(['StreamOpened', 'MemberJoined', 'MemberLeft', 'MessageAdded']);
  });
});

describe('a session that is over', () => {
  test('ends every subscription after the event that says so', async () => {
    world = createLiveWorld();
    const host = await world.create();
    const guest = await world.join(host.sessionId);
    const [all, filtered] = await Promise.all([record(world, guest.caller, eventsDocument), record(world, host.caller, messagesDocument)]);
    await all.count(1);
    accepted(await world.useCases.end(host.caller, {}));
    expect(await all.ended).toBe('complete');
    expect(typesOf(all.received)).toEqual(['StreamOpened', 'SessionEnded']);
    expect(await filtered.ended).toBe('complete');
  });

  test('ends them likewise when it expires, on time', async () => {
    world = createLiveWorld();
    const host = await world.create({ rules: { timeout: { timeoutSeconds: 60, warningSeconds: 10 } } });
    const recording = await record(world, host.caller, eventsDocument);
    await recording.count(1);
    await testClockOf(world).advance(50_000);
    expect(typesOf(await recording.count(2))).toEqual(['StreamOpened', 'SessionExpiring']);
    await testClockOf(world).advance(10_000);
    expect(await recording.ended).toBe('complete');
    expect(typesOf(recording.received)).toEqual(['StreamOpened', 'SessionExpiring', 'SessionExpired']);
  });

  test('replays to whoever comes later, and completes', async () => {
    world = createLiveWorld();
    const host = await world.create();
    await world.send(host, 'last words');
    accepted(await world.useCases.end(host.caller, {}));
    const after = (seq: number): string => encodeEventCursor({ epoch: world.store.epoch, sessionId: host.sessionId, seq });
    const [replayed, ended, fresh] = [
      await record(world, host.caller, eventsDocument, { after: after(1) }),
      await record(world, host.caller, eventsDocument, { after: after(3) }),
      await record(world, host.caller, messagesDocument),
    ];
    expect(await Promise.all([replayed.ended, ended.ended, fresh.ended])).toEqual(['complete', 'complete', 'complete']);
    expect(typesOf(replayed.received)).toEqual(['StreamOpened', 'MessageAdded', 'SessionEnded']);
    expect(typesOf(ended.received)).toEqual(['StreamOpened']);
    expect(fresh.received).toEqual([]);
  });
});

describe('settings that shut a reader out', () => {
  test('end subscriptions of those who are no members, before they are told', async () => {
    world = createLiveWorld();
    const host = await world.create({ visibility: 'PUBLIC' }, apiKey);
    await world.join(host.sessionId, {}, userNamed('ada'));
    const follow = async (caller: Caller): Promise<Recording> => {
      const recording = await record(world, caller, eventsDocument, { sessionId: host.sessionId });
      await recording.count(1);
      return recording;
    };
    const passerBy = await follow(nobody);
    const insiders = [await follow(userNamed('ada')), await follow(apiKey)];
    accepted(await world.useCases.update(host.caller, { visibility: 'PRIVATE' }));
    expect(await passerBy.ended).toMatchObject({ extensions: { code: 'NOT_A_MEMBER' } });
    expect(typesOf(passerBy.received)).toEqual(['StreamOpened']);
    await world.send(host, 'among ourselves');
    for (const recording of insiders) {
      expect(typesOf(await recording.count(3))).toEqual(['StreamOpened', 'SessionUpdated', 'MessageAdded']);
    }
  });

  test('end them where a password is set', async () => {
    world = createLiveWorld();
    const host = await world.create({ visibility: 'PUBLIC' });
    const recording = await record(world, nobody, messagesDocument, { sessionId: host.sessionId });
    await world.send(host, 'open');
    await recording.count(1);
    accepted(await world.useCases.update(host.caller, { rules: { password: 'sesame' } }));
    expect(await recording.ended).toMatchObject({ extensions: { code: 'NOT_A_MEMBER' } });
  });

  test('leave those alone who may still read', async () => {
    world = createLiveWorld();
    const host = await world.create({ visibility: 'PUBLIC' });
    const recording = await record(world, nobody, eventsDocument, { sessionId: host.sessionId });
    await recording.count(1);
    accepted(await world.useCases.update(host.caller, { rules: { maxMembers: 5 } }));
    await world.send(host, 'hello');
    expect(typesOf(await recording.count(3))).toEqual(['StreamOpened', 'SessionUpdated', 'MessageAdded']);
  });
});

describe('every session the caller is in', () => {
  test('is followed, those joined later included, from the joining on', async () => {
    world = createLiveWorld();
    const ada = userNamed('ada');
    const [one, two] = [await world.create(), await world.create()];
    await world.join(one.sessionId, {}, ada);
    const recording = await record(world, ada, kicks);
    const bob = await world.join(one.sessionId);
    await testClockOf(world).advance(10);
    accepted(await world.useCases.kick(one.caller, { memberId: bob.memberId }));
    await recording.count(1);
    await world.join(two.sessionId, {}, ada);
    const eve = await world.join(two.sessionId);
    accepted(await world.useCases.kick(two.caller, { memberId: eve.memberId }));
    await testClockOf(world).advance(1_000);
    expect((await recording.count(2)).map(({ member }) => member.id)).toEqual([bob.memberId, eve.memberId]);
  });

  test('goes on when one of them is over, and when the caller is removed from one', async () => {
    world = createLiveWorld();
    const ada = userNamed('ada');
    const [one, two] = [await world.create({ rules: { timeout: { timeoutSeconds: 5, autoRenew: false } } }), await world.create()];
    await world.join(one.sessionId, {}, ada);
    const inTwo = await world.join(two.sessionId, {}, ada);
    const [kicked, expired] = [await record(world, ada, kicks), await record(world, ada, expiries)];
    await testClockOf(world).advance(5_000);
    expect((await expired.count(1))[0]).toMatchObject({ session: { id: one.sessionId, status: 'EXPIRED' } });
    accepted(await world.useCases.kick(two.caller, { memberId: inTwo.memberId }));
    expect((await kicked.count(1))[0]).toMatchObject({ member: { id: inTwo.memberId } });
    expect([kicked.end, expired.end]).toEqual([undefined, undefined]);
  });

  test('stops looking when nobody asks', async () => {
    world = createLiveWorld();
    const recording = await record(world, userNamed('ada'), kicks);
    const before = testClockOf(world).pending;
    recording[Symbol.dispose]();
    expect(testClockOf(world).pending).toBe(before - 1);
  });
});
