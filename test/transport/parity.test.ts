import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/ports.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type TransportWorld, connect, createTransportWorld, postGraphql } from './transport-world.ts';

let world: TransportWorld;
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

type Way = (query: string, variables?: object) => Promise<readonly any[]>;

/** The errors of an operation, by each of the three ways. */
const ways: Readonly<Record<'HTTP' | 'WebSocket' | 'server-sent events', Way>> = {
  HTTP: async (query, variables = {}) => (await postGraphql(world.url, { query, variables })).body.errors,
  async WebSocket(query, variables) {
    using peer = await connect(world.url);
    await peer.init();
    peer.subscribe('1', query, variables);
    const { type, payload } = await peer.next();
    return type === 'error' ? payload : payload.errors;
  },
  async 'server-sent events'(query, variables = {}) {
    const asked = request(`${world.url}/graphql`, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
    });
    asked.end(JSON.stringify({ query, variables }));
    const [response] = await once(asked, 'response');
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return JSON.parse(/^event: next\ndata: (.*)$/m.exec(text)?.[1] ?? '{}').errors;
  },
};

const deep = `{ viewer { session { ${'messages { nodes { session { '.repeat(6)} id ${'} } }'.repeat(6)} } } }`;
const wide = `{ ${Array.from({ length: 40 }, (_, index) => `a${index}: viewer { kind }`).join(' ')} }`;
const long = `{ ${'viewer { kind } '.repeat(600)} }`;
const costly = `{ sessions(first: 100) { nodes { members(first: 100) { nodes { id } } messages(first: 100) { nodes { id } } } } }`;
const byVariable = 'query ($first: Int) { sessions(first: $first) { nodes { id } } }';

const faults: readonly (readonly [name: string, query: string, variables: object | undefined])[] = [
  ['a syntax error', '{', undefined],
  ['an unknown field', '{ viewr { kind } }', undefined],
  ['too many tokens', long, undefined],
  ['too deep', deep, undefined],
  ['too many aliases', wide, undefined],
  ['too costly', costly, undefined],
  ['a list too long, by a variable', byVariable, { first: 101 }],
  ['a variable that is missing', 'query ($id: ID!) { session(id: $id) { id } }', undefined],
  ['an unknown operation', 'query a { __typename } query b { __typename }', undefined],
  ['a problem', '{ sessions(first: 1, after: "garbage") { nodes { id } } }', undefined],
];

describe('what is wrong with an operation', () => {
  test.each(faults)('%s: is told alike over HTTP, WebSocket and server-sent events', async (_name, query, variables) => {
    world = await createTransportWorld();
    const [http, ws, sse] = await Promise.all(Object.values(ways).map(async (way) => await way(query, variables)));
    expect(http?.length).toBeGreaterThan(0);
    expect(http?.[0].extensions.code).toMatch(/^[A-Z_]+$/);
    expect(ws).toEqual(http);
    expect(sse).toEqual(http);
  });

  test('names nothing of the schema where introspection is off', async () => {
    world = await createTransportWorld({ introspection: false });
    for (const way of Object.values(ways)) {
      const [unknown] = await way('{ viewr { kind } }');
      expect(unknown.message).not.toContain('Did you mean');
      const errors = await way('{ __schema { queryType { name } } }');
      expect(errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
  });
});

describe('what fails unexpectedly', () => {
  test.each(Object.keys(ways) as (keyof typeof ways)[])('is masked over %s, and found by its correlation id', async (name) => {
    world = await createTransportWorld({ store: broken(createMemoryStore()) });
    const [error, ...others] = await ways[name]('{ sessions(first: 1) { nodes { id } } }');
    expect(others).toEqual([]);
    expect(error.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', correlationId: expect.any(String) });
    expect(JSON.stringify(error)).not.toContain('SQL');
    expect(world.failures).toHaveLength(1);
    expect(world.failures[0]).toMatchObject({ message: 'SQL: the table is secret' });
  });

  test('is masked where a subscription is planned', async () => {
    world = await createTransportWorld({ store: broken(createMemoryStore()) });
    for (const way of [ways.WebSocket, ways['server-sent events']]) {
      const [error] = await way('subscription { sessionEvents(sessionId: "ses_1") { cursor } }');
      expect(error.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', correlationId: expect.any(String) });
      expect(JSON.stringify(error)).not.toContain('SQL');
    }
  });
});

function broken(store: Store): Store {
  const fail = (): Promise<never> => Promise.reject(new Error('SQL: the table is secret'));
  return { ...store, sessions: { ...store.sessions, list: fail, byIds: fail } };
}
