import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, unchanged } from '../support/bad-input.ts';
import { gatewaysOfFile } from '../support/gateway-of-file.ts';
import { type Admitted, createSession, joinSession, mutate, post, query } from '../support/graphql-client.ts';
import { allEvents, follow, ofType } from '../support/live-client.ts';
import { createWallet, signIn } from '../support/wallet.ts';
import { connectPeer } from '../support/ws-peer.ts';

// Two gateways, two stores.
const { gateway, elsewhere } = gatewaysOfFile({ gateway: {}, elsewhere: {} });

let host: Admitted;
let guest: Admitted;
/** The host of another session, and a message there; and the host of a session in the other store. */
let other: Admitted;
let otherMessage: string;
let foreign: Admitted;
beforeAll(async () => {
  const { url } = gateway;
  host = await createSession(url, { title: 'Kept' });
  guest = await joinSession(url, { sessionId: host.sessionId, identity: { name: 'Grace' } });
  other = await createSession(url, { title: 'Other' });
  otherMessage = (await mutate(url, 'sendMessage', { content: 'there' }, delivery, other.credentials)).message.id;
  foreign = await createSession(elsewhere.url, { title: 'Elsewhere' });
});

const change = '... on SessionChange { session { id } }';
const delivery = '... on MessageDelivery { message { id } }';

describe('ids', () => {
  type Command = [field: string, input: object];
  const commands: readonly Command[] = [
    ['updateSession', { title: 'No' }],
    ['replaceSession', { title: 'No' }],
    ['sendMessage', { content: 'No' }],
    ['setTimeoutPolicy', { policy: { timeoutSeconds: 60 } }],
    ...['leaveSession', 'endSession', 'renewSession', 'heartbeatSession', 'clearMessages'].map((field): Command => [field, {}]),
  ];

  test.each<Command>([...commands, ['joinSession', {}]])('%s of garbage, of another type, of another store', async (field, input) => {
    const { url } = gateway;
    const refusal = (sessionId: string) => mutate(url, field, { ...input, sessionId }, '__typename', host.credentials);
    await unchanged(url, host, async () => {
      for (const id of ['nonsense', '', 'ses_', `ses_${'x'.repeat(300)}`, '💥', host.memberId, `${host.sessionId}\n`]) {
        expectProblem(await refusal(id), 'BAD_INPUT', 'sessionId', ['`sessionId`', 'Session id', JSON.stringify(id).slice(0, 60)]);
      }
      expectProblem(await refusal(foreign.sessionId), 'NOT_FOUND', 'sessionId', [foreign.sessionId]);
    });
  });

  test.each<Command>(commands)('%s of another session, by the token of this one', async (field, input) => {
    const { url } = gateway;
    const refused = await unchanged(url, other, () =>
      mutate(url, field, { ...input, sessionId: other.sessionId }, '__typename', host.credentials),
    );
    expectProblem(refused, 'NOT_FOUND', 'sessionId', [other.sessionId]);
  });

  test('without a session, where none is the current one', async () => {
    const refused = await mutate(gateway.url, 'sendMessage', { content: 'to whom?' }, delivery);
    expectProblem(refused, 'BAD_INPUT', 'sessionId', ['`sessionId`', 'to be given', 'X-Session-Id']);
  });

  test('of messages to answer: what is none, and those of other sessions and stores', async () => {
    const { url } = gateway;
    const answerTo = (inReplyTo: string) =>
      unchanged(url, host, () => mutate(url, 'sendMessage', { content: 'x', inReplyTo }, delivery, host.credentials));
    expectProblem(await answerTo(host.memberId), 'BAD_INPUT', 'inReplyTo', ['Message id', host.memberId]);
    expectProblem(await answerTo(otherMessage), 'NOT_FOUND', 'inReplyTo', [otherMessage, host.sessionId]);
    const { message } = await mutate(elsewhere.url, 'sendMessage', { content: 'there' }, delivery, foreign.credentials);
    expectProblem(await answerTo(message.id), 'NOT_FOUND', 'inReplyTo', [message.id]);
  });

  test.each([
    ['node(id: "nonsense") { id }', 'id', '"nonsense"'],
    ['node(id: "sug_YQ") { id }', 'id', '"sug_YQ"'],
    ['nodes(ids: ["bck_bG9jYWw", "x"]) { id }', 'ids.1', '"x"'],
    ['session(id: "") { id }', 'id', '""'],
    ['session(id: "mem_1") { id }', 'id', '"mem_1"'],
    ['sessionByHandle(backend: "ses_1", handle: "x") { id }', 'backend', '"ses_1"'],
    ['sessions(filter: { backends: ["local", "nowhere"] }) { totalCount }', 'filter.backends', '"nowhere"'],
    [`sessions(filter: { metadata: { a: ${'['.repeat(20)}${']'.repeat(20)} } }) { totalCount }`, 'filter.metadata', 'at most 20 levels'],
  ])('in queries: %s', async (field, path, value) => {
    const answer = await post(gateway.url, `{ ${field} }`);
    expectProblem(answer.errors, 'BAD_INPUT', path, [`\`${path}\``, value]);
  });

  test('of another store name nothing here', async () => {
    const found = await query(
      gateway.url,
      'query ($session: ID!, $ids: [ID!]!) { session(id: $session) { id } nodes(ids: $ids) { id } }',
      { session: foreign.sessionId, ids: [foreign.sessionId, foreign.memberId] },
      host.credentials,
    );
    expect(found).toEqual({ session: null, nodes: [null, null] });
  });
});

