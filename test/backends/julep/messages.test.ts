import { afterEach, describe, expect, test } from 'vitest';
import { isProblem, orThrow } from '../../../src/core/problem.ts';
import { unknownId } from '../../emulators/julep/asking.ts';
import type { Fault } from '../../emulators/shared/faults.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { type World, chat, answered, at, contracts, createWorld, replyIn } from './world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

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
