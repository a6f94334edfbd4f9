import { describe, expect, it } from 'vitest';
import { openBackends } from '../../src/backends/registry.ts';
import type { Backend } from '../../src/core/backend.ts';
import { problem } from '../../src/core/problem.ts';
import { type Scripted, type ScriptedOptions, createScriptedService, said, unavailable } from '../support/scripted-service.ts';
import { gate, settled } from '../support/service-world.ts';
import { type Answer, type World, apiKey, createWorld, nobody, user } from './world.ts';

interface ServicesWorld extends World {
  readonly remote: Scripted;
}

function createServicesWorld(options: ScriptedOptions & { readonly others?: readonly Backend[] } = {}): ServicesWorld {
  const remote = createScriptedService(options);
  const own = [remote.backend, ...(options.others ?? [])].map((backend) => [backend.name, backend] as const);
  return { ...createWorld({ backends: new Map([...openBackends({ local: { kind: 'LOCAL' } }), ...own]) }), remote };
}

const add = ({ rooms }: Scripted, handle: string, facts = {}, messages = [said(`in ${handle}`)]): void => {
  rooms.set(handle, { facts, messages, secret: null });
};

const list = `query ($first: Int, $after: String, $filter: SessionFilter) { sessions(first: $first, after: $after, filter: $filter) {
  nodes { id handle title status } totalCount problems { code backend { name } } pageInfo { endCursor hasNextPage } } }`;