/** A cursor of the timeline with some of its parts changed. */
function forged(cursor: string, change: { readonly epochOf?: string; readonly seq?: number }): string {
  const partsOf = (text: string): string[] => Buffer.from(text, 'base64url').toString().split('.');
  const [version, epoch, seq, sessionId] = partsOf(cursor);
  const parts = [version, change.epochOf === undefined ? epoch : partsOf(change.epochOf)[1], change.seq?.toString(36) ?? seq, sessionId];
  return Buffer.from(parts.join('.')).toString('base64url');
}

describe('cursors of the timeline', () => {
  const garbage = ['nonsense', '', '💥', 'dDEuYQ', 'A'.repeat(500)];

  test('that are none, or of another session, are refused', async () => {
    const { url } = gateway;
    using peer = await connectPeer(url);
    await peer.init(host.credentials);
    const errorsOf = (after: string, field = 'sessionEvents') =>
      peer.errorsOf('1', `subscription ($after: String) { ${field}(after: $after) { cursor } }`, { after });
    await unchanged(url, host, async () => {
      const page = '{ currentSession { members { pageInfo { endCursor } } } }';
      const { currentSession } = await query(url, page, {}, host.credentials);
      for (const after of [...garbage, `${host.cursor}=`, `${host.cursor}A`, host.sessionId, currentSession.members.pageInfo.endCursor]) {
        for (const field of ['sessionEvents', 'messageAdded']) {
          expectProblem(await errorsOf(after, field), 'BAD_INPUT', 'after', ['`after`', host.sessionId, after.slice(0, 70)]);
        }
      }
      for (const { cursor, sessionId } of [other, foreign]) {
        expectProblem(await errorsOf(cursor), 'BAD_INPUT', 'after', ['`after`', host.sessionId, sessionId]);
      }
    });
  });

  test.each([
    ['of another store', () => forged(host.cursor, { epochOf: foreign.cursor })],
    ['ahead of all events', () => forged(host.cursor, { seq: 1_000_000 })],
    ['ahead of all numbers', () => forged(host.cursor, { seq: Number.MAX_SAFE_INTEGER })],
  ])('%s give a stream that says that it is not recovered, and goes on from now', async (_what, cursor) => {
    const { url } = gateway;
    const session = await createSession(url);
    host = session;
    const stream = follow(url, allEvents, { after: cursor() }, session.credentials);
    expect(await stream.until(ofType('StreamOpened'))).toMatchObject({ recovered: false, cursor: session.cursor });
    await mutate(url, 'sendMessage', { content: 'next' }, delivery, session.credentials);
    await stream.until(ofType('MessageAdded'));
    expect(stream.events.map((event) => event.__typename)).toEqual(['StreamOpened', 'MessageAdded']);
    await stream.stop();

    // Where there is no opening to say so, it is an error.
    const added = 'subscription ($after: String) { messageAdded(after: $after) { cursor } }';
    const refused = await follow(url, added, { after: cursor() }, session.credentials).ended;
    expectProblem(refused, 'CONFLICT', 'after', [session.sessionId, 'read the session again']);
  });
});

