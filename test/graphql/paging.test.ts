import { describe, expect, it } from 'vitest';
import { connectionFields } from '../../src/graphql/paging.ts';
import { type Opened, type World, createWorld } from './world.ts';

const members = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $status: MemberStatus = ACTIVE) {
  session(id: $id) { members(first: $first, after: $after, last: $last, before: $before, status: $status) {
    totalCount nodes { name } edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;
const messages = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $channel: String) {
  session(id: $id) { messages(first: $first, after: $after, last: $last, before: $before, channel: $channel) {
    totalCount nodes { content } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

interface Filled {
  readonly world: World;
  readonly host: Opened;
}

/** Members a to e and messages 1 to 5. */
async function filled(): Promise<Filled> {
  const world = createWorld();
  const host = await world.create({ identity: { name: 'a' }, visibility: 'PUBLIC' });
  for (const name of ['b', 'c', 'd', 'e']) {
    await world.clock.advance(1);
    await world.join(host.sessionId, { identity: { name } });
  }
  for (const content of ['1', '2', '3', '4', '5']) await world.send(host.caller, content, content > '3' ? { channel: 'late' } : {});
  return { world, host };
}

/** Reads a page, compiled as well as interpreted. */
async function page(
  { world, host }: Filled,
  source: string,
  variables: object,
): Promise<{ readonly rows: string; readonly [key: string]: any }> {
  const answers = [];
  for (let round = 0; round < 3; round++) answers.push(await world.ask(source, { id: host.sessionId, ...variables }, host.caller));
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  expect(answers[0]?.errors).toBeUndefined();
  const found = answers[0]?.data.session.members ?? answers[0]?.data.session.messages;
  return {
    ...found,
    rows: found.nodes.map((row: { readonly name?: string; readonly content?: string }) => row.name ?? row.content).join(''),
  };
}

describe.each([
  ['members', members, 'abcde'],
  ['messages', messages, '12345'],
] as const)('pages of %s', (_, source, all) => {
  it('forward', async () => {
    const world = await filled();
    const first = await page(world, source, { first: 2 });
    expect(first).toMatchObject({ rows: all.slice(0, 2), totalCount: 5, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const second = await page(world, source, { first: 2, after: first['pageInfo'].endCursor });
    expect(second).toMatchObject({ rows: all.slice(2, 4), pageInfo: { hasNextPage: true, hasPreviousPage: true } });
    const third = await page(world, source, { first: 2, after: second['pageInfo'].endCursor });
    expect(third).toMatchObject({ rows: all.slice(4), totalCount: 5, pageInfo: { hasNextPage: false, hasPreviousPage: true } });
  });

  it('backward', async () => {
    const world = await filled();
    const last = await page(world, source, { last: 2 });
    expect(last).toMatchObject({ rows: all.slice(3), pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    const before = await page(world, source, { last: 4, before: last['pageInfo'].startCursor });
    expect(before).toMatchObject({ rows: all.slice(0, 3), pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  });

  it('between two cursors', async () => {
    const world = await filled();
    const outer = await page(world, source, {});
    const inner = await page(world, source, { after: outer['pageInfo'].startCursor, before: outer['pageInfo'].endCursor });
    expect(inner.rows).toBe(all.slice(1, 4));
  });

  it('of nothing', async () => {
    const world = await filled();
    const none = { rows: '', totalCount: 5, pageInfo: { startCursor: null, endCursor: null } };
    expect(await page(world, source, { first: 0 })).toMatchObject({ ...none, pageInfo: { hasNextPage: true } });
    expect(await page(world, source, { last: 0 })).toMatchObject({ ...none, pageInfo: { hasPreviousPage: true } });
  });

  it.each([
    [{ first: -1 }, 'first', /^Expected `first` to be from 0 to 100, got -1\.$/],
    [{ last: 101 }, 'last', /^Expected `last` to be from 0 to 100, got 101\.$/],
    [{ first: 1, last: 1 }, 'last', /^Expected one of `first` and `last`, got both\.$/],
    [{ after: 'garbage' }, 'after', /^Expected `after` to be a cursor of the (?:members|messages) of ses_\w+, got "garbage"\./],
    [{ before: '' }, 'before', /got ""\./],
    [{ after: 'a'.repeat(1_000) }, 'after', /got "a{10,}…/],
  ])('refuse %j', async (variables, path, message) => {
    const { world, host } = await filled();
    const answer = await world.ask(source, { id: host.sessionId, ...variables }, host.caller);
    expect(answer).toMatchObject({
      data: { session: null },
      errors: [
        {
          message: expect.stringMatching(message),
          extensions: { code: 'BAD_INPUT', path: [path] },
        },
      ],
    });
  });
});

describe('cursors', () => {
  it('of one list are no cursors of another', async () => {
    const here = await filled();
    const there = await filled();
    const ofMember: string = (await page(here, members, {}))['pageInfo'].endCursor;
    const ofMessage: string = (await page(here, messages, {}))['pageInfo'].endCursor;
    const ofSession: string = (await here.world.ask('{ sessions { pageInfo { endCursor } } }')).data.sessions.pageInfo.endCursor;
    const refused = async (world: Filled, source: string, after: string): Promise<void> => {
      const { errors } = await world.world.ask(source, { id: world.host.sessionId, after }, world.host.caller);
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT', path: ['after'] } }]);
    };
    for (const after of [ofMessage, ofSession, here.host.cursor]) await refused(here, members, after);
    for (const after of [ofMember, ofSession, here.host.cursor]) await refused(here, messages, after);
    for (const after of [ofMember, ofMessage])
      await refused(here, 'query ($after: String) { sessions(after: $after) { totalCount } }', after);
    // Another session's, though of the same kind.
    await refused(there, members, ofMember);
    await refused(there, messages, ofMessage);
  });

  it('on edges are those of the page', async () => {
    const world = await filled();
    const { edges, pageInfo } = await page(world, members, { first: 3 });
    expect(edges.map(({ node }: { readonly node: { readonly name: string } }) => node.name)).toEqual(['a', 'b', 'c']);
    expect([edges[0].cursor, edges[2].cursor]).toEqual([pageInfo.startCursor, pageInfo.endCursor]);
  });
});

describe('lists', () => {
  it('of members are of those who are there, unless asked otherwise', async () => {
    const world = await filled();
    const guest = await world.world.join(world.host.sessionId, { identity: { name: 'f' } });
    await world.world.ask('mutation { leaveSession(input: {}) { __typename } }', {}, guest.caller);
    expect((await page(world, members, {})).rows).toBe('abcde');
    expect((await page(world, members, { status: 'LEFT' })).rows).toBe('f');
    expect((await page(world, members, { status: null })).rows).toBe('abcdef');
  });

  it('of messages may be of one channel', async () => {
    const world = await filled();
    expect(await page(world, messages, { channel: 'late' })).toMatchObject({ rows: '45', totalCount: 2 });
    expect((await page(world, messages, { channel: 'none' })).rows).toBe('');
    expect((await page(world, messages, { channel: null })).rows).toBe('12345');
  });

  it('have 20 rows where nothing is said', async () => {
    const world = createWorld();
    const host = await world.create();
    for (let count = 0; count < 21; count++) await world.send(host.caller, `${count}`);
    const { data } = await world.ask(
      'query ($id: ID!) { session(id: $id) { messages { totalCount nodes { content } } } }',
      { id: host.sessionId },
      host.caller,
    );
    expect(data.session.messages.nodes).toHaveLength(20);
    expect(data.session.messages.totalCount).toBe(21);
  });
});

it('makes no cursor that nobody asks for', () => {
  const made: string[] = [];
  const cursorOf = (node: string): string => {
    made.push(node);
    return `c-${node}`;
  };
  const info = connectionFields.pageInfo({ nodes: ['a', 'b', 'c'], totalCount: 3, hasNextPage: true, hasPreviousPage: false, cursorOf });
  expect([info.hasNextPage, info.hasPreviousPage, made]).toEqual([true, false, []]);
  expect([info.endCursor, info.startCursor, made]).toEqual(['c-c', 'c-a', ['c', 'a']]);
});
