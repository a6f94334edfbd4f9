import { afterEach, describe, expect, test } from 'vitest';
import { isProblem, orThrow } from '../../../src/core/problem.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, chat, answered, createWorld, replyIn } from './world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

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
