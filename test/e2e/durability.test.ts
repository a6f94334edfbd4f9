import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type GatewayProcess, freePort, startGatewayProcess } from '../support/gateway-process.ts';
import { type Admitted, createSession, joinSession, mutate, query } from '../support/graphql-client.ts';

const kills = 20;
const senders = 4;
const subscribers = 4;

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-durability-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

/** Sends without end; a message whose acknowledgement was lost is sent again under its key. */
async function send(url: string, member: Admitted, name: string, acknowledged: string[], signal: AbortSignal): Promise<void> {
  for (let number = 0; !signal.aborted; number += 1) {
    const content = `${name}-${number}`;
    for (let sent = false; !sent;) {
      const input = { content, idempotencyKey: content };
      const result = await mutate(url, 'sendMessage', input, '... on MessageDelivery { message { content } }', member.credentials).catch(
        () => null,
      );
      sent = result?.__typename === 'MessageDelivery';
      if (result !== null && !sent) throw new Error(JSON.stringify(result));
      // The gateway is down: the only thing to wait for is that it comes back.
      if (!sent) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    acknowledged.push(content);
  }
}

interface Seen {
  readonly cursor: string;
  readonly content: string | undefined;
  readonly type: string;
}

/** Follows the session and comes back by the cursor of the last event whenever its socket breaks. */
function follow(url: string, member: Admitted, seen: Seen[], unrecovered: string[], signal: AbortSignal): Promise<void> {
  const source = `subscription ($after: String) { sessionEvents(after: $after) {
    __typename cursor ... on StreamOpened { recovered } ... on MessageAdded { message { content } } } }`;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const client = createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: member.credentials,
        retryAttempts: 0,
      });
      const stop = (): void => client.terminate();
      signal.addEventListener('abort', stop);
      try {
        for await (const { data } of client.iterate<any>({ query: source, variables: { after: seen.at(-1)?.cursor ?? member.cursor } })) {
          const event = data.sessionEvents;
          if (event.__typename !== 'StreamOpened')
            seen.push({ cursor: event.cursor, content: event.message?.content, type: event.__typename });
          else if (!event.recovered) unrecovered.push(event.cursor);
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      } finally {
        signal.removeEventListener('abort', stop);
        await client.dispose();
      }
    }
  };
  return run();
}

async function history(url: string, member: Admitted): Promise<string[]> {
  const contents: string[] = [];
  for (let after: string | null = null; ;) {
    const { currentSession } = await query(
      url,
      'query ($after: String) { currentSession { messages(first: 100, after: $after) { nodes { content } pageInfo { hasNextPage endCursor } } } }',
      { after },
      member.credentials,
    );
    contents.push(...currentSession.messages.nodes.map((node: any) => node.content));
    if (!currentSession.messages.pageInfo.hasNextPage) return contents;
    after = currentSession.messages.pageInfo.endCursor;
  }
}

test(`what was acknowledged outlives ${kills} kills, and those who resume miss nothing`, { timeout: 180_000 }, async () => {
  const port = await freePort();
  let gateway: GatewayProcess = await startGatewayProcess({ dataDir, port });
  try {
    const { url } = gateway;
    const host = await createSession(url, { title: 'Durable' });
    const acknowledged: string[] = [];
    const unrecovered: string[] = [];
    const sendersEnd = new AbortController();
    const followersEnd = new AbortController();
    const members = await Promise.all(
      Array.from({ length: senders }, (_, index) => joinSession(url, { sessionId: host.sessionId, identity: { name: `sender ${index}` } })),
    );
    const sending = members.map((member, index) => send(url, member, `m${index}`, acknowledged, sendersEnd.signal));
    const seen: Seen[][] = Array.from({ length: subscribers }, () => []);
    const following = seen.map((list) => follow(url, host, list, unrecovered, followersEnd.signal));

    for (let round = 0; round < kills; round += 1) {
      const before = acknowledged.length;
      // Killed in the middle of the work: once some more have been acknowledged.
      while (acknowledged.length < before + 20 + 7 * (round % 5))
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 5)), ...sending]);
      await gateway.end('SIGKILL');
      gateway = await startGatewayProcess({ dataDir, port });
    }
    sendersEnd.abort();
    await Promise.all(sending);

    const stored = await history(url, host);
    expect(new Set(stored).size).toBe(stored.length);
    expect(stored.toSorted()).toEqual(acknowledged.toSorted());

    // The last message is the last event, so a follower that has seen it has seen all it will.
    const last = stored.at(-1);
    for (const list of seen) while (list.at(-1)?.content !== last) await new Promise((resolve) => setTimeout(resolve, 20));
    followersEnd.abort();
    await Promise.all(following);
    for (const list of seen) expect(list.filter(({ type }) => type === 'MessageAdded').map(({ content }) => content)).toEqual(stored);
    for (const list of seen) expect(list.filter(({ type }) => type === 'MemberJoined')).toHaveLength(senders);
    expect(unrecovered).toEqual([]);
  } finally {
    await gateway[Symbol.asyncDispose]();
  }
});
