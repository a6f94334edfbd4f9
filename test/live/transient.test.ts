import { afterEach, describe, expect, test } from 'vitest';
import type { Sink } from '../../src/core/service.ts';
import { type Scripted, type ScriptedOptions, createScriptedService, said } from '../support/scripted-service.ts';
import { gate, settled } from '../support/service-world.ts';
import {
  type LiveWorld,
  accepted,
  closeSound,
  contents,
  createLiveWorld,
  messagesDocument,
  record,
  testClockOf,
  typesOf,
} from './live-world.ts';

const document = `subscription ($sessionId: ID, $after: String, $types: [SessionEventType!]) {
  sessionEvents(sessionId: $sessionId, after: $after, types: $types) {
    __typename cursor
    ... on ReplyDelta { messageId text }
    ... on MessageAdded { message { id content inReplyTo { content } } }
  }
}`;

let world: LiveWorld;
afterEach(() => closeSound(world));

function open(options: ScriptedOptions = {}): Scripted {
  const remote = createScriptedService({ without: [], ...options });
  world = createLiveWorld({ backends: [remote.backend] });
  return remote;
}

const sinkOf = ({ sinks }: Scripted): Sink => {
  const [sink] = sinks;
  if (sink === undefined) throw new Error('Nobody watches');
  return sink;
};

describe('a reply in the making', () => {
  test('is given piece by piece, in order, before the message that it becomes, to all who follow', async () => {
    const rest = gate();
    open({
      sent(_, { onDelta }) {
        for (const text of ['He', 'll', 'o']) onDelta({ id: 'reply', text });
        return { reply: rest.promise.then(() => said('reply', { role: 'ASSISTANT', content: 'Hello' })) };
      },
    });
    const host = await world.create({ backend: 'remote' });
    const guest = await world.join(host.sessionId);
    const all = await Promise.all([record(world, host.caller, document), record(world, guest.caller, document)]);
    const messages = await record(world, guest.caller, messagesDocument);
    await Promise.all(all.map((each) => each.count(1)));
    await settled();
    const sending = world.useCases.send(host.caller, { content: 'hi', awaitReply: true });
    await all[0].count(4);
    rest.resolve();
    const { reply } = accepted(await sending);
    for (const recording of all) {
      const received = await recording.count(6);
      expect(typesOf(received)).toEqual(['StreamOpened', 'ReplyDelta', 'ReplyDelta', 'ReplyDelta', 'MessageAdded', 'MessageAdded']);
      const deltas = received.slice(1, 4);
      expect(deltas.map(({ text }) => text)).toEqual(['He', 'll', 'o']);
      expect(new Set(deltas.map(({ messageId }) => messageId))).toEqual(new Set([reply?.id]));
      expect(received[5].message).toEqual({ id: reply?.id, content: 'Hello', inReplyTo: { content: 'hi' } });
      // A place on the timeline: whoever resumes there misses nothing.
      expect(new Set(deltas.map(({ cursor }) => cursor))).toEqual(new Set([received[0].cursor]));
    }
    // Messages alone are given to those who ask for no more.
    expect(contents(await messages.count(2))).toEqual(['hi', 'Hello']);
  });

  test('is told by the service itself, and in its place among what it tells', async () => {
    const remote = open();
    const host = await world.create({ backend: 'remote' });
    const recording = await record(world, host.caller, document);
    await recording.count(1);
    await settled();
    const sink = sinkOf(remote);
    sink.message(said('a'));
    await recording.count(2);
    sink.delta({ id: 'b', text: 'be' });
    await recording.count(3);
    sink.message(said('b', { role: 'ASSISTANT' }));
    const received = await recording.count(4);
    expect(typesOf(received)).toEqual(['StreamOpened', 'MessageAdded', 'ReplyDelta', 'MessageAdded']);
    expect(received[2].messageId).toBe(received[3].message.id);
  });

  test('is on no timeline: who comes later, or resumes, is given the message alone', async () => {
    const remote = open();
    const host = await world.create({ backend: 'remote' });
    const early = await record(world, host.caller, document);
    const [{ cursor }] = (await early.count(1)) as [{ cursor: string }];
    await settled();
    sinkOf(remote).delta({ id: 'b', text: 'be' });
    await early.count(2);
    sinkOf(remote).message(said('b'));
    await early.count(3);
    const late = await record(world, host.caller, document, { after: cursor });
    expect(typesOf(await late.count(2))).toEqual(['StreamOpened', 'MessageAdded']);
  });

  test('is left out for one who is slow, or asks for other types, and for nobody else', async () => {
    const remote = open();
    const host = await world.create({ backend: 'remote' });
    const [slow, quick, picky] = await Promise.all([
      record(world, host.caller, document),
      record(world, host.caller, document),
      record(world, host.caller, document, { types: ['MESSAGE_ADDED'] }),
    ]);
    await Promise.all([slow.count(1), quick.count(1), picky.count(1)]);
    await settled();
    slow.buffered = 600_000;
    sinkOf(remote).delta({ id: 'b', text: 'be' });
    await quick.count(2);
    sinkOf(remote).message(said('b'));
    expect(typesOf(await slow.count(2))).toEqual(['StreamOpened', 'MessageAdded']);
    expect(typesOf(await quick.count(3))).toEqual(['StreamOpened', 'ReplyDelta', 'MessageAdded']);
    expect(typesOf(await picky.count(2))).toEqual(['StreamOpened', 'MessageAdded']);
  });

  test('is executed once for all who follow alike', async () => {
    const remote = open();
    const host = await world.create({ backend: 'remote' });
    const all = await Promise.all(Array.from({ length: 100 }, () => record(world, host.caller, document)));
    await Promise.all(all.map((each) => each.count(1)));
    await settled();
    const before = world.executions();
    sinkOf(remote).delta({ id: 'b', text: 'be' });
    await Promise.all(all.map((each) => each.count(2)));
    expect(world.executions() - before).toBe(1);
  });
});

describe('a session at a service that is followed', () => {
  test('is watched while somebody follows it, and for a while after', async () => {
    const remote = open();
    const host = await world.create({ backend: 'remote' });
    await settled();
    expect(remote.sinks.size).toBe(0);
    const recording = await record(world, host.caller, document);
    await recording.count(1);
    await settled();
    expect(remote.sinks.size).toBe(1);
    recording[Symbol.dispose]();
    await testClockOf(world).advance(30_000);
    expect(remote.sinks.size).toBe(0);
  });

  test('costs its service nothing for showing its messages with each event', async () => {
    const remote = open();
    const host = await world.create({ backend: 'remote' });
    const recording = await record(
      world,
      host.caller,
      'subscription { sessionEvents { cursor session { title messages { totalCount } } } }',
    );
    await recording.count(1);
    await settled();
    remote.calls = [];
    sinkOf(remote).message(said('a'));
    sinkOf(remote).message(said('b'));
    const received = await recording.count(3);
    expect(received.at(-1).session.messages.totalCount).toBe(2);
    expect(remote.calls).toEqual([]);
  });

  test('completes its subscriptions when its service ends it', async () => {
    const remote = open();
    const host = await world.create({ backend: 'remote' });
    const recording = await record(world, host.caller, document);
    await recording.count(1);
    await settled();
    sinkOf(remote).facts({ status: 'ENDED' });
    expect(await recording.ended).toBe('complete');
    expect(typesOf(recording.received)).toEqual(['StreamOpened', 'SessionEnded']);
    await settled();
    remote.calls = [];
    await testClockOf(world).advance(100_000);
    expect(remote.calls).toEqual([]);
  });
});
