import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { bodyOf, heardOf, keepable, messageOf } from '../../../src/backends/eliza/mapping.ts';
import { userIdOf } from '../../../src/backends/eliza/open.ts';
import { refusalOf, serverErrorOf } from '../../../src/backends/eliza/problems.ts';
import { checkEnds, policyOf, timeoutOf } from '../../../src/backends/eliza/timeout.ts';
import {
  agentsShape,
  broadcastShape,
  historyShape,
  isUuid,
  sentShape,
  sessionShape,
  sessionsShape,
  tiesShape,
} from '../../../src/backends/eliza/wire.ts';
import type { HttpReply } from '../../../src/backends/shared/http-message.ts';
import type { MemberId } from '../../../src/core/ids.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { outgoing } from './world.ts';

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly body: unknown;
}

const recorded = JSON.parse(await readFile(new URL('../../emulators/recorded/eliza.json', import.meta.url), 'utf8')) as readonly Recorded[];
const bodyNamed = (name: string): unknown => recorded.find((each) => each.name === name)?.body;
const agentId = 'e738c7d8-9afb-0a9a-8b54-8496f7ce7ca8';
const userId = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

describe('recorded replies', () => {
  test('fit the shapes', () => {
    const sessions = [
      'create (defaults)',
      'create (custom)',
      'get',
      'heartbeat',
      'patch timeout ok',
      'renew (autoRenew=false still renews)',
    ];
    expect(sessions.map((name) => sessionShape.safeParse(bodyNamed(name)).error)).toEqual(sessions.map(() => undefined));
    // One of them was given a text for autoRenew.
    const list = sessionsShape.parse(bodyNamed('list'));
    expect(list.rows.map(({ timeoutConfig }) => timeoutConfig.autoRenew)).toEqual([true, false, true, true, true]);
    expect(sentShape.parse(bodyNamed('send (websocket default)')).userMessage).toMatchObject({ created_at: 1_795_309_812_234 });
    expect(historyShape.parse(bodyNamed('messages limit=2'))).toMatchObject({ hasMore: true, messages: [{}, {}] });
  });

  test('tell what a reply answers', () => {
    expect(tiesShape.parse(JSON.stringify(bodyNamed('channel messages limit=1')))).toEqual([
      { id: '5eefaaa1-e9cb-4e96-9b07-bb79ac07f161', inReplyTo: '6134cc4a-02da-4bdb-ab05-724becebe113' },
    ]);
  });

  test('become messages: the agent`s without an author, the user`s without what the service adds', () => {
    const { messages } = historyShape.parse(bodyNamed('messages'));
    const mapped = messages.map((each) => messageOf(each, { agentId, metadata: { platform: 'web', username: 'bob', level: 3 } }));
    expect(mapped.at(-1)).toEqual({
      id: '43c318e4-55be-4db1-b3b8-b50908b26742',
      role: 'USER',
      content: 'hello one',
      author: { id: userId, name: null },
      attachments: [],
      metadata: { source: 't' },
      createdAt: 1_795_309_812_234,
      mark: null,
    });
    expect(mapped[3]).toMatchObject({
      role: 'ASSISTANT',
      author: { id: null, name: 'Echo' },
      metadata: { thought: 'canned thought', actions: ['REPLY'] },
    });
  });

  test.each<readonly [string, Parameters<typeof refusalOf>[1]['subject'], string, readonly string[] | null]>([
    ['create missing userId', 'CREATION', 'BAD_INPUT', ['agentId']],
    ['create bad uuid', 'CREATION', 'BAD_INPUT', ['agentId']],
    ['create unknown agent', 'CREATION', 'BAD_INPUT', ['agentId']],
    ['wrong content type', 'CREATION', 'UPSTREAM_REFUSED', null],
    ['get unknown', 'SESSION', 'EXPIRED', null],
    ['send bad transport', 'MESSAGE', 'BAD_INPUT', ['content']],
    ['send empty', 'MESSAGE', 'BAD_INPUT', ['content']],
    ['messages before=abc', 'SESSION', 'UPSTREAM_REFUSED', null],
    ['patch timeout out of range', 'TIMEOUT', 'BAD_INPUT', ['rules', 'timeout']],
    ['PATCH /sessions/:id (not a route)', 'SESSION', 'UPSTREAM_FAILED', null],
    ['delete again', 'SESSION', 'EXPIRED', null],
  ])('that refuse are problems: %s', (name, subject, code, path) => {
    const reply = recorded.find((each) => each.name === name);
    const asked = { name: 'eliza', operation: 'do it', subject, sessionId: 'x' };
    const refusal = refusalOf({ kind: 'reply', status: reply?.status ?? 0, headers: {}, json: reply?.body, text: '' }, asked);
    expectProblem(refusal, code as 'BAD_INPUT', path);
    expect(refusal.backend).toBe('eliza');
  });
});

