import { describe, expect, it } from 'vitest';
import { apiKey, createWorld } from './world.ts';

const pageOfSessions = `query ($first: Int!) { sessions(first: $first) { nodes {
  id title status backend { name } me { name } rules { allowlist }
  members(first: 10) { totalCount nodes { name online } }
  messages(first: 10) { nodes { content author { name } session { title } inReplyTo { content author { name } } } } } } }`;

describe.each([
  ['that has to wait', false],
  ['that has at hand what it is asked for', true],
])('a page of sessions with members and messages, of a store %s', (_, peeks) => {
  it('costs the same number of store calls, however many sessions there are', async () => {
    const world = createWorld({ peeks });
    for (let index = 0; index < 50; index++) {
      // Some are open to all, some only to their owner.
      const { sessionId, caller } = await world.create({ visibility: index % 2 === 0 ? 'PUBLIC' : 'PRIVATE' }, apiKey);
      await world.join(sessionId, { identity: { name: 'Grace' } });
      const first = await world.send(caller, 'one');
      await world.send(caller, 'two', { inReplyTo: first });
    }
    const calls = async (first: number): Promise<readonly string[]> => {
      world.reads.length = 0;
      const { data, errors } = await world.ask(pageOfSessions, { first }, apiKey);
      expect(errors).toBeUndefined();
      expect(data.sessions.nodes).toHaveLength(first);
      expect(
        data.sessions.nodes.every(
          (node: { readonly messages: { readonly nodes: readonly unknown[] } }) => node.messages.nodes.length === 2,
        ),
      ).toBe(true);
      return world.reads.toSorted();
    };
    const ofTwo = await calls(2);
    expect(await calls(50)).toEqual(ofTwo);
    // Interpreted, and compiled. Pages of members are kept, as long as nobody joins or leaves.
    const again = ofTwo.filter((call) => call !== 'members.list');
    for (let round = 0; round < 3; round++) expect(await calls(50)).toEqual(again);
    // Those whose messages are open to all, and those that the caller's membership had to be read for.
    expect(ofTwo).toEqual([
      'members.byIds',
      'members.byIds',
      'members.list',
      'members.ofPrincipal',
      'messages.byIds',
      'messages.byIds',
      'messages.list',
      'messages.list',
      'sessions.byIds',
      'sessions.byIds',
      'sessions.list',
    ]);
  });

  it('shows who is a member now, though pages are kept', async () => {
    const world = createWorld({ peeks });
    const { sessionId, caller } = await world.create();
    const names = async (): Promise<readonly string[]> => {
      const { data } = await world.ask(
        'query ($id: ID!) { session(id: $id) { members { totalCount nodes { name } } } }',
        { id: sessionId },
        caller,
      );
      expect(data.session.members.totalCount).toBe(data.session.members.nodes.length);
      return data.session.members.nodes.map(({ name }: { readonly name: string }) => name);
    };
    const before = await names();
    expect(await names()).toEqual(before);
    await world.join(sessionId, { identity: { name: 'Grace' } });
    expect(await names()).toEqual([...before, 'Grace']);
    const { data } = await world.ask('query ($id: ID!) { session(id: $id) { members { nodes { id } } } }', { id: sessionId }, caller);
    const memberId = data.session.members.nodes.at(-1).id;
    await world.ask(
      'mutation ($input: KickMemberInput!) { kickMember(input: $input) { __typename } }',
      { input: { sessionId, memberId } },
      caller,
    );
    expect(await names()).toEqual(before);
  });

  it('reads nothing twice', async () => {
    const world = createWorld({ peeks });
    const { sessionId, caller } = await world.create();
    await world.send(caller, 'one');
    world.reads.length = 0;
    await world.ask(
      'query ($id: ID!) { a: session(id: $id) { title messages { nodes { author { name } } } } b: session(id: $id) { messages { nodes { author { role } session { title } } } } }',
      { id: sessionId },
      caller,
    );
    // One read, whichever way.
    const calls = world.reads.map((call) => call.replace('.peek', '.byIds'));
    expect(calls.filter((call) => call !== 'members.byIds').toSorted()).toEqual(['messages.list', 'sessions.byIds']);
  });
});