describe('cursors of pages', () => {
  const pageOf = (list: string, argument: string): string => {
    const page = `${list}(${argument}: $cursor) { totalCount }`;
    return `query ($cursor: String) { ${list === 'sessions' ? page : `currentSession { ${page} }`} }`;
  };
  const endOf = async (url: string, credentials: object, list: string): Promise<string> => {
    const source = `{ sessions { pageInfo { endCursor } } currentSession { members { pageInfo { endCursor } } messages { pageInfo { endCursor } } } }`;
    const { sessions, currentSession } = await query(url, source, {}, { ...credentials });
    return (list === 'sessions' ? sessions : currentSession[list]).pageInfo.endCursor;
  };

  test.each([
    ['sessions', 'after', 'a list of sessions'],
    ['members', 'after', 'the members of'],
    ['members', 'before', 'the members of'],
    ['messages', 'after', 'the messages of'],
    ['messages', 'before', 'the messages of'],
  ])('of other lists, other stores and none at all: %s(%s)', async (list, argument, rule) => {
    const { url } = gateway;
    await mutate(elsewhere.url, 'sendMessage', { content: 'there' }, delivery, foreign.credentials);
    const fromOthers = await Promise.all(
      ['sessions', 'members', 'messages'].filter((name) => name !== list).map((name) => endOf(url, other.credentials, name)),
    );
    const fromElsewhere = await endOf(elsewhere.url, foreign.credentials, list);
    const fromAnotherSession = list === 'sessions' ? [] : [await endOf(url, other.credentials, list)];
    expect([...fromOthers, fromElsewhere].every((cursor) => cursor.length > 10)).toBe(true);
    for (const cursor of ['nonsense', '', '💥', host.cursor, ...fromOthers, fromElsewhere, ...fromAnotherSession]) {
      const { errors } = await post(url, pageOf(list, argument), { cursor }, host.credentials);
      expectProblem(errors, 'BAD_INPUT', argument, [`\`${argument}\``, rule, JSON.stringify(cursor).slice(0, 70)]);
    }
  });
});

describe('kicks', () => {
  const kick = (session: Admitted, input: object, caller = session) =>
    unchanged(gateway.url, session, () => mutate(gateway.url, 'kickMember', input, '__typename', caller.credentials));

  test('of what is no member, and of members of other sessions and stores', async () => {
    expectProblem(await kick(host, { memberId: 'nonsense' }), 'BAD_INPUT', 'memberId', ['`memberId`', 'Member id', '"nonsense"']);
    expectProblem(await kick(host, { memberId: host.sessionId }), 'BAD_INPUT', 'memberId', ['Member id', host.sessionId]);
    expectProblem(await kick(host, { memberId: other.memberId }), 'NOT_FOUND', 'memberId', [other.memberId, host.sessionId]);
    expectProblem(await kick(host, { memberId: foreign.memberId }), 'NOT_FOUND', 'memberId', [foreign.memberId]);
  });

  test('of oneself, by somebody who is no host, by a stranger', async () => {
    expectProblem(await kick(host, { memberId: host.memberId }), 'CONFLICT', 'memberId', ['itself', 'leaveSession']);
    expectProblem(await kick(host, { memberId: host.memberId }, guest), 'FORBIDDEN', null, ['Only a HOST', 'MEMBER']);
    expectProblem(await kick(host, { memberId: guest.memberId }, guest), 'FORBIDDEN', null, ['Only a HOST', 'MEMBER']);
    const bySession = { sessionId: host.sessionId, memberId: guest.memberId };
    expectProblem(await kick(host, bySession, other), 'NOT_FOUND', 'sessionId', [host.sessionId]);
  });

  test('for a reason that is too long, or none', async () => {
    const { memberId } = guest;
    expectProblem(await kick(host, { memberId, reason: 'r'.repeat(501) }), 'BAD_INPUT', 'reason', ['`reason`', 'at most 500', 'got 501.']);
    expectProblem(await kick(host, { memberId, reason: '' }), 'BAD_INPUT', 'reason', ['`reason`', 'not to be empty']);
  });

  test('of one host by another, and of somebody who is gone', async () => {
    const { url } = gateway;
    const wallet = createWallet();
    const session = await createSession(url, { owners: [wallet.address] });
    const owner = await joinSession(url, { sessionId: session.sessionId }, await signIn(url, wallet));
    expectProblem(await kick(session, { memberId: owner.memberId }), 'FORBIDDEN', 'memberId', [owner.memberId, 'HOST']);
    expectProblem(await kick(session, { memberId: session.memberId }, owner), 'FORBIDDEN', 'memberId', [session.memberId, 'HOST']);
    await mutate(url, 'leaveSession', {}, change, owner.credentials);
    expectProblem(await kick(session, { memberId: owner.memberId }), 'CONFLICT', 'memberId', [owner.memberId, 'LEFT']);
  });
});
