import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { createCluster, readiness } from '../support/cluster.ts';
import { type Admitted, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, type Following, ofType } from '../support/live-client.ts';
import { createLossyProxy } from '../support/lossy-proxy.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';
import { connectPeer } from '../support/ws-peer.ts';

const unavailable = { code: 'UNAVAILABLE', status: 503, retryAfterSeconds: 1 };

/** With these, a store that does not answer is given up after 7 seconds at most; the bound is for machines that have much to do. */
const short = { PARLEY_STORE_WAIT_MS: '1000', PARLEY_STORE_STATEMENT_MS: '1000' };
const bounded = { timeout: 60_000 };

const send = (url: string, { credentials, sessionId }: Admitted, content: string): Promise<any> =>
  mutate(
    url,
    'sendMessage',
    { sessionId, content, idempotencyKey: content },
    '... on MessageDelivery { message { content } }',
    credentials,
  );

const sending = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  __typename ... on MessageDelivery { message { content } } ... on Problem { code status retryAfterSeconds } } }`;

/** The same where it may fail: what it was answered, or the extensions of the error where it could not even be told who asks. */
async function trySend(url: string, { credentials }: Admitted, content: string): Promise<any> {
  const { data, errors } = await post(url, sending, { input: { content, idempotencyKey: content } }, credentials);
  return errors?.[0]?.extensions ?? data.sendMessage;
}

const contentsOf = ({ events }: Following): readonly string[] =>
  events.filter(ofType('MessageAdded')).map(({ message }) => message.content);

/** The contents of a session's messages, as stored. */
async function storedAt(url: string, { credentials }: Admitted): Promise<readonly string[]> {
  const { currentSession } = await query(url, '{ currentSession { messages(first: 100) { nodes { content } } } }', {}, credentials);
  return currentSession.messages.nodes.map(({ content }: any) => content);
}

describe.skipIf(postgresIsMissing)(`a store that does not answer${needsPostgres}`, { timeout: 180_000 }, () => {
  const database = postgresOfFile();

  test('costs the gateway that it does not answer, which says so, and no other', async () => {
    const url = await database.freshUrl();
    await using proxy = await createLossyProxy(database.port);
    const stalling = new URL(url);
    stalling.port = String(proxy.port);
    await using cluster = await createCluster(url, { PARLEY_BUS_DRIVER: 'postgres', PARLEY_BUS_URL: url, ...short });
    const [well, ill] = await Promise.all([cluster.start(), cluster.start({ PARLEY_STORE_URL: stalling.href })]);

    const host = await createSession(well.url);
    const ann = await joinSession(well.url, { sessionId: host.sessionId, identity: { name: 'Ann' } });
    const ben = await joinSession(well.url, { sessionId: host.sessionId, identity: { name: 'Ben' } });
    const [here, there] = [follow(well.url, allEvents, {}, host.credentials), follow(ill.url, allEvents, {}, host.credentials)];
    await Promise.all([here, there].map((each) => each.until(ofType('StreamOpened'))));
    const asBen = await connectPeer(ill.url);
    await asBen.init(ben.credentials);

    // Some of these are under way, all over one session, when nothing gets through any more.
    const caught = Array.from({ length: 10 }, (_, index) => trySend(ill.url, ann, `caught-${index}`));
    proxy.stall();

    // The others go on, in the same session: nothing is locked that they need.
    const sent = Array.from({ length: 20 }, (_, index) => `sent-${index}`);
    for (const content of sent) expect(await send(well.url, host, content)).toMatchObject({ message: { content } });
    await here.until(({ message }) => message?.content === 'sent-19');
    expect(await readiness(well.url)).toMatchObject({ code: 200, checks: { store: 'up', bus: 'up' } });

    // This one says how it is, at once and to everybody.
    expect(await readiness(ill.url)).toMatchObject({ code: 503, checks: { store: 'down', bus: 'up' } });
    expect((await fetch(`${ill.url}/health/live`)).status).toBe(200);
    const [asMember, asNobody, mutations, exclusive, refused] = await Promise.all([
      fetch(`${ill.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...ann.credentials },
        body: JSON.stringify({ query: '{ viewer { kind } }' }),
      }),
      post(ill.url, '{ sessions(first: 1) { totalCount } }'),
      Promise.all(caught),
      // One after the other, each of which would wait for as long by itself.
      Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          mutate(ill.url, 'joinSession', { sessionId: host.sessionId, identity: { name: `Late ${index}` } }, ''),
        ),
      ),
      connectPeer(ill.url).then(async (peer) => {
        peer.send({ type: 'connection_init', payload: ann.credentials });
        return peer.closed;
      }),
    ]);
    expect([asMember.status, asMember.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await asMember.json()).toMatchObject({ errors: [{ extensions: unavailable }] });
    expect(asNobody).toMatchObject({ status: 200, errors: [{ extensions: unavailable }] });
    // Those that were on their way before have their answers, or do not know theirs.
    const unanswered = mutations.filter(({ __typename }) => __typename !== 'MessageDelivery');
    for (const result of unanswered) expect(result).toMatchObject(unavailable);
    for (const result of exclusive) expect(result).toMatchObject({ __typename: 'Problem', ...unavailable });
    // After this code clients come back.
    expect(refused).toBe('1013 UNAVAILABLE');

    // By itself, when the network does.
    await mutate(well.url, 'kickMember', { memberId: ben.memberId }, '', host.credentials);
    proxy.resume();
    await expect.poll(() => readiness(ill.url), bounded).toMatchObject({ code: 200 });
    expect(await asBen.closed).toBe('4401 UNAUTHENTICATED');
    // What was not answered is sent again under its key, and is there once.
    for (let index = 0; index < caught.length; index += 1) {
      expect(await send(ill.url, ann, `caught-${index}`)).toMatchObject({ __typename: 'MessageDelivery' });
    }
    const stored = await storedAt(well.url, host);
    expect(stored.toSorted()).toEqual([...sent, ...caught.map((_, index) => `caught-${index}`)].toSorted());
    await expect.poll(() => contentsOf(there), bounded).toEqual(stored);
    await expect.poll(() => contentsOf(here), bounded).toEqual(stored);
    await Promise.all([here.stop(), there.stop()]);

    // Nor does it keep the gateway from stopping.
    proxy.stall();
    expect(await readiness(ill.url)).toMatchObject({ code: 503 });
    expect(await ill.end('SIGTERM')).toBe(0);
  });

  test('for it has too much to do makes requests wait for a bounded time, and readiness say so', async () => {
    const url = await database.freshUrl();
    // A statement that waits for a lock holds its connection for longer than anybody waits for one.
    await using cluster = await createCluster(url, { ...short, PARLEY_STORE_STATEMENT_MS: '4000', PARLEY_STORE_POOL_SIZE: '2' });
    const gateway = await cluster.start();
    const sessions = await Promise.all([createSession(gateway.url), createSession(gateway.url), createSession(gateway.url)]);
    const [one, two, other] = sessions;
    const holder = new Client({ connectionString: url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM sessions WHERE id = ANY($1) FOR UPDATE', [[one.sessionId, two.sessionId]]);

    // Each connection waits for a lock for as long as it may, one statement after the other.
    const busy = new AbortController();
    const results: any[] = [];
    const keepBusy = async (name: string, session: Admitted): Promise<void> => {
      for (let number = 0; !busy.signal.aborted; number += 1) results.push(await trySend(gateway.url, session, `${name}-${number}`));
    };
    const work = Promise.all(Array.from({ length: 20 }, (_, index) => keepBusy(`${index}`, index % 2 === 0 ? one : two)));
    await expect.poll(() => readiness(gateway.url), bounded).toMatchObject({ code: 503, checks: { store: 'down' } });
    const memory = memoryOf(gateway.pid);
    // Far more at once than there are connections: each is answered.
    const flood = await Promise.all(
      Array.from({ length: 400 }, (_, index) => post(gateway.url, `{ session(id: "${other.sessionId}") { id title } } # ${index % 3}`)),
    );
    const refused = flood.filter(({ errors }) => errors !== undefined);
    expect(refused.length).toBeGreaterThan(0);
    for (const { errors } of refused) for (const error of errors ?? []) expect(error.extensions).toMatchObject(unavailable);
    expect(memoryOf(gateway.pid) - memory).toBeLessThan(300);
    await expect.poll(() => results.length, bounded).toBeGreaterThan(20);
    for (const result of results) expect(result).toMatchObject(unavailable);

    await holder.query('COMMIT');
    await holder.end();
    busy.abort();
    await work;
    await expect.poll(() => readiness(gateway.url), bounded).toMatchObject({ code: 200 });
    for (const session of sessions) expect(await send(gateway.url, session, 'after')).toMatchObject({ __typename: 'MessageDelivery' });
  });
});

/** MiB that the process has in memory. */
const memoryOf = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
