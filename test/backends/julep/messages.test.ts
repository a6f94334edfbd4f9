import { afterEach, describe, expect, test } from 'vitest';
import { isProblem, orThrow } from '../../../src/core/problem.ts';
import { unknownId } from '../../emulators/julep/asking.ts';
import type { Fault } from '../../emulators/shared/faults.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, at, contracts, createWorld, replyIn } from './world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

const chat = (contract: string): string => `POST /api/sessions/:${contract === 'v1' ? 'id' : 'session_id'}/chat`;

/** What answers of both APIs to a chat have in common. */
const answered = { id: unknownId, created_at: '2024-05-31T10:00:00Z', finish_reason: 'stop', usage: {}, jobs: [], docs: [] };

describe.each(contracts)('messages by %s', (contract) => {
  test('are answered by the agent, under the id that history has', async () => {
    world = await createWorld(contract);
    const session = await world.session();
    const { sent } = await world.send(session, { content: 'How are you?', metadata: { note: 1 } });
    expect(sent).toMatchObject({ id: null, facts: {} });
    const reply = orThrow(await replyIn(sent));
    expect(reply).toMatchObject({ role: 'ASSISTANT', content: 'You said: How are you?', author: { id: null } });
    await expect.poll(() => world.service.history(session, null)).toHaveLength(2);
    const history = orThrow(await world.service.history(session, null));
    expect(history).toMatchObject([
      { role: 'USER', content: 'How are you?' },
      { id: reply.id, role: 'ASSISTANT', content: reply.content },
    ]);
    expect(await world.service.history(session, null)).toEqual(history);
    expect(world.emulator.requests.find(({ route }) => route?.endsWith('/chat'))?.body).toEqual({
      messages: [{ role: 'user', content: 'How are you?' }],
      ...(contract === 'v1' && { stream: true }),
    });
  });

  test('carry those options that are settings of a chat', async () => {
    world = await createWorld(contract);
    const session = await world.session();
    const options = { temperature: 0.5, max_tokens: 10, stop: ['.'], seed: null, chain: 'solana', stream: 'yes', messages: [] };
    const arrival = world.emulator.received(chat(contract));
    await world.ask(session, { options });
    const body = (await arrival).body as object;
    expect(body).toMatchObject({ temperature: 0.5, max_tokens: 10, stop: ['.'] });
    expect(Object.keys(body).toSorted()).toEqual([
      'max_tokens',
      'messages',
      'stop',
      ...(contract === 'v1' ? ['stream'] : []),
      'temperature',
    ]);
  });

  test('with a setting out of bounds are not sent', async () => {
    world = await createWorld(contract);
    const session = await world.session();
    expectProblem((await world.send(session, { options: { temperature: 6 } })).sent, 'BAD_INPUT', ['options', 'temperature']);
    expectProblem((await world.send(session, { options: { max_tokens: 0.5 } })).sent, 'BAD_INPUT', ['options', 'max_tokens']);
    expect(world.emulator.count(chat(contract))).toBe(0);
  });

  test('of other roles are sent as those', async () => {
    world = await createWorld(contract);
    const session = await world.session();
    await world.ask(session, { role: 'SYSTEM', content: 'Be kind.' });
    await world.ask(session, { role: 'ASSISTANT', content: 'I am.' });
    await expect.poll(() => world.service.history(session, null)).toHaveLength(4);
    const roles = orThrow(await world.service.history(session, null)).map(({ role }) => role);
    expect(roles).toEqual(['SYSTEM', 'ASSISTANT', 'ASSISTANT', 'ASSISTANT']);
  });

  test('that the agent fails to answer are a failure', async () => {
    world = await createWorld(contract);
    const session = await world.session();
    world.emulator.agent.failure = { status: 502, message: 'The model is overloaded with key test-key.' };
    const refusal = expectProblem((await world.send(session)).sent, 'UPSTREAM_FAILED');
    expect(refusal.detail).toContain(contract === 'v1' ? 'The model is overloaded with key ***.' : 'failed with status 500');
    world.emulator.agent.failure = null;
    world.emulator.fault({ kind: 'status', status: 400, body: { error: { message: 'context too long' } } }, { match: chat(contract) });
    expect(expectProblem((await world.send(session)).sent, 'UPSTREAM_FAILED').detail).toMatch(/context too long/);
    expect(world.emulator.requests.filter(({ route }) => route?.endsWith('/chat'))).toHaveLength(2);
  });

  test.each<readonly [string, Fault]>([
    ['a page', { kind: 'html' }],
    ['nothing', { kind: 'status', status: 200 }],
    ['something else', { kind: 'nonsense' }],
    ['an error', { kind: 'nonsense', body: { error: { message: 'The model said no to test-key.' } } }],
    ['no choice', { kind: 'nonsense', body: { ...answered, choices: [], response: [] } }],
    ['a choice of nothing', { kind: 'nonsense', body: { ...answered, choices: [{ index: 0, finish_reason: 'stop' }], response: [[]] } }],
  ])('that are answered with %s have not been sent', async (_, fault) => {
    world = await createWorld(contract);
    const session = await world.session();
    using placed = world.emulator.fault(fault, { match: chat(contract) });
    const { sent } = await world.send(session, { awaitReply: false });
    expect(expectProblem(sent, 'UPSTREAM_FAILED').detail).not.toMatch('test-key');
    expect(placed.hits).toBe(1);
  });

  test('that the agent does not answer in time are given up', async () => {
    world = await createWorld(contract, { replyMs: 40 });
    const session = await world.session();
    const release = world.emulator.agent.hold();
    expectProblem((await world.send(session)).sent, 'UPSTREAM_TIMEOUT');
    await expect.poll(() => world.emulator.agent.underway).toBe(0);
    release();
  });

  test('are given up in time also where the service puts them off first', async () => {
    world = await createWorld(contract, { replyMs: 4_000, retries: 1 });
    const session = await world.session();
    world.emulator.fault({ kind: 'status', status: 429, headers: { 'retry-after': '3' } }, { match: chat(contract), times: 1 });
    const release = world.emulator.agent.hold();
    const startedAt = performance.now();
    const { sent } = await world.send(session);
    expectProblem(sent, 'UPSTREAM_TIMEOUT');
    // And not for as long again after it was put off.
    expect(performance.now() - startedAt).toBeLessThan(6_500);
    release();
  });

  test('that are not answered in time count against the service', async () => {
    world = await createWorld(contract, { replyMs: 600, breaker: { failures: 1, openMs: 60_000 } });
    const session = await world.session();
    const release = world.emulator.agent.hold();
    expectProblem((await world.send(session)).sent, 'UPSTREAM_TIMEOUT');
    expectProblem((await world.send(session)).sent, 'UPSTREAM_UNAVAILABLE');
    release();
  });

  test('wait for the agent longer than for other calls', async () => {
    world = await createWorld(contract, { timeoutMs: 1_000 });
    const session = await world.session();
    world.emulator.fault({ kind: 'delay', ms: 1_500 }, { match: chat(contract) });
    expect(orThrow(await world.ask(session)).content).toBe('You said: Hello');
    world.emulator.fault({ kind: 'hang' });
    expectProblem(await world.service.read(session), 'UPSTREAM_TIMEOUT');
  });

  test('from others are in the history, from an instant on', async () => {
    let now = 1_000;
    world = await createWorld(contract, {}, { now: () => now });
    const { state } = world.emulator;
    const { id } = state.create();
    // What says nothing is no message.
    state.say(id, 'system', '');
    for (const text of ['one', 'two', 'three']) {
      state.say(id, 'user', text, 'Bob');
      now += 1_000;
    }
    const all = orThrow(await world.service.history(at(id), null));
    expect(all.map(({ content, author, createdAt }) => [content, author.name, createdAt])).toEqual([
      ['one', 'Bob', 1_000],
      ['two', 'Bob', 2_000],
      ['three', 'Bob', 3_000],
    ]);
    expect(await world.service.history(at(id), 2_000)).toEqual(all.slice(1));
  });

  test('that are not as they should be cost the others nothing', async () => {
    world = await createWorld(contract);
    const session = await world.session();
    const entry = (id: unknown, content: string, more: object = {}): string =>
      JSON.stringify({ id, role: 'user', source: 'api_request', content, created_at: answered.created_at, ...more });
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const bad = [
      entry(5, 'a number for an id'),
      entry('b1', 'no time', { created_at: 'yesterday' }),
      entry('b2', 'no role', { role: null }),
      'null',
      entry('b3', 'deep').replace('"deep"', deep),
      entry('b4', 'deep parts').replace('"deep parts"', `[{"text":${deep}}]`),
      entry('b5', 'other').replace('"other"', '5'),
      ...(contract === 'v1' ? [entry('b6', '').replace('"source"', `"tool_calls":[${deep}],"source"`)] : []),
    ];
    const rows = [entry('a', 'first'), ...bad, entry('c\ud83d', 'half \ud83d'), entry('d', 'last')];
    const body = `{"${contract === 'v1' ? 'entries' : 'items'}":[${rows.join(',')}]}`;
    world.emulator.fault({ kind: 'status', status: 200, body }, { match: ({ url }) => url.includes('/history') });
    const history = orThrow(await world.service.history(session, null));
    expect(history.map(({ id, content }) => [id, content])).toEqual([
      ['a', 'first'],
      ['c\ufffd', 'half \ud83d'],
      ['d', 'last'],
    ]);
    expect(isProblem((await world.send(session)).sent)).toBe(false);
  });

  test('are the newest thousand of a long history', async () => {
    world = await createWorld(contract);
    const { state } = world.emulator;
    const { id } = state.create();
    for (let n = 0; n < 2_500; n += 1) state.say(id, 'user', String(n));
    const history = orThrow(await world.service.history(at(id), null));
    expect([history.length, history[0]?.content, history.at(-1)?.content]).toEqual([1_000, '1500', '2499']);
  });
});

