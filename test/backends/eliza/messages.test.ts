import { afterEach, describe, expect, test } from 'vitest';
import type { ElizaOptions } from '../../../src/backends/eliza/options.ts';
import type { SessionAt } from '../../../src/core/service.ts';
import type { ElizaEmulatorOptions } from '../../emulators/eliza/emulator.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, createSink, createWorld, done, open, outgoing } from './world.ts';

let world: World;
let session: SessionAt;
afterEach(() => world[Symbol.asyncDispose]());

const start = async (options: Partial<ElizaOptions> = {}, server: ElizaEmulatorOptions = {}): Promise<void> => {
  world = await createWorld(options, server);
  session = await open(world.service);
};
const awaited = (content: string) => world.service.send(session, outgoing(content, { awaitReply: true }));

describe('a message', () => {
  test('is taken, and its reply found in the history under the same ids', async () => {
    await start();
    const sent = done(await awaited('hello'));
    const reply = done(await sent.reply);
    expect(reply).toMatchObject({ content: 'You said: hello', role: 'ASSISTANT', author: { id: null, name: 'Echo' } });
    const history = done(await world.service.history(session, null));
    expect(history.map(({ id }) => id)).toEqual([sent.id, reply.id]);
    expect(history[1]).toEqual(reply);
    expect(history[0]).toMatchObject({
      role: 'USER',
      mark: 'parley:epoch:hello',
      metadata: {},
      author: { id: session.session.upstream?.data['userId'] },
    });
    expect(sent.facts).toMatchObject({ renewalCount: 1, expiresAt: world.emulator.state.sessions.get(session.session.handle)?.expiresAt });
    expect(world.emulator.violations).toEqual([]);
  });

  test('has its socket joined before it is sent, and let go of after the reply', async () => {
    await start();
    const { emulator } = world;
    let joins = -1;
    void emulator.received('POST /api/messaging/sessions/:id/messages').then(() => (joins = emulator.sockets.joins.length));
    const sent = done(await awaited('hello'));
    expect(joins).toBe(1);
    await sent.reply;
    await expect.poll(() => emulator.sockets.connected).toBe(0);
  });

  test('alone needs no socket', async () => {
    await start();
    expect(done(await world.service.send(session, outgoing('hello'))).reply).toBeNull();
    expect(world.emulator.sockets.joins).toEqual([]);
  });

  test.each([
    [{ content: 'x'.repeat(4_001) }, 'BAD_INPUT', ['content']],
    [{ content: '' }, 'BAD_INPUT', ['content']],
    [{ metadata: { x: 'x'.repeat(10_220) } }, 'BAD_INPUT', ['metadata']],
    [{ role: 'SYSTEM' }, 'UNSUPPORTED', ['role']],
  ] as const)('that the service would not take is refused: %#', async (parts, code, path) => {
    await start();
    expectProblem(await world.service.send(session, outgoing('hello', parts)), code, path);
    expect(world.emulator.count('POST /api/messaging/sessions/:id/messages')).toBe(0);
  });

  test('carries its metadata and files', async () => {
    await start();
    const file = { url: 'https://example.org/a.png', mediaType: 'image/png', name: 'a.png', sizeBytes: 3 };
    await world.service.send(session, outgoing('look', { metadata: { mood: 'good' }, attachments: [file] }));
    const [stored] = world.emulator.state.messages;
    expect(stored?.raw.attachments).toEqual([{ type: 'image', url: file.url, name: file.name }]);
    expect(done(await world.service.history(session, null))[0]).toMatchObject({ content: 'look', metadata: { mood: 'good' } });
  });

  test('to a session that is gone is EXPIRED, first and ever after', async () => {
    await start();
    world.emulator.expire(session.session.handle);
    expectProblem(await world.service.send(session, outgoing('hello')), 'EXPIRED');
    expectProblem(await awaited('hello'), 'EXPIRED');
    await expect.poll(() => world.emulator.sockets.connected).toBe(0);
  });
});

