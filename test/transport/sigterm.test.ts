import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { createSession } from '../support/graphql-client.ts';
import { eventsDocument } from '../live/live-world.ts';
import { connect, opened } from './transport-world.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-sigterm-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test('a gateway that is told to stop answers what it was asked, closes subscriptions with 1001, and ends with 0', async () => {
  await using gateway = await startGatewayProcess({ dataDir });
  const { url } = gateway;
  const host = await createSession(url);
  using peer = await connect(url);
  await peer.init(host.credentials);
  peer.subscribe('1', eventsDocument);
  await opened(peer, '1');
  // Each takes a while to hash: they are on their way to being answered when the signal comes.
  const body = JSON.stringify({
    query: 'mutation ($input: CreateSessionInput!) { createSession(input: $input) { __typename } }',
    variables: { input: { rules: { password: 'sesame' } } },
  });
  const requests = Array.from({ length: 12 }, () =>
    request(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' } }),
  );
  const answers = requests.map((asked) => once(asked, 'response') as Promise<[IncomingMessage]>);
  await Promise.all(requests.map((asked) => once(asked.end(body), 'finish')));
  const code = gateway.end('SIGTERM');
  for (const [response] of await Promise.all(answers)) {
    const text = await response.setEncoding('utf8').reduce((whole: string, chunk: string) => whole + chunk, '');
    expect([response.statusCode, JSON.parse(text)]).toEqual([200, { data: { createSession: { __typename: 'SessionAdmission' } } }]);
  }
  expect(await peer.closed).toEqual({ code: 1001, reason: 'Going away' });
  expect(await code).toBe(0);
});