describe('by v0.3', () => {
  test('a reply that is not stored has its id all the same', async () => {
    world = await createWorld('v0.3');
    const session = await world.session();
    expect(orThrow(await world.ask(session, { options: { remember: false } })).id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await world.service.history(session, null)).toEqual([]);
  });

  test('what a tool answered has no role', async () => {
    world = await createWorld('v0.3');
    expectProblem((await world.send(await world.session(), { role: 'TOOL' })).sent, 'UNSUPPORTED', ['role']);
  });

  test('a full page is followed by the next, whatever its rows are', async () => {
    world = await createWorld('v0.3');
    const session = await world.session();
    world.emulator.state.say(session.session.handle, 'user', 'behind them');
    for (let n = 0; n < 1_000; n += 1) world.emulator.state.say(session.session.handle, 'user', 'before');
    world.emulator.state.sessions.get(session.session.handle)?.entries.reverse();
    const items = Array.from({ length: 1_000 }, () => null);
    world.emulator.fault({ kind: 'nonsense', body: { items } }, { match: ({ url }) => url.includes('offset=0'), times: 1 });
    expect(await world.service.history(session, null)).toMatchObject([{ content: 'behind them' }]);
  });

  test('a message that the agent answers without a word is sent, and its reply a failure', async () => {
    world = await createWorld('v0.3');
    const session = await world.session();
    const wordless = { id: unknownId, role: 'assistant', content: '', created_at: answered.created_at };
    world.emulator.fault({ kind: 'nonsense', body: { ...answered, response: [[wordless]] } }, { match: chat('v0.3') });
    const { sent } = await world.send(session);
    expect(isProblem(sent)).toBe(false);
    expectProblem(await replyIn(sent), 'UPSTREAM_FAILED');
  });
});

