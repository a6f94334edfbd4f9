import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TransportWorld, createTransportWorld } from './transport-world.ts';

let world: TransportWorld;
beforeAll(async () => {
  world = await createTransportWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const audits = serverAudits({
  url: () => `${world.url}/graphql`,
  // What the gateway asks of clients that could be web pages.
  fetchFn(url: string, init?: RequestInit) {
    const headers = new Headers(init?.headers);
    headers.set('apollo-require-preflight', 'yes');
    return fetch(url, { ...init, headers });
  },
});

describe('GraphQL over HTTP', () => {
  test('has 61 audits', () => {
    expect(audits).toHaveLength(61);
  });

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
    const result = await audit.fn();
    if ('response' in result) await result.response.text().catch(() => {});
    expect('reason' in result ? `${result.status}: ${result.reason}` : result.status).toBe('ok');
  });
});
