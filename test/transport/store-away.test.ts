import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProblemError, problem } from '../../src/core/problem.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { post } from '../support/graphql-client.ts';
import { follow, followSse } from '../support/live-client.ts';
import { type TransportWorld, createTransportWorld } from './transport-world.ts';

let world: TransportWorld;
let isAway = false;
let credentials: { readonly authorization: string };

beforeEach(async () => {
  isAway = false;
  const store = createMemoryStore();
  world = await createTransportWorld({
    store: {
      ...store,
      members: {
        ...store.members,
        peek(id) {
          if (isAway) throw new ProblemError(problem('UNAVAILABLE', 'The store cannot be reached.', { retryAfterSeconds: 1 }));
          return store.members.peek?.(id) ?? null;
        },
      },
    },
  });
  const { token } = await world.create();
  credentials = { authorization: `Bearer ${token}` };
});
afterEach(() => world[Symbol.asyncDispose]());

const document = 'subscription { sessionEvents { __typename } }';

describe('while the store is away', () => {
  beforeEach(() => {
    isAway = true;
  });

  test('a WebSocket is closed with a code after which clients come back', async () => {
    const stream = follow(world.url, document, {}, credentials);
    expect(await stream.ended).toMatchObject({ code: 1013, reason: 'UNAVAILABLE' });
    isAway = false;
    const again = follow(world.url, document, {}, credentials);
    expect(await again.until(() => true)).toEqual({ __typename: 'StreamOpened' });
    await again.stop();
  });

  test('a request is answered with 503', async () => {
    const { status, errors } = await post(world.url, '{ viewer { kind } }', {}, credentials);
    expect([status, errors?.[0]?.extensions?.['code']]).toEqual([503, 'UNAVAILABLE']);
  });

  test('a request for server-sent events is answered with 503', async () => {
    expect(await followSse(world.url, document, {}, credentials).ended).toMatchObject({ status: 503 });
  });

  test('the answer says when to come back', async () => {
    const response = await fetch(`${world.url}/graphql`, { headers: { ...credentials, accept: 'text/event-stream' } });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });
});
