import { describe, expect, it } from 'vitest';
import { apiKey, createWorld } from './world.ts';

const pageOfSessions = `query ($first: Int!) { sessions(first: $first) { nodes {
  id title status backend { name } me { name } rules { allowlist }
  members(first: 10) { totalCount nodes { name online } }
  messages(first: 10) { nodes { content author { name } session { title } inReplyTo { content author { name } } } } } } }`;

describe('a page of sessions with members and messages', () => {
  it('costs the same number of store calls, however many sessions there are', async () => {
    const world = createWorld();
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
    // Interpreted, and compiled.
    for (let round = 0; round < 3; round++) expect(await calls(50)).toEqual(ofTwo);
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

  it('reads nothing twice', async () => {
    const world = createWorld();
    const { sessionId, caller } = await world.create();
    await world.send(caller, 'one');
    world.reads.length = 0;
    await world.ask(
      'query ($id: ID!) { a: session(id: $id) { title messages { nodes { author { name } } } } b: session(id: $id) { messages { nodes { author { role } session { title } } } } }',
      { id: sessionId },
      caller,
    );
    expect(world.reads.filter((call) => call !== 'members.byIds').toSorted()).toEqual(['messages.list', 'sessions.byIds']);
  });
});