describe('a broadcast', () => {
  const heard = broadcastShape.parse({
    id: 'm',
    senderId: agentId,
    senderName: 'Echo',
    text: 'hello',
    roomId: 'c',
    createdAt: 5,
    source: 'agent_response',
    thought: 'why',
    actions: ['REPLY'],
    attachments: [{ url: '/media/a.png', contentType: 'image', title: 'A' }, { nothing: true }],
    more: 1,
  });

  test('of the agent is what the history will have', () => {
    const item = { id: 'm', content: 'hello', authorId: agentId, isAgent: true, createdAt: 5 };
    const metadata = { thought: 'why', actions: ['REPLY'], agentName: 'Echo', isDm: false, channelType: 'GROUP' };
    expect(heardOf({ ...heard, attachments: undefined }, { agentId })).toEqual(messageOf({ ...item, metadata }, { agentId, metadata: {} }));
  });

  test.each([
    [{ source: 'agent_action', senderId: agentId }, 'TOOL', null],
    [{ source: 'client_chat', senderId: userId, senderName: 'Bob' }, 'USER', userId],
  ])('from %o', (parts, role, id) => {
    expect(heardOf({ ...heard, ...parts }, { agentId })).toMatchObject({ role, author: { id } });
    const item = { id: 'm', content: 'hello', authorId: parts.senderId, isAgent: false, createdAt: 5, metadata: {} };
    expect(messageOf(item, { agentId, metadata: {} })).toMatchObject({ role, author: { id } });
  });

  test('with attachments that cannot be read has none', () => {
    expect(heardOf(heard, { agentId }).attachments).toEqual([]);
    const attachments = [{ url: '/a.pdf', contentType: 'application/pdf', title: 'A' }];
    expect(heardOf({ ...heard, attachments }, { agentId }).attachments).toEqual([
      { url: '/a.pdf', mediaType: 'application/pdf', name: 'A', sizeBytes: null },
    ]);
  });
});

describe('what is sent', () => {
  test('may be as long as the service takes', () => {
    expect(bodyOf('eliza', outgoing('x'.repeat(4_000), { mark: 'm' }))).toMatchObject({
      transport: 'websocket',
      metadata: { parleyMark: 'm' },
    });
  });
  test('of metadata is plain, and nothing that the service has a meaning for', () => {
    expect(keepable({ a: 'b', c: 1, d: true, e: null, f: [1], g: {}, sessionId: 'x', parleySession: false })).toEqual({
      a: 'b',
      c: 1,
      d: true,
    });
  });
  test('as the user is one name for each caller', () => {
    const one = userIdOf({ principal: 'user:a|b', memberId: 'mem_1' as MemberId });
    expect(isUuid(one)).toBe(true);
    expect(userIdOf({ principal: 'user:a|b', memberId: 'mem_2' as MemberId })).toBe(one);
    expect(userIdOf({ principal: null, memberId: 'mem_1' as MemberId })).not.toBe(one);
  });
});

describe('a policy', () => {
  test.each([300, 301, 359, 1_000, 43_201, 86_399])('of %i seconds comes back as it went', (timeoutSeconds) => {
    const policy = { timeoutSeconds, autoRenew: true, maxDurationSeconds: 100_003, warningSeconds: 61 };
    const wire = timeoutOf({ lifetimeSeconds: null, timeout: policy });
    expect(policyOf({ timeoutMinutes: 0, autoRenew: true, maxDurationMinutes: 0, warningThresholdMinutes: 0, ...wire })).toEqual(policy);
  });

  test('is asked about only where it has changed', () => {
    const odd = { timeoutSeconds: 60, autoRenew: true, maxDurationSeconds: 43_200, warningSeconds: 300 };
    const ends = { lifetimeSeconds: null, timeout: odd };
    expect(checkEnds('eliza', { ...ends, timeout: { ...odd, autoRenew: false } }, ends)).toBeNull();
    expectProblem(checkEnds('eliza', ends, null), 'BAD_INPUT', ['rules', 'timeout', 'timeoutSeconds']);
  });
});

describe('shapes', () => {
  test.each([
    [{ createdAt: 'soon' }, 'createdAt'],
    [{ channelId: undefined }, 'channelId'],
    [{ timeoutConfig: { timeoutMinutes: '5' } }, 'timeoutConfig.timeoutMinutes'],
  ])('name the field that does not fit: %o', (parts, field) => {
    const { error } = sessionShape.safeParse({ ...(bodyNamed('get') as object), ...parts });
    expect(error?.issues[0]?.path.join('.')).toBe(field);
  });
  test('pass over what they do not know', () => {
    expect(sessionShape.parse({ ...(bodyNamed('get') as object), metadata: 'text', more: [] }).metadata).toEqual({});
    const agents = (...rows: readonly object[]) => agentsShape.safeParse({ success: true, data: { agents: rows } });
    expect(agents({ id: 'a', name: 'A', bio: ['x'] }, { id: 5 }).data).toEqual([{ id: 'a', name: 'A', bio: null, status: null }]);
    expect([agents().success, agents({ id: 5 }).success]).toEqual([true, false]);
  });
});

describe('server errors', () => {
  const reply = (status: number, json: unknown, headers: HttpReply['headers'] = {}): HttpReply => ({
    kind: 'reply',
    status,
    headers,
    json,
    text: '',
  });
  const asked = { name: 'eliza', operation: 'do it' };
  test.each([
    [reply(500, { success: false, error: { message: 'Unexpected end of JSON input', code: 500 } })],
    [reply(500, { success: false, error: 'Failed to process message in HTTP transport' })],
    [reply(500, { error: { code: 'INTERNAL_SERVER_ERROR', message: 'An unexpected error occurred', details: 'secret', stack: 'x' } })],
    [reply(429, {}, { 'retry-after': '3', 'ratelimit-reset': '900' })],
    [reply(429, {})],
    [reply(503, null)],
  ])('that say nothing more are read as usual: %#', (given) => {
    expect(serverErrorOf(given, asked)).toBeNull();
  });
  test('are quoted to their first line, and not for ever', () => {
    const error = { code: 'SESSION_CREATION_FAILED', message: `${'x'.repeat(500)}\n    at /srv/index.js` };
    const detail = serverErrorOf(reply(500, { error }), asked)?.detail ?? '';
    expect(detail).not.toContain('srv');
    expect(detail.length).toBeLessThan(300);
  });
});
