import { afterEach, describe, expect, test } from 'vitest';
import type { ElizaOptions } from '../../../src/backends/eliza/options.ts';
import type { ElizaEmulatorOptions } from '../../emulators/eliza/emulator.ts';
import { type HeardSink, type World, at, createSink, createWorld, done, open, outgoing, recordOf } from './world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

const start = async (options: Partial<ElizaOptions> = {}, server: ElizaEmulatorOptions = {}): Promise<void> => {
  world = await createWorld(options, server);
};
const heardOf = (sink: HeardSink, what: string): number => sink.heard.filter(([each]) => each === what).length;

async function watched(): Promise<{ sink: HeardSink; id: string } & AsyncDisposable> {
  const session = await open(world.service);
  const sink = createSink();
  const source = world.service.watch(session, sink);
  await expect.poll(() => heardOf(sink, 'opened')).toBe(1);
  return { sink, id: session.session.handle, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

describe('a watch', () => {
  test('hears what the agent says by itself, and has what came before it compared', async () => {
    await start();
    await using watch = await watched();
    const { sink, id } = watch;
    world.emulator.script.push({ kind: 'reply', chunks: ['a', 'b'] });
    world.emulator.userSays(id, 'psst');
    await expect.poll(() => sink.messages.length).toBe(1);
    const [said] = sink.messages;
    expect(sink.heard.slice(1)).toEqual([
      ['delta', { id: said?.id, text: 'a' }],
      ['delta', { id: said?.id, text: 'b' }],
      ['opened', undefined],
      ['message', said],
    ]);
    const stored = world.emulator.state.messages.find(({ source }) => source === 'agent_response');
    expect(said).toMatchObject({ id: stored?.id, content: 'ab', role: 'ASSISTANT', author: { id: null, name: 'Echo' } });
  });

  test('hears the reply to a message of its own gateway once, without a comparison', async () => {
    await start();
    await using watch = await watched();
    const { sink, id } = watch;
    const session = at(recordOf(id, done(await world.service.find(id)).facts));
    await world.service.send(session, outgoing('hello'));
    await expect.poll(() => sink.messages.length).toBe(1);
    const deltas: unknown[] = [];
    world.emulator.script.push({ kind: 'reply', chunks: ['c'] });
    const sent = done(await world.service.send(session, outgoing('again', { awaitReply: true, onDelta: (delta) => deltas.push(delta) })));
    const reply = done(await sent.reply);
    expect(sink.heard.map(([what]) => what)).toEqual(['opened', 'message', 'delta']);
    // Each piece is told once.
    expect([deltas, sink.heard.at(-1)?.[1]]).toEqual([[], { id: reply.id, text: 'c' }]);
  });

  test('learns that messages were deleted', async () => {
    await start();
    await using watch = await watched();
    world.emulator.clearChannel(watch.id);
    await expect.poll(() => heardOf(watch.sink, 'changed')).toBe(1);
  });

  test('is one socket for all sessions, each of which hears its own', async () => {
    await start();
    await using one = await watched();
    await using other = await watched();
    expect(world.emulator.sockets.connected).toBe(1);
    world.emulator.agentSays(other.id, 'to other');
    world.emulator.agentSays(one.id, 'to one');
    await expect.poll(() => one.sink.messages.length).toBe(1);
    expect([one, other].map(({ sink }) => sink.messages.map(({ content }) => content))).toEqual([['to one'], ['to other']]);
  });

  test('closes the socket when the last one is over, and hears nothing more', async () => {
    await start();
    const one = await watched();
    const other = await watched();
    await one[Symbol.asyncDispose]();
    expect(world.emulator.sockets.connected).toBe(1);
    world.emulator.agentSays(one.id, 'nobody hears');
    world.emulator.agentSays(other.id, 'somebody hears');
    await expect.poll(() => other.sink.messages.length).toBe(1);
    expect(one.sink.messages).toEqual([]);
    await other[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await expect.poll(() => world.emulator.sockets.connected).toBe(0);
  });

  test('comes back after a restart, and tells that it did', async () => {
    await start();
    await using watch = await watched();
    await using other = await watched();
    await world.emulator.restart();
    for (const { sink } of [watch, other]) await expect.poll(() => heardOf(sink, 'opened'), { timeout: 5_000 }).toBe(2);
    expect(heardOf(watch.sink, 'failed')).toBeGreaterThan(0);
    world.emulator.agentSays(watch.id, 'still there');
    await expect.poll(() => watch.sink.messages.length).toBe(1);
  });

  test('comes back after the server has put it out', async () => {
    await start();
    await using watch = await watched();
    world.emulator.sockets.putOut();
    await expect.poll(() => heardOf(watch.sink, 'opened'), { timeout: 5_000 }).toBe(2);
  });

  test('asks for a look now and then where no socket can be had', async () => {
    await start({ socketApiKey: 'wrong' }, { socketApiKey: 'right' });
    const session = await open(world.service);
    const sink = createSink();
    await using _ = world.service.watch(session, sink);
    await expect.poll(() => heardOf(sink, 'changed')).toBeGreaterThan(2);
    const [, cause] = sink.heard.find(([what]) => what === 'failed') ?? [];
    expect(cause).toMatchObject({ code: 'UPSTREAM_REFUSED', backend: 'eliza', detail: expect.stringContaining('socketApiKey') });
    expect(JSON.stringify(cause)).not.toMatch(/wrong"|right"/);
  });
});