describe('a session at a service, in one operation', () => {
  it('is asked for once, by whatever way it is read', async () => {
    const world = createServicesWorld();
    const { sessionId, caller } = await world.create({ backend: 'remote', title: 'T' });
    world.remote.calls = [];
    world.remote.room().facts = { title: 'Theirs' };
    const { data, errors } = await world.ask(
      `query ($id: ID!) {
        a: session(id: $id) { title messages { totalCount } }
        b: session(id: $id) { title messages(first: 1) { totalCount } }
        c: sessionByHandle(backend: "remote", handle: "theirs") { title }
        d: node(id: $id) { ... on Session { title } }
        e: nodes(ids: [$id, $id]) { ... on Session { title } }
        f: currentSession { title }
      }`,
      { id: sessionId },
      caller,
    );
    expect(errors).toBeUndefined();
    const title = 'Theirs';
    const messages = { totalCount: 0 };
    expect(data).toEqual({
      a: { title, messages },
      b: { title, messages },
      c: { title },
      d: { title },
      e: [{ title }, { title }],
      f: { title },
    });
    expect(world.remote.calls.map(({ method }) => method).toSorted()).toEqual(['history', 'read']);
  });

  it('is read after a mutation as the mutation left it', async () => {
    const world = createServicesWorld();
    const { sessionId, caller } = await world.create({ backend: 'remote' });
    const { data } = await world.ask(
      `mutation ($id: ID!) {
        first: updateSession(input: { sessionId: $id, title: "One" }) { ... on SessionChange { session { title } } }
        second: updateSession(input: { sessionId: $id, title: "Two" }) { ... on SessionChange { session { title } } }
      }`,
      { id: sessionId },
      caller,
    );
    expect(data).toEqual({ first: { session: { title: 'One' } }, second: { session: { title: 'Two' } } });
    expect((await world.ask('query ($id: ID!) { session(id: $id) { title } }', { id: sessionId }, caller)).data.session.title).toBe('Two');
  });

  it('is an error with the service’s problem where it cannot say, and the others are there', async () => {
    const world = createServicesWorld();
    const { sessionId, caller } = await world.create({ backend: 'remote' });
    world.remote.failures.set('read', unavailable);
    const { data, errors } = await world.ask(
      'query ($id: ID!) { session(id: $id) { title } backends { name } }',
      { id: sessionId },
      caller,
    );
    expect(data.session).toBeNull();
    expect(data.backends).toHaveLength(2);
    expect(errors).toMatchObject([{ path: ['session'], extensions: { code: 'UPSTREAM_UNAVAILABLE', backend: 'remote', status: 503 } }]);
    world.remote.failures.clear();
    world.remote.failures.set('history', unavailable);
    const more = await world.ask('query ($id: ID!) { session(id: $id) { title messages { totalCount } } }', { id: sessionId }, caller);
    expect(more.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
    expect(world.reports).toEqual([]);
  });

  it('is neither asked for nor told of where the caller may not see it', async () => {
    const world = createServicesWorld();
    const { sessionId } = await world.create({ backend: 'remote' });
    world.remote.calls = [];
    const { data, errors } = await world.ask(
      `query ($id: ID!) { session(id: $id) { title } node(id: $id) { id } sessionByHandle(backend: "remote", handle: "theirs") { id } }`,
      { id: sessionId },
      user,
    );
    expect([data, errors]).toEqual([{ session: null, node: null, sessionByHandle: null }, undefined]);
    expect(world.remote.calls).toEqual([]);
    // What became PRIVATE there is not shown by the answer that says so.
    add(world.remote, 'open', { visibility: 'PUBLIC' });
    const byHandle = '{ sessionByHandle(backend: "remote", handle: "open") { id } }';
    expect((await world.ask(byHandle)).data.sessionByHandle).not.toBeNull();
    world.remote.room('open').facts = { visibility: 'PRIVATE' };
    expect((await world.ask(byHandle)).data.sessionByHandle).toBeNull();
  });

  it('may be read though it is over, with the messages that are known', async () => {
    const world = createServicesWorld();
    const { sessionId, caller } = await world.create({ backend: 'remote' });
    world.remote.room().messages = [said('a')];
    const read = 'query ($id: ID!) { session(id: $id) { status messages { nodes { content } } } }';
    await world.ask(read, { id: sessionId }, caller);
    world.remote.failures.set('read', problem('EXPIRED', 'Gone.', { backend: 'remote' }));
    expect((await world.ask(read, { id: sessionId }, caller)).data.session).toEqual({
      status: 'EXPIRED',
      messages: { nodes: [{ content: 'text of a' }] },
    });
    world.remote.calls = [];
    await world.ask(read, { id: sessionId }, caller);
    expect(world.remote.calls).toEqual([]);
  });
});

describe('a session that was made at a service', () => {
  it('is found by its handle, asked for once, and then known', async () => {
    const world = createServicesWorld();
    add(world.remote, 'foreign', { title: 'Theirs' });
    const query = `{ a: sessionByHandle(backend: "remote", handle: "foreign") { id title messages { nodes { content } } }
      b: sessionByHandle(backend: "remote", handle: "foreign") { title } c: sessionByHandle(backend: "remote", handle: "none") { title } }`;
    const { data, errors } = await world.ask(query, {}, apiKey);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      a: { title: 'Theirs', messages: { nodes: [{ content: 'text of in foreign' }] } },
      b: { title: 'Theirs' },
      c: null,
    });
    expect(world.remote.calls.map(({ method, handle }) => `${method} ${handle}`).toSorted()).toEqual([
      'find foreign',
      'find none',
      'history foreign',
    ]);
    world.remote.failures.set('find', unavailable);
    const failed = await world.ask('{ sessionByHandle(backend: "remote", handle: "other") { id } }');
    expect(failed.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
  });

  it('is for those whom its service shows it to, else the configuration; API keys act as its host', async () => {
    const world = createServicesWorld({ backend: { foreignVisibility: 'PRIVATE' } });
    add(world.remote, 'hidden', { title: 'H' });
    add(world.remote, 'shown', { title: 'S', visibility: 'PUBLIC' });
    const handles = async (caller = nobody): Promise<readonly string[]> =>
      (await world.ask(list, {}, caller)).data.sessions.nodes.map(({ handle }: { handle: string }) => handle).toSorted();
    expect(await handles()).toEqual(['shown']);
    expect(await handles(user)).toEqual(['shown']);
    expect(await handles(apiKey)).toEqual(['hidden', 'shown']);
    expect((await world.ask(list, { filter: { mine: true } }, apiKey)).data.sessions.nodes).toEqual([]);
    const { data } = await world.ask('{ sessionByHandle(backend: "remote", handle: "shown") { id } }', {}, apiKey);
    const end = `mutation ($id: ID!) { endSession(input: { sessionId: $id }) { __typename ... on Problem { code } } }`;
    const { id } = data.sessionByHandle;
    expect((await world.ask(end, { id }, user)).data.endSession).toMatchObject({ __typename: 'Problem', code: 'NOT_A_MEMBER' });
    expect((await world.ask(end, { id }, apiKey)).data.endSession).toEqual({ __typename: 'SessionChange' });
  });
});

