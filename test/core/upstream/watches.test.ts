import { describe, expect, it } from 'vitest';
import type { Bus } from '../../../src/core/ports.ts';
import type { Sink } from '../../../src/core/service.ts';
import { eventTypesOf, messagesOf, user } from '../../support/core-service.ts';
import { said, unavailable } from '../../support/scripted-service.ts';
import { type ServiceWorld, accepted, createServiceWorld, gate, settled } from '../../support/service-world.ts';

const sinkOf = ({ remote: { sinks } }: ServiceWorld): Sink => {
  const sink = [...sinks].at(-1);
  if (sink === undefined) throw new Error('Nobody watches');
  return sink;
};

const contentsOf = async ({ store }: ServiceWorld, sessionId: Parameters<typeof messagesOf>[1]): Promise<readonly string[]> =>
  (await messagesOf(store, sessionId)).map(({ content }) => content);

describe('a session that is followed', () => {
  it('has a source from its first follower until some time after its last, and again', async () => {
    await using world = createServiceWorld({ without: [] });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const first = world.upstreams.watch(sessionId);
    const second = world.upstreams.watch(sessionId);
    await settled();
    expect(world.remote.watched).toHaveLength(1);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await world.clock.advance(60_000);
    expect(world.remote.sinks.size).toBe(1);
    second[Symbol.dispose]();
    await world.clock.advance(29_999);
    const third = world.upstreams.watch(sessionId);
    await world.clock.advance(60_000);
    expect(world.remote.sinks.size).toBe(1);
    third[Symbol.dispose]();
    await world.clock.advance(30_000);
    expect(world.remote.sinks.size).toBe(0);
    const again = world.upstreams.watch(sessionId);
    await settled();
    expect(world.remote.watched).toHaveLength(2);
    expect(world.remote.sinks.size).toBe(1);
    again[Symbol.dispose]();
  });

  it('has what happens there on its timeline', async () => {
    await using world = createServiceWorld({ without: [] });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    world.upstreams.watch(sessionId);
    await settled();
    const sink = sinkOf(world);
    sink.message(said('a', { author: { id: 'at-Ada', name: 'Ada' } }));
    sink.joined({ id: 'at-Eve', name: 'Eve', address: null, role: 'MEMBER' });
    sink.delta({ id: 'b', text: 'te' });
    sink.message(said('b', { role: 'ASSISTANT' }));
    sink.left('at-Eve');
    sink.facts({ title: 'Renamed' });
    sink.failed(unavailable);
    await settled();
    expect(await eventTypesOf(world.store, sessionId)).toEqual([
      'MEMBER_JOINED',
      'MESSAGE_ADDED',
      'MEMBER_JOINED',
      'MESSAGE_ADDED',
      'MEMBER_LEFT',
      'SESSION_UPDATED',
    ]);
    const [, b] = await messagesOf(world.store, sessionId);
    expect(world.emitted).toEqual([{ type: 'REPLY_DELTA', messageId: b?.id, text: 'te' }]);
    world.remote.room().facts = { title: 'Renamed again' };
    sink.changed();
    await settled();
    expect((await world.session(ada)).title).toBe('Renamed again');
    sink.facts({ status: 'ENDED' });
    await settled();
    sink.message(said('late'));
    sink.changed();
    await settled();
    expect((await eventTypesOf(world.store, sessionId)).slice(-2)).toEqual(['SESSION_UPDATED', 'SESSION_ENDED']);
    // There is nothing more to hear of it.
    expect(world.remote.sinks.size).toBe(0);
  });

  it('is compared with each connection, and once more where that fails', async () => {
    await using world = createServiceWorld({ without: [] });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    world.upstreams.watch(sessionId);
    await settled();
    world.remote.room().messages.push(said('missed'));
    sinkOf(world).opened();
    await settled();
    expect(await contentsOf(world, sessionId)).toEqual(['text of missed']);
    world.remote.room().messages.push(said('missed too'));
    world.remote.failures.set('history', unavailable);
    sinkOf(world).opened();
    await settled();
    world.remote.failures.clear();
    await world.clock.advance(5_000);
    await settled();
    expect(await contentsOf(world, sessionId)).toEqual(['text of missed', 'text of missed too']);
    // It is looked at far more rarely than where nothing tells.
    const before = world.remote.count('read');
    await world.clock.advance(29_000);
    await settled();
    expect(world.remote.count('read')).toBe(before);
    await world.clock.advance(2_000);
    await settled();
    expect(world.remote.count('read')).toBe(before + 1);
  });

  it('compares once more for all that was heard while it compared', async () => {
    await using world = createServiceWorld({ without: [] });
    const ada = await world.create();
    const slow = gate();
    world.remote.gates.set('read', slow.promise);
    world.upstreams.watch(ada.admission.sessionId);
    await settled();
    for (let times = 0; times < 20; times += 1) sinkOf(world).changed();
    slow.resolve();
    await settled();
    expect(world.remote.count('read')).toBe(2);
  });

  it('is polled where the service tells nothing by itself', async () => {
    await using world = createServiceWorld();
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const watch = world.upstreams.watch(sessionId);
    await settled();
    expect(world.remote.count('history')).toBe(1);
    world.remote.room().messages.push(said('a'));
    world.remote.failures.set('read', unavailable);
    await world.clock.advance(5_000);
    await settled();
    world.remote.failures.clear();
    await world.clock.advance(5_000);
    await settled();
    expect(await contentsOf(world, sessionId)).toEqual(['text of a']);
    watch[Symbol.dispose]();
    await world.clock.advance(30_000);
    const before = world.remote.calls.length;
    await world.clock.advance(100_000);
    expect(world.remote.calls).toHaveLength(before);
    expect(world.clock.pending).toBe(0);
  });

  it('is followed in another’s name when the one in whose name it was leaves', async () => {
    await using world = createServiceWorld({ without: [], parts: { perMember: true } });
    const ada = await world.create();
    const bob = await world.join(ada, user('Bob'));
    const { sessionId } = ada.admission;
    world.upstreams.watch(sessionId);
    await settled();
    const [old] = [...world.remote.sinks];
    accepted(await world.sessions.send(bob.caller, { sessionId, content: 'hello' }));
    await settled();
    expect(world.remote.watched.map(({ as }) => as?.name)).toEqual(['Ada']);
    accepted(await world.sessions.leave(ada.caller, { sessionId }));
    await settled();
    expect(world.remote.watched.map(({ as }) => [as?.name, as?.secret])).toEqual([
      ['Ada', 'secret of Ada'],
      ['Bob', 'secret of Bob'],
    ]);
    expect(world.remote.sinks.size).toBe(1);
    old?.message(said('from a closed source'));
    await settled();
    expect(await contentsOf(world, sessionId)).toEqual(['hello']);
  });

  it('is followed in another’s name also where no hint told of the leaving', async () => {
    const gaps: (() => void)[] = [];
    const silent: Bus = {
      tell() {},
      hear: () => () => undefined,
      lossless: false,
      publish() {},
      subscribe(_, onGap) {
        if (onGap !== undefined) gaps.push(onGap);
        return () => undefined;
      },
      check: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
    await using world = createServiceWorld({ without: [], parts: { perMember: true }, bus: silent });
    const ada = await world.create();
    await world.join(ada, user('Bob'));
    const { sessionId } = ada.admission;
    world.upstreams.watch(sessionId);
    await settled();
    accepted(await world.sessions.leave(ada.caller, { sessionId }));
    await settled();
    expect(world.remote.watched.map(({ as }) => as?.name)).toEqual(['Ada']);
    for (const gap of gaps) gap();
    await settled();
    expect(world.remote.watched.map(({ as }) => as?.name)).toEqual(['Ada', 'Bob']);
  });

  it('gets a source as soon as there is somebody in whose name', async () => {
    await using world = createServiceWorld({
      without: [],
      parts: { perMember: true, open: async () => ({ handle: 'theirs', facts: {} }) },
    });
    world.remote.rooms.set('theirs', { facts: {}, messages: [], secret: null });
    const ada = await world.create();
    world.upstreams.watch(ada.admission.sessionId);
    await world.clock.advance(12_000);
    expect(world.remote.watched).toEqual([]);
    await world.join(ada, user('Bob'));
    await world.clock.advance(5_000);
    await settled();
    expect(world.remote.watched.map(({ as }) => as?.name)).toEqual(['Bob']);
  });

  it('reports what fails, and goes on', async () => {
    let isBroken = true;
    const world = createServiceWorld({
      without: [],
      parts: {
        watch: () => {
          if (isBroken) throw new Error('no socket');
          return { [Symbol.asyncDispose]: async () => {} };
        },
      },
    });
    const ada = await world.create();
    world.upstreams.watch(ada.admission.sessionId);
    await settled();
    expect(world.errors.splice(0)).toEqual([new Error('no socket')]);
    isBroken = false;
    await world.clock.advance(5_000);
    await settled();
    expect(world.remote.count('history')).toBe(1);
    await world[Symbol.asyncDispose]();
  });

  it('is left alone after the end, by sources that still speak as well', async () => {
    const world = createServiceWorld({ without: [] });
    const ada = await world.create();
    const { sessionId } = ada.admission;
    const watch = world.upstreams.watch(sessionId);
    await settled();
    const sink = sinkOf(world);
    await world[Symbol.asyncDispose]();
    expect(world.remote.sinks.size).toBe(0);
    const before = world.remote.calls.length;
    sink.opened();
    sink.message(said('late'));
    sink.delta({ id: 'late', text: 'late' });
    world.upstreams.watch(sessionId)[Symbol.dispose]();
    watch[Symbol.dispose]();
    await world.clock.advance(100_000);
    await settled();
    expect(world.remote.calls).toHaveLength(before);
    expect(world.emitted).toEqual([]);
    expect(await messagesOf(world.store, sessionId)).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it('waits at the end for what it compares, which ends with the gateway', async () => {
    let isOver = false;
    const world = createServiceWorld({
      without: [],
      parts: {
        read: (_, signal) =>
          new Promise((_resolve, reject) =>
            signal?.addEventListener('abort', () => {
              setImmediate(() => {
                isOver = true;
                reject(signal.reason as Error);
              });
            }),
          ),
      },
    });
    const ada = await world.create();
    world.upstreams.watch(ada.admission.sessionId);
    await settled();
    await world[Symbol.asyncDispose]();
    expect(isOver).toBe(true);
  });
});
