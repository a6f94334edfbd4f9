import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { createClient } from 'graphql-ws';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createCluster } from '../support/cluster.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { type Admitted, createSession, joinSession } from '../support/graphql-client.ts';
import { followSse } from '../support/live-client.ts';
import { createLoadBalancer } from '../support/load-balancer.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

/** What clients have seen that they should not have. */
type Failures = unknown[];

interface Clients {
  readonly url: string;
  readonly failures: Failures;
  readonly signal: AbortSignal;
  /** Connections that were closed on somebody who waited for something. */
  closes: number;
}

const sending = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  __typename ... on MessageDelivery { message { content } } ... on Problem { code detail } } }`;

/** One operation over HTTP; null where the connection was closed instead of an answer. */
async function ask(clients: Clients, agent: Agent, body: object, { credentials }: Admitted): Promise<any> {
  const asked = request(`${clients.url}/graphql`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', ...credentials },
  });
  try {
    asked.end(JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const text = await response.setEncoding('utf8').reduce((whole: string, chunk: string) => whole + chunk, '');
    const answer = JSON.parse(text);
    if (response.statusCode !== 200 || answer.errors !== undefined) clients.failures.push({ status: response.statusCode, answer });
    return answer.data;
  } catch (error) {
    // Whatever is no closing is a failure.
    if (!['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ECONNABORTED'].includes((error as { code?: string }).code ?? ''))
      clients.failures.push(error);
    clients.closes += 1;
    return null;
  }
}

async function query(clients: Clients, member: Admitted): Promise<number> {
  using agent = agentOf();
  let answers = 0;
  while (!clients.signal.aborted) {
    const data = await ask(clients, agent.agent, { query: '{ currentSession { members(first: 5) { totalCount } } }' }, member);
    if (data === null) continue;
    answers += 1;
    if (data?.currentSession?.members?.totalCount !== 5) clients.failures.push(data);
  }
  return answers;
}

/** Sends without end; what was not answered is sent again under its key. */
async function send(clients: Clients, name: string, member: Admitted, acknowledged: string[]): Promise<void> {
  using agent = agentOf();
  for (let number = 0; !clients.signal.aborted; number += 1) {
    const content = `${name}-${number}`;
    const variables = { input: { content, idempotencyKey: content } };
    for (let data = null; data === null;) {
      data = await ask(clients, agent.agent, { query: sending, variables }, member);
      if (data !== null && data?.sendMessage?.message?.content !== content) clients.failures.push(data);
    }
    acknowledged.push(content);
  }
}

function agentOf(): Disposable & { readonly agent: Agent } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}

const socketTo = (clients: Clients, { credentials }: Admitted): ReturnType<typeof createClient> =>
  createClient({
    url: `${clients.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: credentials,
    retryAttempts: 0,
    lazy: true,
    lazyCloseTimeout: 60_000,
  });

/** 1001 is what a gateway says that goes away; 1006 stands for a connection that ends without a word. */
function noteClosing(clients: Clients, error: unknown): void {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 1001 || code === 1006 || isLostConnection(error)) clients.closes += 1;
  else clients.failures.push(error);
}

const isLostConnection = (error: unknown): boolean =>
  /socket hang up|ECONNRESET|ECONNREFUSED/.test(String((error as any)?.message ?? error));

/** The same over one WebSocket after the other. */
async function sendOverSocket(clients: Clients, name: string, member: Admitted, acknowledged: string[]): Promise<void> {
  let client = socketTo(clients, member);
  for (let number = 0; !clients.signal.aborted; number += 1) {
    const content = `${name}-${number}`;
    const variables = { input: { content, idempotencyKey: content } };
    for (let sent = false; !sent;) {
      try {
        for await (const { data, errors } of client.iterate<any>({ query: sending, variables })) {
          sent = data?.sendMessage?.message?.content === content;
          if (!sent) clients.failures.push({ data, errors });
        }
      } catch (error) {
        noteClosing(clients, error);
        client.terminate();
        client = socketTo(clients, member);
      }
    }
    acknowledged.push(content);
  }
  await client.dispose();
}

interface Seen {
  readonly cursor: string;
  readonly content: string;
}

const following = `subscription ($after: String) { sessionEvents(after: $after, types: [MESSAGE_ADDED]) {
  __typename cursor ... on StreamOpened { recovered } ... on MessageAdded { message { content } } } }`;

