import { describe, expect, it, vi } from 'vitest';
import { messageIdFrom } from '../../../src/core/ids.ts';
import type { Store } from '../../../src/core/ports.ts';
import type { ServiceMessage } from '../../../src/core/service.ts';
import { createMemoryStore } from '../../../src/stores/memory.ts';
import { messagesOf, sessionIn, storeDrivers, timelineOf, user } from '../../support/core-service.ts';
import { createScriptedService, said, unavailable } from '../../support/scripted-service.ts';
import { accepted, createServiceWorld, gate, settled } from '../../support/service-world.ts';

const contents = (messages: readonly { readonly content: string }[]): readonly string[] => messages.map(({ content }) => content);

/** The ways in which a service tells a message that was sent to it. */
const kinds = {
  'by its id': {},
  'by a mark': {
    echo: (message: ServiceMessage, { mark }: { readonly mark: string }) => ({ ...message, mark }),
    sent: () => ({ id: null }),
  },
  'by both': { echo: (message: ServiceMessage, { mark }: { readonly mark: string }) => ({ ...message, mark }) },
  'by what it says': { sent: () => ({ id: null }), parts: { matchesByContent: true } },
};

describe.each(Object.entries(storeDrivers))('what happens at a service, on %s', (_, open) => {
  it('is one event, heard of by socket, history and two gateways at once', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store });
    await using other = createServiceWorld({ store, remote: world.remote, clock: world.clock });
    const ada = await world.create();
    const session = await world.session(ada);
    world.remote.room().messages = [said('a'), said('b'), said('c')];
    const [a, b] = world.remote.room().messages as [ServiceMessage, ServiceMessage];
    await Promise.all([
      world.upstreams.ingest.history(session),
      other.upstreams.ingest.history(session),
      world.upstreams.ingest.messages(session.id, [a]),
      other.upstreams.ingest.messages(session.id, [a, b]),
      other.upstreams.ingest.history(session),
    ]);
    const messages = await messagesOf(store, session.id);
    expect(contents(messages)).toEqual(['text of a', 'text of b', 'text of c']);
    expect(messages.map(({ id }) => id)).toEqual(['a', 'b', 'c'].map((id) => messageIdFrom(session.id, id)));
    expect((await timelineOf(store, session.id)).map(({ body }) => body.type)).toEqual([
      'MEMBER_JOINED',
      ...Array(3).fill('MESSAGE_ADDED'),
    ]);
  });

  for (const [name, kind] of Object.entries(kinds)) {
    for (const moment of ['while it is sent', 'before it is recorded', 'after it', 'much later'] as const) {
      it(`is no second message where it is the echo of one, told ${name}, heard of ${moment}`, async () => {
        await using plain = await open();
        let hear: () => Promise<unknown> = async () => {};
        await using world = createServiceWorld({
          ...kind,
          store: {
            ...plain,
            async commit(commit) {
              if (moment === 'before it is recorded' && commit.kind === 'change' && commit.messages.length > 0) await hear();
              return plain.commit(commit);
            },
          },
        });
        const ada = await world.create();
        const session = await world.session(ada);
        let heard = 0;
        hear = async () => {
          if ((heard += 1) > 1) return;
          await Promise.race([world.upstreams.ingest.history(session), settled()]);
          // A socket tells it, too.
          await Promise.race([world.upstreams.ingest.messages(session.id, world.remote.room().messages), settled()]);
        };
        const slow = gate();
        if (moment === 'while it is sent') world.remote.gates.set('send', slow.promise);
        const sending = world.sessions.send(ada.caller, { sessionId: session.id, content: 'mine' });
        await vi.waitUntil(() => world.remote.room().messages.length === 1);
        if (moment === 'while it is sent') await hear();
        slow.resolve();
        const { message } = accepted(await sending);
        if (moment === 'much later') await world.clock.advance(100_000);
        if (moment === 'after it' || moment === 'much later') await hear();
        await settled();
        expect(await world.upstreams.ingest.history(session)).toBeNull();
        expect(await messagesOf(plain, session.id)).toEqual([message]);
        // Said once more, by another and at the service, it is another message.
        world.remote.room().messages.push(said('another', { content: 'mine', createdAt: world.clock.now() }));
        expect(await world.upstreams.ingest.history(session)).toBeNull();
        expect(contents(await messagesOf(plain, session.id))).toEqual(['mine', 'mine']);
      });
    }
  }

  for (const [name, kind] of Object.entries(kinds)) {
    it(`is no second message where another gateway hears of it all the while, told ${name}`, async () => {
      await using store = await open();
      await using world = createServiceWorld({ ...kind, store });
      await using other = createServiceWorld({ store, remote: world.remote, clock: world.clock });
      const ada = await world.create();
      const session = await world.session(ada);
      const hear = async (): Promise<void> => {
        expect(await other.upstreams.ingest.history(session)).toBeNull();
        await other.upstreams.ingest.messages(session.id, world.remote.room().messages);
      };
      const slow = gate();
      world.remote.gates.set('send', slow.promise);
      const sending = world.sessions.send(ada.caller, { sessionId: session.id, content: 'mine' });
      await expect.poll(() => world.remote.room().messages.length).toBe(1);
      await hear();
      // Said by another at the service, too, in the same words.
      world.remote.room().messages.push(said('theirs', { content: 'mine', createdAt: world.clock.now() }));
      await hear();
      slow.resolve();
      const sent = accepted(await sending);
      await hear();
      const later = async (): Promise<readonly string[]> => {
        await world.clock.advance(250);
        return contents(await messagesOf(store, session.id));
      };
      await expect.poll(later).toEqual(['mine', 'mine']);
      const messages = await messagesOf(store, session.id);
      expect(messages.map(({ id }) => id)).toContain(sent.message.id);
      await expect.poll(async () => (await world.session(ada)).upstream?.underway).toBeUndefined();
    });
  }

  it('is the answer to its message, whichever gateway hears of it first, under whatever id', async () => {
    await using store = await open();
    const answer = gate();
    await using world = createServiceWorld({
      store,
      parts: { matchesByContent: true },
      sent: (message, { content }, room) => {
        room.messages.push(said('as told later', { role: 'ASSISTANT', content: `Well, ${content}` }));
        return { id: null, reply: answer.promise.then(() => said('as answered', { role: 'ASSISTANT', content: `Well, ${content}` })) };
      },
    });
    await using other = createServiceWorld({ store, remote: world.remote, clock: world.clock });
    const ada = await world.create();
    const session = await world.session(ada);
    const sending = world.sessions.send(ada.caller, { sessionId: session.id, content: 'hello', awaitReply: true });
    await expect.poll(() => messagesOf(store, session.id)).toHaveLength(1);
    expect(await other.upstreams.ingest.history(session)).toBeNull();
    await world.clock.advance(1_000);
    expect(await other.upstreams.ingest.history(session)).toBeNull();
    answer.resolve();
    const { message, reply } = accepted(await sending);
    await world.clock.advance(1_000);
    await settled();
    expect(await other.upstreams.ingest.history(session)).toBeNull();
    expect(await messagesOf(store, session.id)).toEqual([message, expect.objectContaining({ id: reply?.id, inReplyTo: message.id })]);
  });

  it('is recorded by another gateway where the one that sent it has died', async () => {
    await using store = await open();
    const never = gate();
    const world = createServiceWorld({ store, parts: { matchesByContent: true }, sent: () => ({ id: null }) });
    await using other = createServiceWorld({ store, remote: world.remote, clock: world.clock });
    const ada = await world.create();
    const session = await world.session(ada);
    world.remote.gates.set('send', never.promise);
    void world.sessions.send(ada.caller, { sessionId: session.id, content: 'mine' });
    await expect.poll(() => world.remote.room().messages.length).toBe(1);
    expect(await other.upstreams.ingest.history(session)).toBeNull();
    await world.clock.advance(59_000);
    await settled();
    expect(await messagesOf(store, session.id)).toEqual([]);
    const later = async (): Promise<readonly string[]> => {
      await world.clock.advance(250);
      return contents(await messagesOf(store, session.id));
    };
    await expect.poll(later).toEqual(['mine']);
  });

  it('is no second message where another gateway has heard of it before it is recorded', async () => {
    await using plain = await open();
    let hear: () => Promise<unknown> = async () => {};
    const commit: Store['commit'] = async (change) => {
      if (change.kind === 'change' && change.messages.length > 0) await hear();
      return plain.commit(change);
    };
    await using world = createServiceWorld({ store: { ...plain, commit } });
    await using other = createServiceWorld({ store: plain, remote: world.remote, clock: world.clock });
    const ada = await world.create();
    const session = await world.session(ada);
    hear = () => other.upstreams.ingest.history(session);
    const { message } = accepted(await world.sessions.send(ada.caller, { sessionId: session.id, content: 'mine' }));
    expect(await messagesOf(plain, session.id)).toEqual([message]);
    expect(message).toMatchObject({ authorId: ada.admission.memberId, content: 'mine' });
  });

  it('has its author, and an answer the message that it answers, in whatever order it is heard of', async () => {
    await using store = await open();
    const answer = gate();
    await using world = createServiceWorld({
      store,
      sent: (message, { onDelta, content }, room) => {
        onDelta({ id: 'answer', text: 'Well, ' });
        onDelta({ id: 'answer', text: content });
        const reply = said('answer', { role: 'ASSISTANT', content: `Well, ${content}` });
        room.messages.push(reply);
        return { reply: answer.promise.then(() => reply) };
      },
    });
    const ada = await world.create();
    const bob = await world.join(ada, user('Bob'));
    const session = await world.session(ada);
    const sending = world.sessions.send(bob.caller, { sessionId: session.id, content: 'hello', awaitReply: true });
    await settled();
    // By socket and by history, before the call has answered; and what comes after it stays after it.
    world.remote.room().messages.push(said('later', { author: { id: 'at-Ada', name: 'Ada' } }));
    await world.upstreams.ingest.messages(session.id, [said('answer', { role: 'ASSISTANT', content: 'Well, hello' })]);
    expect(await world.upstreams.ingest.history(session)).toBeNull();
    answer.resolve();
    const { message, reply } = accepted(await sending);
    // Has its turn after what was held back.
    await world.upstreams.ingest.left(session.id, 'at-nobody');
    expect(await messagesOf(store, session.id)).toEqual([
      expect.objectContaining({ id: message.id, authorId: bob.admission.memberId }),
      expect.objectContaining({ id: reply?.id, inReplyTo: message.id, authorId: null, role: 'ASSISTANT' }),
      expect.objectContaining({ content: 'text of later', authorId: ada.admission.memberId, inReplyTo: null }),
    ]);
    // The pieces carry the id that the answer has.
    expect(world.emitted).toEqual([
      { type: 'REPLY_DELTA', messageId: reply?.id, text: 'Well, ' },
      { type: 'REPLY_DELTA', messageId: reply?.id, text: 'hello' },
    ]);
  });

  it('compares a history longer than what is matched by what it says without doubling its beginning', async () => {
    await using store = await open();
    await using world = createServiceWorld({ store, sent: () => ({ id: null }), parts: { matchesByContent: true } });
    const ada = await world.create();
    const session = await world.session(ada);
    for (let index = 0; index < 1_150; index += 1) {
      accepted(await world.sessions.send(ada.caller, { sessionId: session.id, content: `number ${index}` }));
      await world.clock.advance(10);
    }
    expect(await world.upstreams.ingest.history(session)).toBeNull();
    const { events, head } = await store.timeline.read(session.id, 1_100, 1_000);
    expect([head, events.length]).toEqual([1_151, 51]);
  });
});