describe('by v1', () => {
  test('a reply comes piece by piece, and the message is sent before it ends', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const release = world.emulator.agent.hold(1);
    const { sent, deltas } = await world.send(session, { content: 'one two' });
    expect(deltas.length).toBeLessThan(2);
    release();
    expect(orThrow(await replyIn(sent)).content).toBe('You said: one two');
    expect(deltas.map(({ text }) => text)).toEqual(['You ', 'said: ', 'one ', 'two']);
    expect(new Set(deltas.map(({ id }) => id)).size).toBe(1);
  });

  test('a reply is known by one id in its pieces, its whole and the history, also before that has it', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const store = world.emulator.agent.holdStoring();
    const { sent, deltas } = await world.send(session);
    const reply = orThrow(await replyIn(sent));
    expect([...new Set(deltas.map(({ id }) => id))]).toEqual([reply.id]);
    expect(await world.service.history(session, null)).toEqual([]);
    store();
    await expect.poll(() => world.emulator.state.sessions.get(session.session.handle)?.entries.length).toBe(2);
    expect(orThrow(await world.service.history(session, null))[1]).toMatchObject({ id: reply.id, content: reply.content });
  });

  test('each reply has an id of its own, whatever was said how often and stored when', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const { state, agent } = world.emulator;
    agent.reply = () => 'Yes.';
    state.say(session.session.handle, 'user', 'Hello');
    const elsewhere = state.say(session.session.handle, 'assistant', 'Yes.');
    const store = agent.holdStoring();
    const ids: string[] = [];
    for (const content of ['Hello', 'Hello', 'Why?']) ids.push(orThrow(await world.ask(session, { content })).id);
    store();
    await expect.poll(() => state.sessions.get(session.session.handle)?.entries.length).toBe(8);
    ids.push(orThrow(await world.ask(session, { content: 'Hello' })).id);
    await expect.poll(() => state.sessions.get(session.session.handle)?.entries.length).toBe(10);
    const replies = orThrow(await world.service.history(session, null)).filter(({ role }) => role === 'ASSISTANT');
    expect(replies.map(({ id }) => id).slice(1)).toEqual(ids);
    expect(new Set(replies.map(({ id }) => id)).size).toBe(5);
    expect(elsewhere.id).not.toBe(replies[0]?.id);
  });

  test('the same words are sent one after the other, so that a failure leaves no gap', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const { agent, state } = world.emulator;
    const release = agent.hold();
    agent.failure = { status: 502, message: 'overloaded' };
    const first = world.ask(session);
    await world.emulator.received(chat('v1'));
    const second = world.ask(session);
    const other = world.ask(session, { content: 'Something else' });
    await world.emulator.received(chat('v1'));
    expect(world.emulator.requests.filter(({ route }) => route?.endsWith('/chat'))).toHaveLength(2);
    release();
    expectProblem(await first, 'UPSTREAM_FAILED');
    expectProblem(await other, 'UPSTREAM_FAILED');
    expectProblem(await second, 'UPSTREAM_FAILED');
    agent.failure = null;
    const reply = orThrow(await world.ask(session));
    await expect.poll(() => state.sessions.get(session.session.handle)?.entries.length).toBe(2);
    expect(orThrow(await world.service.history(session, null))[1]?.id).toBe(reply.id);
  });

  test('a message whose history cannot be read is not sent', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    using _ = world.emulator.fault({ kind: 'status', status: 500 }, { match: 'GET /api/sessions/:id/history' });
    expectProblem((await world.send(session)).sent, 'UPSTREAM_FAILED');
    expectProblem((await world.send(session)).sent, 'UPSTREAM_FAILED');
    expect(world.emulator.count(chat('v1'))).toBe(0);
  });

  test('a reply that is not to be stored is known by its own id', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const { sent, deltas } = await world.send(session, { options: { save: false } });
    const reply = orThrow(await replyIn(sent));
    expect([reply.id, deltas[0]?.id]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), reply.id]);
    expect(await world.service.history(session, null)).toEqual([]);
  });

  test('while tools are run by the service, the reply comes whole', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const { sent, deltas } = await world.send(session, { options: { auto_run_tools: true } });
    expect(orThrow(await replyIn(sent))).toMatchObject({ content: 'You said: Hello' });
    expect(deltas).toEqual([]);
  });

  test('what a tool answered names the call', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const arrival = world.emulator.received(chat('v1'));
    await world.ask(session, { role: 'TOOL', content: '21 degrees', metadata: { tool_call_id: 'call_1' } });
    expect((await arrival).body).toMatchObject({ messages: [{ role: 'tool', content: '21 degrees', tool_call_id: 'call_1' }] });
  });

  test.each([
    ['that breaks off', { kind: 'half' } as const, /broke off/],
    ['of something else', { kind: 'nonsense' } as const, /`id`/],
    ['of a page', { kind: 'html' } as const, /a page instead/],
  ])('a stream %s is a failure', async (_, fault, detail) => {
    world = await createWorld('v1');
    const session = await world.session();
    world.emulator.agent.reply = () => 'word '.repeat(200);
    world.emulator.fault(fault, { match: chat('v1') });
    const { sent } = await world.send(session);
    expect(expectProblem(await replyIn(sent), 'UPSTREAM_FAILED').detail).toMatch(detail);
  });

  test.each([
    ['another form', 'data: {"unexpected":[true]}\n\n'],
    ['an error', 'data: {"error":{"message":"overloaded"}}\n\n'],
    ['no JSON', 'data: well\n\n'],
    ['nothing', ': keep-alive\n\ndata: [DONE]\n\n'],
  ])('a message whose stream begins with %s has not been sent', async (_, body) => {
    world = await createWorld('v1');
    const session = await world.session();
    const headers = { 'content-type': 'text/event-stream' };
    world.emulator.fault({ kind: 'status', status: 200, body, headers }, { match: chat('v1') });
    expectProblem((await world.send(session, { awaitReply: false })).sent, 'UPSTREAM_FAILED');
  });

  test('a message is sent when its reply begins, whatever becomes of the rest', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const chunk = { ...answered, choices: [{ index: 0, delta: { role: 'assistant', content: 'Well' } }] };
    const body = `data: ${JSON.stringify(chunk)}\n\ndata: {"error":{"message":"overloaded"}}\n\n`;
    world.emulator.fault({ kind: 'status', status: 200, body, headers: { 'content-type': 'text/event-stream' } }, { match: chat('v1') });
    const { sent } = await world.send(session);
    expect(isProblem(sent)).toBe(false);
    expect(expectProblem(await replyIn(sent), 'UPSTREAM_FAILED').detail).toMatch(/overloaded/);
  });

  test('a reply is waited for so long as a whole, however lively its connection is', async () => {
    world = await createWorld('v1', { replyMs: 1_000 });
    const session = await world.session();
    const { agent, state } = world.emulator;
    agent.keepAliveMs = 20;
    const release = agent.hold(1);
    const startedAt = performance.now();
    const { sent, deltas } = await world.send(session, { content: 'one two' });
    // It was taken: only the reply is late.
    expect(isProblem(sent)).toBe(false);
    expect(expectProblem(await replyIn(sent), 'UPSTREAM_TIMEOUT').detail).toMatch(/within 1 s.*history/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await expect.poll(() => agent.underway).toBe(0);
    release();
    // The service may have it later all the same.
    state.say(session.session.handle, 'user', 'one two');
    state.say(session.session.handle, 'assistant', 'You said: one two');
    const [, reply] = orThrow(await world.service.history(session, null));
    expect(deltas).toEqual([{ id: reply?.id, text: 'You ' }]);
  });

  test('a reply that does not begin, and one that comes whole, are waited for as long', async () => {
    world = await createWorld('v1', { replyMs: 200 });
    const session = await world.session();
    const { agent } = world.emulator;
    const release = agent.hold();
    expectProblem((await world.send(session)).sent, 'UPSTREAM_TIMEOUT');
    expectProblem((await world.send(session, { options: { auto_run_tools: true } })).sent, 'UPSTREAM_TIMEOUT');
    await expect.poll(() => agent.underway).toBe(0);
    release();
  });

  test('what waits for its turn behind the same words is waited for as long', async () => {
    world = await createWorld('v1', { replyMs: 2_000 });
    const session = await world.session();
    const { agent } = world.emulator;
    agent.keepAliveMs = 20;
    const release = agent.hold(1);
    const startedAt = performance.now();
    const replies = await Promise.all([1, 2, 3].map(() => world.ask(session)));
    for (const reply of replies) expectProblem(reply, 'UPSTREAM_TIMEOUT');
    // And not one after the other.
    expect(performance.now() - startedAt).toBeLessThan(3_900);
    release();
  });

  test('a reply of tools that are nested too deeply is a failure', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const body = `data: {"id":"a","created_at":"${answered.created_at}","choices":[{"delta":{"content":null,"tool_calls":[${deep}]}}]}\n\n`;
    world.emulator.fault({ kind: 'status', status: 200, body, headers: { 'content-type': 'text/event-stream' } }, { match: chat('v1') });
    expect(expectProblem(await world.ask(session), 'UPSTREAM_FAILED').detail).toMatch(/tool_calls/);
  });

  test('a stream that falls silent is given up', async () => {
    world = await createWorld('v1', { replyMs: 60 });
    const session = await world.session();
    const release = world.emulator.agent.hold(1);
    expectProblem(await world.ask(session), 'UPSTREAM_TIMEOUT');
    release();
  });

  test('a reply is given up when the connector is closed', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const release = world.emulator.agent.hold(1);
    const { sent } = await world.send(session);
    await world.backend[Symbol.asyncDispose]();
    expectProblem(await replyIn(sent), 'UPSTREAM_UNAVAILABLE');
    release();
  });

  test('a free account with many sessions is refused chats', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    world.emulator.state.account.free = true;
    for (let n = 0; n < 50; n += 1) world.emulator.state.create();
    expect(expectProblem((await world.send(session)).sent, 'UPSTREAM_REFUSED').detail).toMatch(/free tier/);
  });
});