describe('a page of the sessions of all backends', () => {
  it('has those of all, newest first, with one call for each list and none for each row', async () => {
    const second = createScriptedService({ name: 'second' });
    const world = createServicesWorld({ others: [second.backend] });
    for (let index = 0; index < 30; index += 1) {
      add(world.remote, `r${index}`, { createdAt: 1_000 + index * 10 });
      add(second, `s${index}`, { createdAt: 1_005 + index * 10 });
    }
    await world.create({ visibility: 'PUBLIC', title: 'own' });
    const page = (await world.ask(list, { first: 50 })).data.sessions;
    expect(page.nodes).toHaveLength(50);
    expect(page.nodes.slice(0, 4).map(({ handle, title }: { handle: string; title: string }) => title ?? handle)).toEqual([
      'own',
      's29',
      'r29',
      's28',
    ]);
    expect(page.totalCount).toBe(61);
    expect([...world.remote.calls, ...second.calls].map(({ method }) => method)).toEqual(['list', 'list']);
    // With the messages of each, each history is asked for once.
    world.remote.calls = [];
    const { data, errors } = await world.ask(
      '{ sessions(first: 50, filter: { backends: ["remote"] }) { nodes { handle messages(first: 1) { totalCount } again: messages(first: 2) { totalCount } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.sessions.nodes).toHaveLength(30);
    expect(world.remote.count('list')).toBe(1);
    expect(world.remote.count('read')).toBe(0);
    expect(new Set(world.remote.calls.filter(({ method }) => method === 'history').map(({ handle }) => handle)).size).toBe(30);
    expect(world.remote.count('history')).toBe(30);
  });

  it('does without the rows of a backend that fails between two pages, and no other is doubled or left out', async () => {
    const second = createScriptedService({ name: 'second' });
    const world = createServicesWorld({ others: [second.backend] });
    for (let index = 0; index < 12; index += 1) {
      add(world.remote, `r${index}`, { createdAt: 1_000 + index * 10 });
      add(second, `s${index}`, { createdAt: 1_005 + index * 10 });
    }
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; ; page += 1) {
      if (page === 1) second.failures.set('list', { ...unavailable, backend: 'second' });
      if (page === 2) second.failures.clear();
      const { nodes, pageInfo, problems }: Answer['data'] = (await world.ask(list, { first: 5, after })).data.sessions;
      expect(problems).toEqual(page === 1 ? [{ code: 'UPSTREAM_UNAVAILABLE', backend: { name: 'second' } }] : []);
      seen.push(...nodes.map(({ handle }: { handle: string }) => handle));
      after = pageInfo.endCursor;
      if (!pageInfo.hasNextPage) break;
    }
    expect(new Set(seen).size).toBe(seen.length);
    // The second page is without it, and so is what the third has passed already.
    expect(seen.slice(5, 10).every((handle) => handle.startsWith('r'))).toBe(true);
    expect(seen.filter((handle) => handle.startsWith('r'))).toEqual(Array.from({ length: 12 }, (_, index) => `r${11 - index}`));
  });

  it('asks for each row where there is no list, and the row that fails costs its place', async () => {
    const world = createServicesWorld({ without: ['list', 'watch'] });
    for (let index = 0; index < 3; index += 1)
      await world.create({ backend: 'remote', handle: `h${index}`, visibility: 'PUBLIC', title: `${index}` });
    world.remote.calls = [];
    world.remote.room('h1').facts = { title: 'Theirs' };
    expect((await world.ask(list)).data.sessions.nodes.map(({ title }: { title: string }) => title).toSorted()).toEqual([
      '0',
      '2',
      'Theirs',
    ]);
    expect(world.remote.calls.map(({ method }) => method)).toEqual(['read', 'read', 'read']);
    world.remote.room('h0').facts = { status: 'ENDED' };
    const active = (await world.ask(list, { filter: { status: ['ACTIVE'] } })).data.sessions.nodes;
    expect(active.map((node: { title: string } | null) => node?.title ?? null).toSorted()).toEqual(['2', 'Theirs', null]);
    world.remote.failures.set('read', unavailable);
    const failed = (await world.ask(list, { filter: { status: ['ACTIVE'] } })).data.sessions;
    expect(failed.nodes).toEqual([null, null]);
    expect(failed.problems).toEqual([{ code: 'UPSTREAM_UNAVAILABLE', backend: { name: 'remote' } }]);
  });

  it('leaves out, by its status, what its service has just ended', async () => {
    const world = createServicesWorld();
    add(world.remote, 'a');
    add(world.remote, 'b');
    await world.ask(list);
    world.remote.room('a').facts = { status: 'EXPIRED' };
    const filter = { status: ['ACTIVE'] };
    const { nodes } = (await world.ask(list, { filter })).data.sessions;
    expect(nodes.flatMap((node: { handle: string } | null) => (node === null ? [] : [node.handle]))).toEqual(['b']);
    const expired = (await world.ask(list, { filter: { status: ['EXPIRED'] } })).data.sessions.nodes;
    expect(expired).toMatchObject([{ handle: 'a', status: 'EXPIRED' }]);
    // A filter finds what the services say now.
    world.remote.room('b').facts = { metadata: { kind: 'x' } };
    expect((await world.ask(list, { filter: { metadata: { kind: 'x' } } })).data.sessions.nodes).toMatchObject([{ handle: 'b' }]);
    expect((await world.ask(list, { filter: { backends: ['local'] } })).data.sessions.nodes).toEqual([]);
  });

  it('is not held up by a slow service of other backends than it asks for', async () => {
    const world = createServicesWorld();
    const slow = gate();
    world.remote.gates.set('list', slow.promise);
    const all = world.ask(list);
    await settled();
    expect((await world.ask(list, { filter: { backends: ['local'] } })).data.sessions.problems).toEqual([]);
    slow.resolve();
    expect((await all).errors).toBeUndefined();
  });
});

