import { afterEach, describe, expect, test } from 'vitest';
import { isProblem, orThrow } from '../../../src/core/problem.ts';
import type { SettingsRequest } from '../../../src/core/service.ts';
import type { UpdateInput } from '../../../src/core/use-cases.ts';
import { unknownId } from '../../emulators/julep/asking.ts';
import type { Fault } from '../../emulators/shared/faults.ts';
import { expectProblem, sessionOf } from '../../support/core-fixtures.ts';
import { type World, at, contracts, createWorld } from './world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

const change = (mode: SettingsRequest['mode'], input: UpdateInput, after: Partial<SettingsRequest['after']> = {}): SettingsRequest => ({
  mode,
  input,
  after: { ...sessionOf(), ...after },
});

/** As deep as no stack is. */
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

describe.each(contracts)('sessions by %s', (contract) => {
  test('are made with an agent, a situation and metadata, and nothing of the gateway', async () => {
    world = await createWorld(contract);
    const { emulator, agentId } = world;
    const input = { title: 'Talk', description: 'A talk', situation: 'Be brief', metadata: { team: 'a' }, rules: { maxMembers: 2 } };
    const opened = orThrow(await world.open(input));
    expect(opened).toEqual({
      handle: expect.stringMatching(/^[0-9a-f-]{36}$/),
      facts: { situation: 'Be brief', metadata: { team: 'a' }, agentId, createdAt: expect.any(Number) },
    });
    expect(emulator.requests.map(({ method, url, body }) => ({ method, url, body }))).toEqual([
      {
        method: 'POST',
        url: '/api/sessions',
        body: { [contract === 'v1' ? 'agent' : 'agent_id']: agentId, situation: 'Be brief', metadata: { team: 'a' } },
      },
    ]);
    expect(await world.service.read(at(opened.handle))).toEqual({
      situation: 'Be brief',
      metadata: { team: 'a' },
      createdAt: opened.facts.createdAt,
      ...(contract === 'v0.3' && { agentId }),
    });
  });

  test('need an agent that is there', async () => {
    world = await createWorld(contract, { agentId: null });
    expectProblem(await world.open(), 'BAD_INPUT', ['agentId']);
    expectProblem(await world.open({ agentId: 'ada' }), 'BAD_INPUT', ['agentId']);
    expect(world.emulator.count()).toBe(0);
    expect(expectProblem(await world.open({ agentId: unknownId }), 'BAD_INPUT', ['agentId']).detail).toMatch(/not found/);
    const other = world.emulator.state.addAgent({ name: 'Grace' });
    expect(orThrow(await world.open({ agentId: other.id })).facts.agentId).toBe(other.id);
  });

  test('are read, found and gone', async () => {
    world = await createWorld(contract);
    const { service, effects, emulator } = world;
    const { id } = emulator.state.create({ metadata: { from: 'elsewhere' }, situation: '' });
    expect(await service.find(id)).toMatchObject({ handle: id, facts: { metadata: { from: 'elsewhere' }, situation: null } });
    expect(await service.find(unknownId)).toBeNull();
    emulator.clear();
    expect(await service.find('no-uuid')).toBeNull();
    expect(emulator.count()).toBe(0);
    expect(await effects.end(at(id))).toEqual({});
    expect(emulator.state.sessions.size).toBe(0);
    expect(await effects.end(at(id))).toEqual({});
    expect(await service.read(at(id))).toEqual({ status: 'ENDED' });
    expectProblem(await effects.settings(at(id), change('UPDATE', { situation: 'x' })), 'ENDED');
    expectProblem(await effects.settings(at(id), change('UPDATE', { metadata: { a: null } })), 'ENDED');
    expectProblem(await effects.settings(at(id), change('REPLACE', {})), 'ENDED');
    expectProblem((await world.send(at(id))).sent, 'ENDED');
    // Not taken for gone: the real services answer an empty history.
    expect(await service.history(at(id), null)).toEqual([]);
  });

  test('are updated by merging', async () => {
    world = await createWorld(contract);
    const session = await world.session({ situation: 'One', metadata: { a: 1, b: { c: 2 } } });
    const { effects, emulator, service } = world;
    emulator.clear();
    expect(await effects.settings(session, change('UPDATE', { title: 'Only here' }))).toEqual({});
    expect(emulator.count()).toBe(0);
    expect(await effects.settings(session, change('UPDATE', { metadata: { b: 3, d: 4 } }))).toEqual({});
    expect(emulator.requests.map(({ method, body }) => [method, body])).toEqual([['PATCH', { metadata: { b: 3, d: 4 } }]]);
    expect(await service.read(session)).toMatchObject({ situation: 'One', metadata: { a: 1, b: 3, d: 4 } });
    await effects.settings(session, change('UPDATE', { situation: null }));
    expect(await service.read(session)).toMatchObject({ situation: null, metadata: { a: 1, b: 3, d: 4 } });
  });

  test('lose keys of metadata only by being replaced', async () => {
    world = await createWorld(contract);
    const session = await world.session({ situation: 'One', metadata: { a: 1, b: 2 } });
    const { effects, emulator, service } = world;
    // Set at the service meanwhile.
    Object.assign(emulator.state.sessions.get(session.session.handle) ?? {}, { metadata: { a: 1, b: 2, c: 3 } });
    expect(await effects.settings(session, change('UPDATE', { metadata: { a: null, d: 4 } }))).toEqual({
      situation: 'One',
      metadata: { b: 2, c: 3, d: 4 },
    });
    expect(await service.read(session)).toMatchObject({ situation: 'One', metadata: { b: 2, c: 3, d: 4 } });
    await effects.settings(session, change('UPDATE', { metadata: null, situation: 'Two' }));
    expect(await service.read(session)).toMatchObject({ situation: 'Two', metadata: {} });
  });

  test('are replaced as a whole', async () => {
    world = await createWorld(contract);
    const session = await world.session({ situation: 'One', metadata: { a: 1 } });
    const { effects, service, emulator } = world;
    await effects.settings(session, change('REPLACE', { metadata: { b: 2 } }, { metadata: { b: 2 }, situation: null }));
    expect(await service.read(session)).toMatchObject({ situation: null, metadata: { b: 2 } });
    expect(emulator.requests.find(({ method }) => method === 'PUT')?.body).toMatchObject({ situation: '', metadata: { b: 2 } });
  });

  test('are listed newest first, page by page', async () => {
    world = await createWorld(contract);
    const { state } = world.emulator;
    const made = [1, 2, 3].map((n) => state.create({ createdAt: n, metadata: { n, odd: n % 2 === 1, team: 'blue team' } }).id);
    const filter = { agentId: null, metadata: null };
    const first = orThrow(await world.service.list({ limit: 2, page: null, filter }));
    expect([first.sessions.map(({ handle }) => handle), first.next]).toEqual([[made[2], made[1]], '2']);
    const second = orThrow(await world.service.list({ limit: 2, page: first.next, filter }));
    expect([second.sessions.map(({ handle }) => handle), second.next]).toEqual([[made[0]], null]);
    const byMetadata = orThrow(
      await world.service.list({ limit: 9, page: null, filter: { agentId: null, metadata: { n: 2, team: 'blue team' } } }),
    );
    expect(byMetadata.sessions.map(({ handle }) => handle)).toEqual([made[1]]);
    // What a service cannot compare is left to the gateway.
    const odd = orThrow(await world.service.list({ limit: 9, page: null, filter: { agentId: null, metadata: { nested: { a: 1 } } } }));
    expect(odd.sessions).toHaveLength(3);
  });

  test('are listed also where the service has rows that are no sessions', async () => {
    world = await createWorld(contract);
    const { service, emulator } = world;
    const row = (id: unknown, more: object = {}): object => ({ id, agent_id: unknownId, created_at: '2024-05-31T10:00:00Z', ...more });
    const [one, other] = [unknownId, unknownId.replace('3', '4')];
    const items = [
      row(one),
      row('not-a-uuid'),
      row(5),
      row(unknownId.replace('3', '5'), { created_at: 'yesterday' }),
      row(unknownId.replace('3', '6'), { created_at: '5' }),
      null,
      row(other),
    ];
    emulator.fault({ kind: 'nonsense', body: { items } }, { match: 'GET /api/sessions' });
    const filter = { agentId: null, metadata: null };
    const full = orThrow(await service.list({ limit: items.length, page: null, filter }));
    expect([full.sessions.map(({ handle }) => handle), full.unreadable, full.next]).toEqual([[one, other], 5, '7']);
    // By the service's own count, or the last page would have another one after it.
    expect(await service.list({ limit: items.length + 1, page: null, filter })).toMatchObject({ unreadable: 5, next: null });
    expect((await world.backend.health()).status).toBe('UP');
  });

  test('whose metadata is too deep are read without it, and not made poorer', async () => {
    world = await createWorld(contract);
    const { service, effects, emulator } = world;
    const session = await world.session({ situation: 'One', metadata: { a: 1 } });
    const { handle } = session.session;
    const body = `{"id":"${handle}","agent_id":"${unknownId}","situation":"One","metadata":{"a":1,"b":${deep}},"created_at":"2024-05-31T10:00:00Z"}`;
    const one = emulator.fault(
      { kind: 'status', status: 200, body },
      { match: ({ method, url }) => method === 'GET' && url.endsWith(handle) },
    );
    const list = emulator.fault({ kind: 'status', status: 200, body: `{"items":[${body}]}` }, { match: 'GET /api/sessions' });
    const facts = orThrow(await service.read(session));
    expect([facts.situation, 'metadata' in facts]).toEqual(['One', false]);
    expect(orThrow(await service.find(handle))).toMatchObject({ handle, facts });
    const page = orThrow(await service.list({ limit: 9, page: null, filter: { agentId: null, metadata: null } }));
    expect(page).toMatchObject({ sessions: [{ handle, facts }], unreadable: 0 });
    // What is not known cannot be given again.
    expectProblem(await effects.settings(session, change('UPDATE', { metadata: { a: null } })), 'UPSTREAM_FAILED');
    expect(emulator.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
    expect(await effects.settings(session, change('UPDATE', { metadata: { c: 2 } }))).toEqual({});
    expect(await effects.settings(session, change('UPDATE', { metadata: null }))).toMatchObject({ metadata: {} });
    one[Symbol.dispose]();
    list[Symbol.dispose]();
    expect(await service.read(session)).toMatchObject({ situation: 'One', metadata: {} });
  });

  test('tell whom there is to talk to', async () => {
    world = await createWorld(contract);
    world.emulator.state.addAgent({ name: 'Grace', about: '' });
    const agents = await world.backend.agents();
    expect(agents).toMatchObject([
      { name: 'Ada', description: 'Knows about engines.' },
      { name: 'Grace', description: null },
    ]);
    world.emulator.fault({ kind: 'nonsense', body: { items: [{ id: 5 }, { id: unknownId, name: 'Ada' }] } }, { times: 1 });
    expect(await world.backend.agents()).toEqual([{ id: unknownId, name: 'Ada', description: null }]);
    world.emulator.fault({ kind: 'nonsense' }, { times: 1 });
    await expect(world.backend.agents()).rejects.toThrow(/list agents.*`items`/);
  });

  test('are refused with another key, and no message shows it', async () => {
    world = await createWorld(contract, { apiKey: 'wrong-key' });
    const refusal = expectProblem(await world.open(), 'UPSTREAM_REFUSED');
    expect(refusal.detail).toMatch(/apiKey/);
    expect(JSON.stringify(refusal)).not.toMatch('wrong-key');
    expect(refusal.backend).toBe('julep');
  });

  test('are asked for with the key in either header', async () => {
    world = await createWorld(
      contract,
      { authHeader: 'X-Auth-Key', developerId: unknownId },
      { authHeader: 'X-Auth-Key', developers: true },
    );
    world.emulator.state.addAgent({ developerId: unknownId });
    expect(isProblem(await world.open())).toBe(false);
    expect(world.emulator.requests[0]?.headers).toMatchObject({ 'x-auth-key': 'test-key', 'x-developer-id': unknownId });
    expect(world.emulator.requests[0]?.headers['authorization']).toBeUndefined();
  });

  test('are not taken for gone where nobody serves the path', async () => {
    world = await createWorld(contract);
    const session = await world.session();
    world.emulator.fault({ kind: 'status', status: 404, body: { detail: 'Not Found' } });
    expect(expectProblem(await world.service.read(session), 'UPSTREAM_FAILED').detail).toMatch(/url/);
    expectProblem(await world.service.find(session.session.handle), 'UPSTREAM_FAILED');
    expectProblem(await world.effects.end(session), 'UPSTREAM_FAILED');
    expectProblem((await world.send(session)).sent, 'UPSTREAM_FAILED');
  });

  test.each([
    ['nonsense', 'UPSTREAM_FAILED'],
    ['html', 'UPSTREAM_FAILED'],
    ['reset', 'UPSTREAM_UNAVAILABLE'],
    ['truncated-json', 'UPSTREAM_FAILED'],
  ] as const)('a reply of %s is %s', async (kind, code) => {
    world = await createWorld(contract);
    const session = await world.session();
    world.emulator.fault({ kind });
    expectProblem(await world.service.read(session), code);
    expectProblem(await world.service.history(session, null), code);
  });
});

/** What comes with a 2xx and is not the answer of any call. */
const noAnswers: readonly (readonly [title: string, fault: Fault])[] = [
  ['a page', { kind: 'html' }],
  ['nothing', { kind: 'status', status: 202 }],
  ['something else', { kind: 'nonsense' }],
  ['a list', { kind: 'nonsense', body: [] }],
  ['an error', { kind: 'nonsense', body: { error: { message: 'no' } } }],
];

describe.each(contracts.flatMap((contract) => noAnswers.map(([title, fault]) => [contract, title, fault] as const)))(
  'by %s, %s',
  (contract, _, fault) => {
    test('is taken for no answer to a change', async () => {
      world = await createWorld(contract, { breaker: { failures: 1_000, openMs: 1_000 } }, { clearsHistory: true });
      const { effects, emulator, service, backend } = world;
      const session = await world.session({ situation: 'old', metadata: { a: 1 } });
      const before = await service.read(session);
      const asked = [
        () => effects.settings(session, change('UPDATE', { situation: 'new' })),
        () => effects.settings(session, change('UPDATE', { metadata: { a: null } })),
        () => effects.settings(session, change('REPLACE', {}, { situation: 'new', metadata: {} })),
        () => effects.clear(session),
        () => effects.end(session),
      ];
      using placed = emulator.fault(fault, { match: ({ method }) => method !== 'GET' });
      for (const each of asked) expectProblem(await each(), 'UPSTREAM_FAILED');
      expectProblem(await world.open(), 'UPSTREAM_FAILED');
      expect(placed.hits).toBe(asked.length + 1);
      expect(await service.read(session)).toEqual(before);
      emulator.fault(fault);
      expect((await backend.health()).status).not.toBe('UP');
    });
  },
);

describe('by v0.3', () => {
  test('sessions take a user and templates, and nothing of v1', async () => {
    world = await createWorld('v0.3');
    const options = { userId: unknownId, renderTemplates: true, tokenBudget: null };
    expect(isProblem(await world.open({}, { options }))).toBe(false);
    expect(world.emulator.requests[0]?.body).toMatchObject({ user_id: unknownId, render_templates: true });
    expectProblem(await world.open({}, { options: { tokenBudget: 100 } }), 'UNSUPPORTED', ['options', 'julep', 'tokenBudget']);
    expectProblem(await world.open({}, { options: { contextOverflow: 'ADAPTIVE' } }), 'UNSUPPORTED', [
      'options',
      'julep',
      'contextOverflow',
    ]);
    expectProblem(await world.open({}, { options: { userId: 'me' } }), 'BAD_INPUT', ['options', 'julep', 'userId']);
    expectProblem(await world.open({}, { handle: unknownId }), 'UNSUPPORTED', ['handle']);
  });

  test('the list is narrowed to an agent here', async () => {
    world = await createWorld('v0.3');
    const grace = world.emulator.state.addAgent({ name: 'Grace' });
    world.emulator.state.create();
    const { id } = world.emulator.state.create({ agentId: grace.id });
    const page = orThrow(await world.service.list({ limit: 2, page: null, filter: { agentId: grace.id, metadata: null } }));
    expect([page.sessions.map(({ handle }) => handle), page.next]).toEqual([[id], '2']);
  });

  test('suggestions come newest first, each under an id of its own', async () => {
    world = await createWorld('v0.3');
    const session = await world.session();
    const reply = await world.ask(session);
    world.emulator.state.suggest(session.session.handle, { target: 'agent', content: 'Ask why.', messageId: unknownId });
    const suggestions = orThrow((await world.service.suggestions?.(session, 5)) ?? []);
    expect(suggestions).toMatchObject([
      { target: 'ASSISTANT', content: 'Ask why.', messageId: unknownId, createdAt: expect.any(Number) },
      { target: 'USER', content: 'Tell me more.', messageId: orThrow(reply).id },
    ]);
    expect(new Set(suggestions.map(({ id }) => id)).size).toBe(2);
    expect(await world.service.suggestions?.(session, 5)).toEqual(suggestions);
    expectProblem(await world.service.suggestions?.(at(unknownId), 5), 'ENDED');
  });

  test('suggestions that are none cost the others nothing', async () => {
    world = await createWorld('v0.3');
    const session = await world.session();
    const suggestion = { message_id: 'a\ud83d', session_id: unknownId, target: 'user', content: 'Why?' };
    const items = [{ ...suggestion, target: 'nobody' }, suggestion, { ...suggestion, message_id: 5 }];
    world.emulator.fault({ kind: 'nonsense', body: { items } });
    expect(await world.service.suggestions?.(session, 5)).toMatchObject([{ content: 'Why?', messageId: 'a\ufffd' }]);
  });

  test('history is cleared', async () => {
    world = await createWorld('v0.3');
    const session = await world.session();
    await world.ask(session);
    expect(await world.effects.clear(session)).toEqual({});
    expect(await world.service.history(session, null)).toEqual([]);
    expectProblem(await world.effects.clear(at(unknownId)), 'ENDED');
  });

  test('a missing developer breaks the service', async () => {
    world = await createWorld('v0.3', {}, { developers: true });
    expectProblem(await world.open(), 'UPSTREAM_FAILED');
  });
});

describe('by v1', () => {
  test('sessions take all options', async () => {
    world = await createWorld('v1');
    const options = { userId: unknownId, renderTemplates: false, tokenBudget: 4_000, contextOverflow: 'ADAPTIVE' };
    expect(isProblem(await world.open({}, { options }))).toBe(false);
    expect(world.emulator.requests[0]?.body).toMatchObject({
      user: unknownId,
      render_templates: false,
      token_budget: 4_000,
      context_overflow: 'adaptive',
    });
    expectProblem(await world.open({}, { options: { tokenBudget: 0 } }), 'BAD_INPUT', ['options', 'julep', 'tokenBudget']);
  });

  test('replacing settings keeps what the session was made with', async () => {
    world = await createWorld('v1');
    const options = { renderTemplates: false, tokenBudget: 4_000, contextOverflow: 'TRUNCATE' };
    const { handle } = orThrow(await world.open({ situation: 'One' }, { options }));
    await world.effects.settings(at(handle), change('REPLACE', {}, { situation: 'Two', metadata: {} }));
    expect(world.emulator.state.sessions.get(handle)).toMatchObject({
      situation: 'Two',
      renderTemplates: false,
      v1: { token_budget: 4_000, context_overflow: 'truncate' },
    });
  });

  test('settings that are too deep to be given again are not replaced', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    const { handle } = session.session;
    const body = `{"id":"${handle}","recall_options":{"mode":${deep}},"created_at":"2024-05-31T10:00:00Z"}`;
    world.emulator.fault({ kind: 'status', status: 200, body }, { match: 'GET /api/sessions/:id' });
    expectProblem(await world.effects.settings(session, change('REPLACE', {}, { situation: 'Two', metadata: {} })), 'UPSTREAM_FAILED');
    expect(world.emulator.state.sessions.get(handle)?.situation).toBeNull();
  });

  test('a handle is taken where nobody has it', async () => {
    world = await createWorld('v1');
    expect(await world.open({ situation: 'One' }, { handle: unknownId })).toMatchObject({ handle: unknownId, facts: { situation: 'One' } });
    expectProblem(await world.open({ situation: 'Two' }, { handle: unknownId }), 'CONFLICT', ['handle']);
    expect(world.emulator.state.sessions.get(unknownId)?.situation).toBe('One');
    expectProblem(await world.open({}, { handle: 'mine' }), 'BAD_INPUT', ['handle']);
    const foreign = world.emulator.state.create({ developerId: unknownId });
    expectProblem(await world.open({}, { handle: foreign.id }), 'CONFLICT', ['handle']);
  });

  test('a history that the service does not clear is cleared here alone', async () => {
    world = await createWorld('v1');
    const session = await world.session();
    await world.ask(session);
    expect(await world.effects.clear(session)).toEqual({});
    await expect.poll(() => world.service.history(session, null)).toHaveLength(2);
  });

  test('a history is cleared where the service does', async () => {
    world = await createWorld('v1', {}, { clearsHistory: true });
    const session = await world.session();
    const first = await world.ask(session);
    await expect.poll(() => world.service.history(session, null)).toHaveLength(2);
    expect(await world.effects.clear(session)).toEqual({});
    expect(await world.service.history(session, null)).toEqual([]);
    const again = await world.ask(session);
    await expect.poll(() => world.service.history(session, null)).toHaveLength(2);
    expect(orThrow(await world.service.history(session, null))[1]?.id).toBe(orThrow(again).id);
    expect(isProblem(first)).toBe(false);
    expectProblem(await world.effects.clear(at(unknownId)), 'ENDED');
  });

  test('values that the service would take for others are compared here', async () => {
    world = await createWorld('v1');
    const { id } = world.emulator.state.create({ metadata: { version: '5' } });
    const page = orThrow(await world.service.list({ limit: 9, page: null, filter: { agentId: null, metadata: { version: '5' } } }));
    expect(page.sessions.map(({ handle }) => handle)).toEqual([id]);
  });

  test('an account without credit is refused', async () => {
    world = await createWorld('v1');
    world.emulator.state.account.overCost = true;
    expect(expectProblem(await world.open(), 'UPSTREAM_REFUSED').detail).toMatch(/limit of its account.*Cost limit exceeded/);
  });
});
