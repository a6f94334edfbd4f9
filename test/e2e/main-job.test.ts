import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient as createSseClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { bearer, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';

let dataDir: string;
let gateway: GatewayProcess;
let url: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-main-job-'));
  gateway = await startGatewayProcess({ dataDir });
  ({ url } = gateway);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

const change = '... on SessionChange { session { id status title expiresAt renewalCount } }';
const removal = '... on MemberRemoval { session { id } member { id status } }';
const delivery = '... on MessageDelivery { message { id content options attachments { url } inReplyTo { id } } reply { id } }';

describe('a session from its creation to its end', () => {
  test('two clients meet, talk, and one removes the other', async () => {
    const host = await createSession(url, {
      title: 'Stand-up',
      identity: { name: 'Ada' },
      rules: { maxMembers: 3, password: 'open sesame' },
    });
    const stream = follow(url, allEvents, {}, host.credentials);
    expect(await stream.until(ofType('StreamOpened'))).toMatchObject({
      recovered: true,
      session: { id: host.sessionId, status: 'ACTIVE' },
    });

    const refused = await mutate(url, 'joinSession', { sessionId: host.sessionId, password: 'guess' }, '__typename');
    expect(refused).toMatchObject({ __typename: 'Problem', code: 'WRONG_PASSWORD', status: 401 });
    const guest = await joinSession(url, { sessionId: host.sessionId, password: 'open sesame', identity: { name: 'Grace' } });
    expect(await stream.until(ofType('MemberJoined'))).toMatchObject({ member: { id: guest.memberId, name: 'Grace' } });

    const guestStream = follow(url, allEvents, {}, guest.credentials);
    await guestStream.until(ofType('StreamOpened'));
    const sent = await mutate(url, 'sendMessage', { content: 'Good morning 👋' }, delivery, guest.credentials);
    expect(sent.message.content).toBe('Good morning 👋');
    for (const each of [stream, guestStream]) {
      expect(await each.until(ofType('MessageAdded'))).toMatchObject({
        message: { id: sent.message.id, content: 'Good morning 👋', author: { name: 'Grace' } },
      });
    }

    const online =
      'query ($id: ID!) { session(id: $id) { members { totalCount nodes { name role online } } messages { nodes { content } } me { name } } }';
    const seen = await query(url, online, { id: host.sessionId }, host.credentials);
    expect(seen.session).toEqual({
      members: {
        totalCount: 2,
        nodes: [
          { name: 'Ada', role: 'HOST', online: true },
          { name: 'Grace', role: 'MEMBER', online: true },
        ],
      },
      messages: { nodes: [{ content: 'Good morning 👋' }] },
      me: { name: 'Ada' },
    });

    const kicked = await mutate(url, 'kickMember', { memberId: guest.memberId, reason: 'Off topic' }, removal, host.credentials);
    expect(kicked.member).toEqual({ id: guest.memberId, status: 'KICKED' });
    // The last event first, then the end.
    expect(await guestStream.until(ofType('MemberKicked'))).toMatchObject({
      member: { id: guest.memberId },
      by: { id: host.memberId },
      reason: 'Off topic',
    });
    expect(await guestStream.ended).toBe('complete');
    expect(await stream.until(ofType('MemberKicked'))).toMatchObject({ reason: 'Off topic' });
    const after = await post(url, '{ currentSession { id } }', {}, guest.credentials);
    expect(after.status).toBe(401);
    expect(after.errors?.[0]?.extensions?.['code']).toBe('KICKED');
    const again = await mutate(
      url,
      'joinSession',
      { sessionId: host.sessionId, password: 'open sesame', identity: { name: 'Grace' } },
      '__typename',
    );
    expect(again.code).toBe('KICKED');

    const ended = await mutate(url, 'endSession', { reason: 'Done' }, change, host.credentials);
    expect(ended.session.status).toBe('ENDED');
    expect(await stream.until(ofType('SessionEnded'))).toMatchObject({ by: { id: host.memberId }, reason: 'Done' });
    expect(await stream.ended).toBe('complete');
    expect(await mutate(url, 'sendMessage', { content: 'too late' }, delivery, host.credentials)).toMatchObject({
      code: 'ENDED',
      status: 410,
    });
    // Reads go on.
    expect((await query(url, '{ currentSession { status messages { totalCount } } }', {}, host.credentials)).currentSession).toEqual({
      status: 'ENDED',
      messages: { totalCount: 1 },
    });
    await Promise.all([stream.stop(), guestStream.stop()]);
  });

  test('a warning and the expiry come on time, and close the stream', async () => {
    const host = await createSession(url, { rules: { timeout: { timeoutSeconds: 2, autoRenew: false, warningSeconds: 1 } } });
    const stream = follow(url, allEvents, {}, host.credentials);
    const before = await query(url, '{ currentSession { expiresAt } }', {}, host.credentials);
    const due = Date.parse(before.currentSession.expiresAt);
    const warning = await stream.until(ofType('SessionExpiring'));
    const expiry = await stream.until(ofType('SessionExpired'));
    expect(await stream.ended).toBe('complete');
    expect(warning.secondsLeft).toBe(1);
    for (const [event, instant] of [
      [warning, due - 1_000],
      [expiry, due],
    ]) {
      const late = Date.parse(event.occurredAt) - instant;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(250);
    }
    expect(await mutate(url, 'heartbeatSession', {}, change, host.credentials)).toMatchObject({ code: 'EXPIRED', status: 410 });
    expect((await query(url, '{ currentSession { status } }', {}, host.credentials)).currentSession.status).toBe('EXPIRED');
    await stream.stop();
  });

  test('settings change, renewals count, messages are cleared', async () => {
    const host = await createSession(url, {
      defaults: { chain: 'ethereum', tone: 'dry' },
      metadata: { a: 1, b: 2 },
      rules: { timeout: { timeoutSeconds: 600 } },
    });
    const stream = follow(url, allEvents, {}, host.credentials);
    await stream.until(ofType('StreamOpened'));
    const input = { title: 'New', metadata: { b: null, c: 3 }, rules: { maxMembers: 5 } };
    await mutate(url, 'updateSession', input, change, host.credentials);
    expect((await stream.until(ofType('SessionUpdated'))).changed.toSorted()).toEqual(['metadata', 'rules.maxMembers', 'title']);
    const shown = await query(
      url,
      '{ currentSession { title metadata defaults rules { maxMembers timeout { timeoutSeconds autoRenew } } } }',
      {},
      host.credentials,
    );
    expect(shown.currentSession).toEqual({
      title: 'New',
      metadata: { a: 1, c: 3 },
      defaults: { chain: 'ethereum', tone: 'dry' },
      rules: { maxMembers: 5, timeout: { timeoutSeconds: 600, autoRenew: true } },
    });
    expect((await mutate(url, 'renewSession', {}, change, host.credentials)).session.renewalCount).toBe(1);
    await stream.until(ofType('SessionRenewed'));
    const sent = await mutate(url, 'sendMessage', { content: 'x', options: { chain: 'base' } }, delivery, host.credentials);
    expect(sent.message.options).toEqual({ chain: 'base', tone: 'dry' });
    expect(sent.reply).toBeNull();
    expect(await mutate(url, 'sendMessage', { content: 'x', awaitReply: true }, delivery, host.credentials)).toMatchObject({
      code: 'UNSUPPORTED',
    });
    await mutate(url, 'clearMessages', {}, change, host.credentials);
    await stream.until(ofType('MessagesCleared'));
    expect(
      (await query(url, '{ currentSession { messages { totalCount } } }', {}, host.credentials)).currentSession.messages.totalCount,
    ).toBe(0);
    await mutate(url, 'replaceSession', { title: 'Bare' }, change, host.credentials);
    const bare = await query(
      url,
      '{ currentSession { title metadata expiresAt rules { maxMembers timeout { autoRenew } } } }',
      {},
      host.credentials,
    );
    expect(bare.currentSession).toEqual({ title: 'Bare', metadata: {}, expiresAt: null, rules: { maxMembers: null, timeout: null } });
    await stream.stop();
  });

  test('the same stream over server-sent events', async () => {
    const host = await createSession(url);
    const client = createSseClient({ url: `${url}/graphql`, headers: host.credentials, retryAttempts: 0 });
    const events = client.iterate<any>({ query: allEvents });
    const next = async () => (await events.next()).value?.data?.sessionEvents;
    expect((await next()).__typename).toBe('StreamOpened');
    await mutate(url, 'sendMessage', { content: 'over SSE' }, delivery, host.credentials);
    expect(await next()).toMatchObject({ __typename: 'MessageAdded', message: { content: 'over SSE' } });
    await mutate(url, 'endSession', {}, change, host.credentials);
    expect((await next()).__typename).toBe('SessionEnded');
    expect((await events.next()).done).toBe(true);
    client.dispose();
  });

  test('a cursor brings back what was missed, in order, and goes on live', async () => {
    const host = await createSession(url);
    for (const content of ['1', '2', '3']) await mutate(url, 'sendMessage', { content }, delivery, host.credentials);
    const stream = follow(url, allEvents, { after: host.cursor }, host.credentials);
    await stream.until((event) => event.message?.content === '3');
    await mutate(url, 'sendMessage', { content: '4' }, delivery, host.credentials);
    await stream.until((event) => event.message?.content === '4');
    expect(stream.events.map((event) => event.message?.content ?? event.__typename)).toEqual(['StreamOpened', '1', '2', '3', '4']);
    const middle = stream.events[2].cursor;
    const resumed = follow(url, allEvents, { after: middle }, host.credentials);
    await resumed.until((event) => event.message?.content === '4');
    expect(resumed.events.map((event) => event.message?.content ?? event.__typename)).toEqual(['StreamOpened', '3', '4']);
    await Promise.all([stream.stop(), resumed.stop()]);
  });
});

describe('races over the public API', () => {
  test('200 joins of a session with capacity 10 admit 9 beside the host', async () => {
    const host = await createSession(url, { rules: { maxMembers: 10 } });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        mutate(
          url,
          'joinSession',
          { sessionId: host.sessionId, identity: { name: `m${index}` } },
          '... on SessionAdmission { member { id } }',
        ),
      ),
    );
    expect(answers.filter(ofType('SessionAdmission'))).toHaveLength(9);
    expect(answers.filter(({ code }) => code === 'SESSION_FULL')).toHaveLength(191);
    expect(
      (await query(url, '{ currentSession { members { totalCount } } }', {}, host.credentials)).currentSession.members.totalCount,
    ).toBe(10);
  });

  test('an anonymous idempotency key makes one session, and its credentials are given once', async () => {
    const input = { title: 'Once', idempotencyKey: crypto.randomUUID() };
    const admission = '... on SessionAdmission { session { id } credentials { token } }';
    const answers = await Promise.all(Array.from({ length: 50 }, () => mutate(url, 'createSession', input, admission)));
    expect(answers.filter(ofType('SessionAdmission'))).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'CONFLICT')).toHaveLength(49);
  });

  test('a key that a member sends 50 times makes one message', async () => {
    const host = await createSession(url);
    const input = { content: 'once', idempotencyKey: 'k' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => mutate(url, 'sendMessage', input, delivery, host.credentials)));
    expect(new Set(answers.map(({ message }) => message.id)).size).toBe(1);
    expect(await mutate(url, 'sendMessage', { ...input, content: 'other' }, delivery, host.credentials)).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      status: 409,
    });
    expect(
      (await query(url, '{ currentSession { messages { totalCount } } }', {}, host.credentials)).currentSession.messages.totalCount,
    ).toBe(1);
  });
});

test('sessions that ran out while the gateway was down expire at its start, once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-overdue-'));
  try {
    const first = await startGatewayProcess({ dataDir: dir });
    const host = await createSession(first.url, { rules: { lifetimeSeconds: 1 } });
    await first.end('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const second = await startGatewayProcess({ dataDir: dir });
    const stream = follow(second.url, allEvents, { after: host.cursor }, bearer(host.token));
    await stream.until(ofType('SessionExpired'));
    expect(await stream.ended).toBe('complete');
    await second.end('SIGKILL');
    const third = await startGatewayProcess({ dataDir: dir });
    const replay = follow(third.url, allEvents, { after: host.cursor }, bearer(host.token));
    expect(await replay.ended).toBe('complete');
    expect(replay.events.filter(ofType('SessionExpired'))).toHaveLength(1);
    await Promise.all([stream.stop(), replay.stop()]);
    await third[Symbol.asyncDispose]();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
