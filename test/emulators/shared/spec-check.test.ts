import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { EmulatorRequest } from './request-log.ts';
import { type SpecCheck, type SpecOptions, createSpecCheck } from './spec-check.ts';

const documentOf = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../specs/${name}.json`, import.meta.url), 'utf8'));

const checkOf = async (name: string, options: Partial<SpecOptions> = {}): Promise<SpecCheck> =>
  createSpecCheck({ document: await documentOf(name), ...options });

const asked = (line: string, body?: unknown): EmulatorRequest => {
  const [method = '', url = ''] = line.split(' ');
  return { method, url, route: null, headers: {}, body, status: null, at: 0 };
};

const id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

describe('requests', () => {
  test.each<readonly [string, string, unknown, readonly string[]]>([
    ['sipher', 'POST /v1/sessions', { defaults: { chain: 'solana' }, ttlSeconds: 60 }, []],
    [
      'sipher',
      'POST /v1/sessions',
      { defaults: { chain: 'dogecoin' }, ttlSeconds: 1 },
      ['body /defaults/chain must be equal to one of the allowed values', 'body /ttlSeconds must be >= 60'],
    ],
    ['sipher', 'POST /v1/sessions', {}, ["body must have required property 'defaults'"]],
    ['sipher', 'POST /v1/sessions', undefined, ['body is missing']],
    ['sipher', 'GET /v1/sessions/nope', undefined, ['path.id must match pattern "^sess_[0-9a-f]{64}$"']],
    ['eliza', `POST /api/messaging/sessions`, { agentId: id, userId: id }, []],
    ['eliza', `POST /api/messaging/sessions`, { agentId: id }, ["body must have required property 'userId'"]],
    ['eliza', `GET /api/messaging/sessions/${id}/messages?limit=5`, undefined, []],
    [
      'eliza',
      `GET /api/messaging/sessions/${id}/messages?limit=0&page=2`,
      undefined,
      ['query.limit must be >= 1', 'query.page is not in the spec'],
    ],
    ['eliza', `GET /api/messaging/sessions/${id}/messages?before=12`, undefined, ['query.before must match format "date-time"']],
    ['eliza', `GET /api/messaging/sessions/health`, undefined, []],
    ['julep-v0.3', 'POST /api/sessions', { agent_id: id, user_id: id, situation: 'x' }, []],
    ['julep-v0.3', 'POST /api/sessions', { agent_id: 'x' }, ['body /agent_id must match format "uuid"']],
    ['julep-v0.3', `GET /api/sessions/${id}/history?limit=10&offset=0`, undefined, []],
    ['julep-v1', 'POST /api/sessions', { agent: id, metadata: {} }, []],
    ['julep-v1', `POST /api/sessions/${id}/chat`, { messages: [{ role: 'user', content: 'hi' }], stream: false }, []],
    [
      'julep-v1',
      `POST /api/sessions/${id}/chat`,
      { messages: [{ role: 'nobody', content: 'hi' }], stream: false },
      [expect.stringContaining('body /messages/0/role must be equal')],
    ],
    [
      'quicksync',
      'POST /v1/session',
      { rules: { userCapacity: null, password: 'x', whiteListAddresses: ['0x1', { address: '0x2' }] } },
      [],
    ],
    [
      'quicksync',
      'POST /v1/session',
      { rules: { userCapacity: 'many' }, more: 1 },
      ['body must NOT have additional properties', 'body /rules/userCapacity must be integer', expect.any(String), expect.any(String)],
    ],
  ])('%s: %s %o', async (name, line, body, problems) => {
    const check = await checkOf(name);
    check.request(asked(line, body), false);
    const found = check.violations.map(({ problem }) => problem);
    expect(found.slice(0, problems.length)).toEqual(problems);
    expect(found.length > 0).toBe(problems.length > 0);
    check.clear();
    expect(check.violations).toEqual([]);
  });

  test('unknown to the spec is reported only where the emulator has no route for it either', async () => {
    const check = await checkOf('sipher');
    check.request(asked('GET /v1/sessions'), false);
    expect(check.violations).toEqual([]);
    check.request(asked('GET /v1/sessions'), true);
    expect(check.violations).toEqual([
      { method: 'GET', url: '/v1/sessions', operation: null, problem: 'neither the spec nor the emulator knows it' },
    ]);
  });

  test('what the spec is known to have wrong is not reported', async () => {
    const operation = 'GET /api/messaging/sessions/{sessionId}/messages';
    const check = await checkOf('eliza', { exceptions: [{ operation, problem: 'query.before', reason: 'Epoch milliseconds.' }] });
    check.request(asked(`GET /api/messaging/sessions/${id}/messages?before=12&after=12`), false);
    expect(check.violations.map(({ problem }) => problem)).toEqual(['query.after must match format "date-time"']);
  });
});

describe('replies', () => {
  test('are checked against what the spec says of their status', async () => {
    const check = await checkOf('sipher');
    const request = asked('POST /v1/sessions', { defaults: {} });
    check.reply(request, 201, JSON.stringify({ success: true, data: { createdAt: 1 } }));
    expect(check.replyViolations).toEqual([]);
    check.reply(request, 201, JSON.stringify({ success: true, data: { createdAt: 'now' } }));
    check.reply(request, 500, '{}');
    expect(check.replyViolations.map(({ problem }) => problem)).toEqual([
      '201 /data/createdAt must be integer',
      'status 500 is not in the spec',
    ]);
  });
});