describe('what happens at a service', () => {
  it('is found again where the sending that it seemed to be fails', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const session = await world.session(ada);
    const slow = gate();
    world.remote.gates.set('send', slow.promise);
    world.remote.failures.set('send', unavailable);
    const sending = world.sessions.send(ada.caller, { sessionId: session.id, content: 'mine' });
    await settled();
    // The service took it all the same, or somebody else said it.
    await world.upstreams.ingest.messages(session.id, [said('x', { content: 'mine' }), said('y')]);
    expect(await messagesOf(world.store, session.id)).toEqual([]);
    slow.resolve();
    expect(await sending).toEqual(unavailable);
    await settled();
    expect(contents(await messagesOf(world.store, session.id))).toEqual(['mine', 'text of y']);
  });

  it('waits for a message of ours as long as that is being sent', async () => {
    await using world = createServiceWorld({ sent: () => ({ id: null }), parts: { matchesByContent: true } });
    const ada = await world.create();
    const session = await world.session(ada);
    const slow = gate();
    world.remote.gates.set('send', slow.promise);
    const sending = world.sessions.send(ada.caller, { sessionId: session.id, content: 'mine' });
    await settled();
    expect(await world.upstreams.ingest.history(session)).toBeNull();
    await world.clock.advance(100_000);
    slow.resolve();
    const { message } = accepted(await sending);
    await settled();
    expect(await world.upstreams.ingest.history(session)).toBeNull();
    expect(await messagesOf(world.store, session.id)).toEqual([message]);
  });

  it('does not wait for ever for an answer that never comes, nor for one expected after another', async () => {
    const never = gate();
    const world = createServiceWorld({ sent: () => ({ reply: never.promise.then(() => unavailable) }) });
    const ada = await world.create();
    const session = await world.session(ada);
    const contentsNow = async (): Promise<readonly string[]> => contents(await messagesOf(world.store, session.id));
    accepted(await world.sessions.send(ada.caller, { sessionId: session.id, content: 'hello' }));
    await world.upstreams.ingest.messages(session.id, [said('a', { role: 'ASSISTANT' }), said('b')]);
    await world.clock.advance(20_000);
    accepted(await world.sessions.send(ada.caller, { sessionId: session.id, content: 'anybody?' }));
    expect(await contentsNow()).toEqual(['hello', 'anybody?']);
    await world.clock.advance(10_000);
    await settled();
    expect(await contentsNow()).toEqual(['hello', 'anybody?', 'text of a', 'text of b']);
    never.resolve();
    await settled();
    await world[Symbol.asyncDispose]();
    expect(world.clock.pending).toBe(0);
  });

  it('is not sent where it cannot be told to other gateways, whoever else tells them something', async () => {
    const plain = createMemoryStore();
    const slow = gate();
    let fails = false;
    const commit: Store['commit'] = async (change) => {
      const tells = change.kind === 'change' && change.messages.length === 0 && change.set.upstream?.underway !== undefined;
      if (tells) await slow.promise;
      if (tells && fails) throw new Error('The store is away');
      return plain.commit(change);
    };
    await using world = createServiceWorld({ store: { ...plain, commit }, sent: () => ({ id: null }), parts: { matchesByContent: true } });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const sendings = ['one', 'two', 'three'].map((content) => world.sessions.send(ada.caller, { sessionId, content }));
    await settled();
    // The first is being told alone, the others wait to be told together.
    fails = true;
    slow.resolve();
    const ends = await Promise.allSettled(sendings);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(world.remote.count('send')).toBe(0);
    fails = false;
    accepted(await world.sessions.send(ada.caller, { sessionId, content: 'four' }));
    await expect.poll(async () => (await world.session(ada)).upstream?.underway).toBeUndefined();
    world.errors.splice(0);
  });

  it('is compared in one call for those who ask meanwhile, which begins after they asked', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const session = await world.session(ada);
    const slow = gate();
    world.remote.gates.set('history', slow.promise);
    const first = world.upstreams.ingest.history(session);
    await settled();
    world.remote.room().messages.push(said('new'));
    const others = Array.from({ length: 30 }, () => world.upstreams.ingest.history(session));
    slow.resolve();
    expect(await Promise.all([first, ...others])).toEqual(Array(31).fill(null));
    expect(world.remote.count('history')).toBe(2);
    expect(contents(await messagesOf(world.store, session.id))).toEqual(['text of new']);
  });

  it('is asked from where it has been seen, where it has ids', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const session = await world.session(ada);
    world.remote.room().messages = [said('a', { createdAt: 1_000_000 })];
    await world.upstreams.ingest.history(session);
    await world.upstreams.ingest.history(session);
    expect(world.remote.calls.slice(-2).map(({ of }) => of)).toEqual([null, 940_000]);
    world.remote.failures.set('history', unavailable);
    expect(await world.upstreams.ingest.history(session)).toEqual(unavailable);
  });

  it('is asked for whole from time to time, for a clock that was set back', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const session = await world.session(ada);
    const start = world.clock.now();
    world.remote.room().messages = [said('a', { createdAt: start })];
    await world.upstreams.ingest.history(session);
    world.remote.room().messages.push(said('b', { createdAt: start - 200_000 }));
    await world.upstreams.ingest.history(session);
    expect(contents(await messagesOf(world.store, session.id))).toEqual(['text of a']);
    await world.clock.advance(600_000);
    await world.upstreams.ingest.history(session);
    expect(contents(await messagesOf(world.store, session.id))).toEqual(['text of a', 'text of b']);
  });

  it('is not hidden by one whose date is still to come', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const session = await world.session(ada);
    world.remote.room().messages = [said('a', { createdAt: world.clock.now() + 1e12 })];
    await world.upstreams.ingest.history(session);
    world.remote.room().messages.push(said('b', { createdAt: world.clock.now() }));
    await world.upstreams.ingest.history(session);
    expect(contents(await messagesOf(world.store, session.id))).toEqual(['text of a', 'text of b']);
  });

  it('is no activity where it was said long ago', async () => {
    await using world = createServiceWorld();
    const ada = await world.create({ rules: { timeout: { timeoutSeconds: 60 } } });
    const session = await world.session(ada);
    await world.clock.advance(30_000);
    await world.upstreams.ingest.messages(session.id, [said('old', { createdAt: session.createdAt - 1_000_000 })]);
    expect(await world.session(ada)).toMatchObject({ expiresAt: session.expiresAt, renewalCount: 0 });
    await world.upstreams.ingest.messages(session.id, [said('new', { createdAt: world.clock.now() })]);
    expect(await world.session(ada)).toMatchObject({ expiresAt: world.clock.now() + 60_000, renewalCount: 1 });
  });

  it('is of those who join and leave, too, each once', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const eve = { id: 'at-Eve', name: 'Eve', address: null, role: 'MEMBER' } as const;
    const { ingest } = world.upstreams;
    await Promise.all([ingest.joined(sessionId, eve), ingest.joined(sessionId, eve), ingest.left(sessionId, 'at-nobody')]);
    expect((await sessionIn(world.store, sessionId)).activeMembers).toBe(2);
    await Promise.all([ingest.left(sessionId, 'at-Eve'), ingest.left(sessionId, 'at-Eve')]);
    await ingest.joined(sessionId, eve);
    expect((await timelineOf(world.store, sessionId)).map(({ body, member }) => [body.type, member?.name])).toEqual([
      ['MEMBER_JOINED', 'Ada'],
      ['MEMBER_JOINED', 'Eve'],
      ['MEMBER_LEFT', 'Eve'],
      ['MEMBER_JOINED', 'Eve'],
    ]);
  });

  it('is not taken where the session is over', async () => {
    await using world = createServiceWorld({ remote: createScriptedService() });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    accepted(await world.sessions.end(ada.caller, { sessionId }));
    await world.upstreams.ingest.messages(sessionId, [said('late')]);
    await world.upstreams.ingest.left(sessionId, 'at-Ada');
    expect((await timelineOf(world.store, sessionId)).at(-1)?.body.type).toBe('SESSION_ENDED');
  });
});