describe('a reply', () => {
  test('is told as it grows, in pieces under its id', async () => {
    await start();
    world.emulator.script.push({ kind: 'reply', chunks: ['He', 'llo'] });
    const deltas: { id: string; text: string }[] = [];
    const sent = done(await world.service.send(session, outgoing('hi', { awaitReply: true, onDelta: (delta) => deltas.push(delta) })));
    const reply = done(await sent.reply);
    expect(reply.content).toBe('Hello');
    expect(deltas).toEqual(['He', 'llo'].map((text) => ({ id: reply.id, text })));
  });

  test('belongs to the first of those who wait', async () => {
    await start({}, { act: () => ({ kind: 'silence' }) });
    const { handle } = session.session;
    world.emulator.fault({ kind: 'delay', ms: 50 }, { times: 1 });
    const sends = (await Promise.all(['one', 'two', 'three'].map(awaited))).map(done);
    const order = world.emulator.state.messages.map(({ content }) => content);
    expect(order).toEqual(['one', 'two', 'three']);
    for (const content of order) world.emulator.agentSays(handle, `to ${content}`);
    const replies = await Promise.all(sends.map(async ({ reply }) => done(await reply).content));
    expect(replies).toEqual(['to one', 'to two', 'to three']);
  });

  test('to a message that nobody waits on is not taken for that of one who does', async () => {
    await start({}, { act: () => ({ kind: 'silence' }) });
    const sink = createSink();
    await using _ = world.service.watch(session, sink);
    await world.emulator.sockets.joined();
    await world.service.send(session, outgoing('first'));
    const second = done(await awaited('second'));
    world.emulator.agentSays(session.session.handle, 'to first');
    world.emulator.agentSays(session.session.handle, 'to second');
    expect(done(await second.reply).content).toBe('to second');
    expect(sink.messages.map(({ content }) => content)).toEqual(['to first']);
  });

  test('that does not come is a problem of its own, and whoever comes later is answered', async () => {
    await start({ replyMs: 100 });
    world.emulator.script.push({ kind: 'silence' });
    const sent = done(await awaited('hello'));
    expectProblem(await sent.reply, 'UPSTREAM_TIMEOUT');
    const next = done(await awaited('again'));
    expect(done(await next.reply).content).toBe('You said: again');
  });

  test('that breaks off is a failure without the words of the stack', async () => {
    await start();
    world.emulator.script.push({ kind: 'failure', chunks: ['Hel'] });
    const refusal = expectProblem(await done(await awaited('hello')).reply, 'UPSTREAM_FAILED');
    expect(refusal.detail).not.toMatch(/agent\.js|\n/);
  });

  test('is found in the history where no socket can be had', async () => {
    await start({ socketApiKey: 'wrong' }, { socketApiKey: 'right' });
    const sends = [done(await awaited('one')), done(await awaited('two'))];
    const replies = await Promise.all(sends.map(async ({ reply }) => done(await reply).content));
    expect(replies).toEqual(['You said: one', 'You said: two']);
    expect(world.emulator.sockets.joins).toEqual([]);
  });

  test('is found in the history where the room is closed', async () => {
    await start({ timeoutMs: 200 });
    world.emulator.state.open = false;
    expect(done(await done(await awaited('one')).reply).content).toBe('You said: one');
  });

  test('is a problem where the connector is shut down meanwhile', async () => {
    await start({}, { act: () => ({ kind: 'silence' }) });
    const sent = done(await awaited('hello'));
    await world.backend[Symbol.asyncDispose]();
    expectProblem(await sent.reply, 'UPSTREAM_UNAVAILABLE');
    expectProblem(await awaited('hello'), 'UPSTREAM_UNAVAILABLE');
  });
});

describe('the history', () => {
  test('is read page by page, also where a millisecond has several messages', async () => {
    let now = Date.UTC(2030, 0, 1);
    await start({}, { now: () => now, act: () => ({ kind: 'silence' }) });
    for (let count = 0; count < 250; count += 1) {
      world.emulator.userSays(session.session.handle, String(count));
      if (count % 40 === 39) now += 1;
    }
    const all = done(await world.service.history(session, null));
    expect(all.map(({ content }) => content)).toEqual(Array.from({ length: 250 }, (_, count) => String(count)));
    world.emulator.clear();
    const late = done(await world.service.history(session, now));
    expect(late.map(({ content }) => content)).toEqual(['240', '241', '242', '243', '244', '245', '246', '247', '248', '249']);
    expect(world.emulator.count()).toBe(1);
    expect(world.emulator.violations).toEqual([]);
  });

  test('ends with a millisecond that has more than a page', async () => {
    await start({}, { now: () => 1_900_000_000_000, act: () => ({ kind: 'silence' }) });
    for (let count = 0; count < 150; count += 1) world.emulator.userSays(session.session.handle, String(count));
    expect(done(await world.service.history(session, null))).toHaveLength(100);
  });
});