describe('what only a service can do', () => {
  it('is suggested by its agent, page by page', async () => {
    const rows = Array.from({ length: 5 }, (_, index) => ({
      id: `s${index}`,
      target: 'USER' as const,
      content: `say ${index}`,
      createdAt: null,
      messageId: index === 0 ? 'm' : null,
    }));
    const world = createServicesWorld({ parts: { suggestions: async () => rows } });
    const { sessionId, caller } = await world.create({ backend: 'remote' });
    world.remote.room().messages = [said('m')];
    const query = `query ($id: ID!, $after: String) { session(id: $id) { messages { totalCount }
      suggestions(first: 2, after: $after) { nodes { id content message { content } } pageInfo { endCursor hasNextPage } } } }`;
    const contents: string[] = [];
    const messages: unknown[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const { data, errors } = await world.ask(query, { id: sessionId, after }, caller);
      expect(errors).toBeUndefined();
      const { nodes, pageInfo } = data.session.suggestions;
      contents.push(...nodes.map(({ content }: { content: string }) => content));
      ({ endCursor: after, hasNextPage: more } = pageInfo);
      messages.push(...nodes.map(({ message }: { message: unknown }) => message));
    }
    expect(contents).toEqual(rows.map(({ content }) => content));
    expect(messages).toEqual([{ content: 'text of m' }, null, null, null, null]);
    const local = await world.create();
    const { errors } = await world.ask(
      'query ($id: ID!) { session(id: $id) { suggestions { totalCount } } }',
      { id: local.sessionId },
      local.caller,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'UNSUPPORTED' } }]);
  });

  it('is not shown of its secrets: defaults, options', async () => {
    const world = createServicesWorld({ parts: { secretDefaults: ['viewingKey'] } });
    const { sessionId, caller } = await world.create({ backend: 'remote', defaults: { viewingKey: 'PLANTED', model: 'm' } });
    await world.send(caller, 'hello', { options: { viewingKey: 'PLANTED', tone: 't' } });
    const { data } = await world.ask(
      'query ($id: ID!) { session(id: $id) { defaults messages { nodes { options } } } }',
      { id: sessionId },
      caller,
    );
    expect(data.session).toEqual({ defaults: { model: 'm' }, messages: { nodes: [{ options: { model: 'm', tone: 't' } }] } });
    expect(world.remote.outgoing().options).toEqual({ model: 'm', viewingKey: 'PLANTED', tone: 't' });
  });
});