function note(clients: Clients, seen: Seen[], event: any): void {
  if (event?.__typename === 'MessageAdded') seen.push({ cursor: event.cursor, content: event.message.content });
  else if (event?.__typename !== 'StreamOpened' || event.recovered === false) clients.failures.push(event);
}

/** Follows until it is told to stop, and comes back by the cursor of the last event. */
async function followSocket(clients: Clients, member: Admitted, seen: Seen[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const client = socketTo(clients, member);
    const end = (): void => void client.dispose();
    stop.addEventListener('abort', end);
    try {
      const variables = { after: seen.at(-1)?.cursor ?? member.cursor };
      for await (const { data, errors } of client.iterate<any>({ query: following, variables })) {
        note(clients, seen, errors === undefined ? data?.sessionEvents : { errors });
      }
    } catch (error) {
      if (!stop.aborted) noteClosing(clients, error);
    } finally {
      stop.removeEventListener('abort', end);
      client.terminate();
    }
  }
}

async function followEvents(clients: Clients, member: Admitted, seen: Seen[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const variables = { after: seen.at(-1)?.cursor ?? member.cursor };
    const stream = followSse(clients.url, following, variables, member.credentials, (event) => note(clients, seen, event));
    const end = (): void => void stream.stop();
    stop.addEventListener('abort', end);
    const outcome = await stream.ended;
    stop.removeEventListener('abort', end);
    if (!(outcome instanceof Error)) clients.failures.push(outcome);
    else if (!stop.aborted) clients.closes += 1;
  }
}

describe.skipIf(postgresIsMissing)(`a rolling restart${needsPostgres}`, () => {
  const database = postgresOfFile();

  test('fails no request and loses no event: clients repeat what was closed on them, and resume', { timeout: 300_000 }, async () => {
    const url = await database.freshUrl();
    await using cluster = await createCluster(url, {
      PARLEY_BUS_DRIVER: 'postgres',
      PARLEY_BUS_URL: url,
      PARLEY_DRAIN_DELAY_SECONDS: '2',
    });
    const gateways: GatewayProcess[] = await Promise.all([cluster.start(), cluster.start(), cluster.start()]);
    await using balancer = await createLoadBalancer(gateways.map((gateway) => gateway.url));
    await expect.poll(() => balancer.ready.size, { timeout: 30_000 }).toBe(3);

    const host = await createSession(balancer.url);
    const join = (name: string): Promise<Admitted> => joinSession(balancer.url, { sessionId: host.sessionId, identity: { name } });
    const members = [await join('Ann'), await join('Ben'), await join('Cem'), await join('Dee')] as const;
    const [ann, ben, cem, dee] = members;
    const done = new AbortController();
    const stop = new AbortController();
    const clients: Clients = { url: balancer.url, failures: [], signal: done.signal, closes: 0 };
    const acknowledged: string[] = [];
    const work = Promise.all([
      query(clients, host),
      query(clients, ann),
      send(clients, 'ann', ann, acknowledged),
      send(clients, 'ben', ben, acknowledged),
      sendOverSocket(clients, 'cem', cem, acknowledged),
    ]);
    const seen: readonly Seen[][] = [[], [], [], []];
    const follow = Promise.all([
      followSocket(clients, host, seen[0] ?? [], stop.signal),
      followSocket(clients, dee, seen[1] ?? [], stop.signal),
      followEvents(clients, host, seen[2] ?? [], stop.signal),
      followEvents(clients, dee, seen[3] ?? [], stop.signal),
    ]);

    const codes: (number | null)[] = [];
    for (const [index, gateway] of gateways.entries()) {
      const before = acknowledged.length;
      await expect.poll(() => acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(before + 50);
      codes.push(await gateway.end('SIGTERM'));
      expect(balancer.ready.has(gateway.url)).toBe(false);
      gateways[index] = await cluster.start({}, Number(new URL(gateway.url).port));
      await expect.poll(() => balancer.ready.has(gateway.url), { timeout: 30_000 }).toBe(true);
    }
    expect(codes).toEqual([0, 0, 0]);
    done.abort();
    const [answers] = await work;
    await expect.poll(() => seen.map((each) => each.length), { timeout: 60_000 }).toEqual(seen.map(() => acknowledged.length));
    stop.abort();
    await follow;

    expect(clients.failures).toEqual([]);
    expect(answers).toBeGreaterThan(50);
    expect(clients.closes).toBeGreaterThan(0);
    const [first = []] = seen;
    expect(first.map(({ content }) => content).toSorted()).toEqual(acknowledged.toSorted());
    for (const other of seen.slice(1)) expect(other).toEqual(first);
  });
});
