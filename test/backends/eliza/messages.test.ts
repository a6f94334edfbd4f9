import { afterEach, describe, expect, test } from 'vitest';
import type { ElizaOptions } from '../../../src/backends/eliza/options.ts';
import type { SessionAt } from '../../../src/core/service.ts';
import { type ElizaEmulatorOptions, echoAgent } from '../../emulators/eliza/emulator.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, createSink, createWorld, done, open, outgoing } from './world.ts';

let world: World;
let session: SessionAt;
afterEach(() => world[Symbol.asyncDispose]());

const start = async (options: Partial<ElizaOptions> = {}, server: ElizaEmulatorOptions = {}): Promise<void> => {
  world = await createWorld(options, server);
  session = await open(world.service);
};
const channelMessages = 'GET /api/messaging/channels/:id/messages';
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

  test('belongs to the message that it answers, in whichever order replies come', async () => {
    await start({}, { act: () => ({ kind: 'silence' }) });
    const { handle } = session.session;
    world.emulator.fault({ kind: 'delay', ms: 50 }, { times: 1 });
    const sends = (await Promise.all(['one', 'two', 'three'].map(awaited))).map(done);
    const stored = world.emulator.state.messages.slice();
    expect(stored.map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    for (const { id, content } of stored.toReversed()) world.emulator.agentSays(handle, `to ${content}`, id);
    const replies = await Promise.all(sends.map(async ({ reply }) => done(await reply).content));
    expect(replies).toEqual(['to one', 'to two', 'to three']);
  });

  test('to a message that nobody waits on is not taken for that of one who does', async () => {
    await start({}, { act: () => ({ kind: 'silence' }) });
    const sink = createSink();
    await using _ = world.service.watch(session, sink);
    await world.emulator.sockets.joined();
    const first = done(await world.service.send(session, outgoing('first')));
    const second = done(await awaited('second'));
    world.emulator.agentSays(session.session.handle, 'to first', first.id);
    world.emulator.agentSays(session.session.handle, 'to second', second.id);
    expect(done(await second.reply).content).toBe('to second');
    expect(sink.messages.map(({ content }) => content)).toEqual(['to first']);
  });

  test.each([
    ['is on its way', { kind: 'reply', text: 'to hello', delayMs: 100 }],
    ['is dropped, since the agent was overtaken', { kind: 'silence' }],
  ] as const)('to a message before, that was sent while nobody followed, is no answer to the next: where it %s', async (_, act) => {
    await start();
    world.emulator.script.push(act, { kind: 'reply', text: 'to Why?', delayMs: 200 });
    await world.service.send(session, outgoing('hello'));
    const sent = done(await awaited('Why?'));
    expect(done(await sent.reply).content).toBe('to Why?');
    expect(world.emulator.violations).toEqual([]);
  });

  test('to a message of another gateway, or of a user elsewhere, is nobody`s here', async () => {
    await start();
    await using other = await createWorld({ url: world.emulator.url });
    world.emulator.script.push(...['to elsewhere', 'to other', 'to mine'].map((text) => ({ kind: 'reply', text, delayMs: 100 }) as const));
    world.emulator.userSays(session.session.handle, 'elsewhere');
    await other.service.send(session, outgoing('other'));
    const mine = done(await awaited('mine'));
    expect(done(await mine.reply).content).toBe('to mine');
  });

  test('that the agent makes by itself answers nobody', async () => {
    await start({ replyMs: 200 }, { act: () => ({ kind: 'silence' }) });
    const sent = done(await awaited('hello'));
    world.emulator.agentSays(session.session.handle, 'by the way');
    expectProblem(await sent.reply, 'UPSTREAM_TIMEOUT');
  });

  test('that does not come is a problem of its own, and whoever comes later is answered', async () => {
    await start({ replyMs: 1_000 });
    world.emulator.script.push({ kind: 'silence' });
    const sent = done(await awaited('hello'));
    expectProblem(await sent.reply, 'UPSTREAM_TIMEOUT');
    const next = done(await awaited('again'));
    expect(done(await next.reply).content).toBe('You said: again');
  });

  test('that comes too late is told to those who follow, and is not the next one`s', async () => {
    await start({ replyMs: 1_000 });
    const sink = createSink();
    await using _ = world.service.watch(session, sink);
    await world.emulator.sockets.joined();
    world.emulator.script.push({ kind: 'silence' }, { kind: 'silence' });
    const hello = done(await awaited('hello'));
    expectProblem(await hello.reply, 'UPSTREAM_TIMEOUT');
    const next = done(await awaited('again'));
    world.emulator.agentSays(session.session.handle, 'to hello', hello.id);
    world.emulator.agentSays(session.session.handle, 'to again', next.id);
    expect(done(await next.reply).content).toBe('to again');
    await expect.poll(() => sink.messages.map(({ content }) => content)).toEqual(['to hello']);
  });

  test('is nobody`s while the server cannot be asked whose it is, and is found later', async () => {
    // Long enough for the test to fail where only its end looked again.
    await start({ replyMs: 600_000 });
    const failure = { kind: 'status', status: 500, body: {} } as const;
    using fault = world.emulator.fault(failure, { times: 1, match: channelMessages });
    using later = world.emulator.fault(failure, { times: 1, match: 'GET /api/messaging/sessions/:id/messages' });
    const sent = done(await awaited('hello'));
    expect(done(await sent.reply).content).toBe('You said: hello');
    expect([fault.hits, later.hits]).toEqual([1, 1]);
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

describe('numbers beyond reason', () => {
  test.each(['1e400', '-1e400', '1e18', '0.5'])('break no message: %s', async (number) => {
    await start();
    world.emulator.script.push({ kind: 'silence' });
    const first = done(await world.service.send(session, outgoing('hello')));
    const body = JSON.stringify({
      success: true,
      userMessage: { id: first.id, created_at: 7_777 },
      sessionStatus: { expiresAt: '2040-01-01T00:00:00.000Z', renewalCount: 7_777, wasRenewed: true },
    });
    world.emulator.fault({ kind: 'status', status: 201, body: body.replaceAll('7777', number) }, { times: 1 });
    const sent = done(await awaited('hello'));
    expect([sent.id, sent.facts.lastActivityAt, sent.facts.renewalCount].map(Number.isFinite)).toEqual([false, true, true]);
    world.emulator.agentSays(session.session.handle, 'to hello', first.id);
    expect(done(await sent.reply).content).toBe('to hello');
  });
});

describe('a reply of a server that does not tell what it answers', () => {
  const untold = async (options: Partial<ElizaOptions> = {}): Promise<void> => {
    await start(options);
    world.emulator.state.ties = false;
  };

  test('is known where one message alone waits, and by the next as well', async () => {
    await untold();
    for (const content of ['one', 'two']) {
      expect(done(await done(await awaited(content)).reply).content).toBe(`You said: ${content}`);
    }
  });

  test.each([
    ['sent before by this gateway', () => world.service.send(session, outgoing('hello'))],
    ['sent before by somebody else', async () => void world.emulator.userSays(session.session.handle, 'hello')],
  ])('is nobody`s while another message waits: %s', async (_, before) => {
    await untold({ replyMs: 400 });
    const { script } = world.emulator;
    script.push({ kind: 'silence' }, { kind: 'silence' });
    await before();
    const why = done(await awaited('Why?'));
    script.splice(0);
    for (const text of ['to hello', 'to Why?']) world.emulator.agentSays(session.session.handle, text);
    expectProblem(await why.reply, 'UPSTREAM_TIMEOUT');
    // Both were answered: the next one is alone.
    expect(done(await done(await awaited('And?')).reply).content).toBe('You said: And?');
  });

  test('is nobody`s where the reply before is still to come, also after another start of the gateway', async () => {
    await untold({ replyMs: 100 });
    world.emulator.script.push({ kind: 'silence' }, { kind: 'silence' });
    const hello = done(await awaited('hello'));
    expectProblem(await hello.reply, 'UPSTREAM_TIMEOUT');
    await using again = await createWorld({ url: world.emulator.url, replyMs: 200 });
    const sent = done(await again.service.send(session, outgoing('Why?', { awaitReply: true })));
    world.emulator.agentSays(session.session.handle, 'to hello', hello.id);
    expectProblem(await sent.reply, 'UPSTREAM_TIMEOUT');
  });

  test.each([{ kind: 'html' }, { kind: 'nonsense' }, { kind: 'status', status: 403, body: {} }] as const)(
    'is looked for in the same way where it answers %o',
    async (fault) => {
      await start();
      world.emulator.fault(fault, { match: channelMessages });
      expect(done(await done(await awaited('one')).reply).content).toBe('You said: one');
    },
  );
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

  test.each([
    ['the same page for ever', () => 0, 1, 3],
    ['a page with one more message each time', (page: number) => page, 30, 30],
  ])('ends where the server says %s', async (_, first, messages, requests) => {
    await start();
    let page = 0;
    const createdAt = new Date().toISOString();
    world.emulator.state.tamper = () => {
      const message = { id: String(first(page)), content: 'hello', authorId: echoAgent.id, isAgent: true, createdAt };
      page += 1;
      return { messages: [message], hasMore: true };
    };
    expect(done(await world.service.history(session, null))).toHaveLength(messages);
    expect(page).toBe(requests);
  });

  test('leaves out what cannot be read, and fails where nothing can', async () => {
    await start({}, { act: () => ({ kind: 'silence' }) });
    for (const content of ['one', 'two', 'three']) world.emulator.userSays(session.session.handle, content);
    const spoil = (count: number): void => {
      world.emulator.state.tamper = (page) => ({
        ...page,
        messages: page.messages.map((each, at) => (at < count ? { ...each, createdAt: 'soon' } : each)),
      });
    };
    spoil(1);
    expect(done(await world.service.history(session, null)).map(({ content }) => content)).toEqual(['one', 'two']);
    spoil(3);
    expectProblem(await world.service.history(session, null), 'UPSTREAM_FAILED');
  });

  test('ends with a millisecond that has more than a page', async () => {
    await start({}, { now: () => 1_900_000_000_000, act: () => ({ kind: 'silence' }) });
    for (let count = 0; count < 150; count += 1) world.emulator.userSays(session.session.handle, String(count));
    expect(done(await world.service.history(session, null))).toHaveLength(100);
  });
});
