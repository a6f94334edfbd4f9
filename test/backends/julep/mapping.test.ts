import { describe, expect, test } from 'vitest';
import { isProblem } from '../../../src/core/problem.ts';
import { chatSettings } from '../../../src/backends/julep/chat-settings.ts';
import { mergedMetadata, nextPage, offsetOf, removesKeys, roleOf, scalars, sessionOptions } from '../../../src/backends/julep/mapping.ts';
import { chatFailure, failureInStream, refused } from '../../../src/backends/julep/refusal.ts';
import { messageOf as messageOfV03, sessionOf as sessionOfV03, suggestionOf } from '../../../src/backends/julep/v03/mapping.ts';
import { chatShape, sessionShape as sessionShapeV03 } from '../../../src/backends/julep/v03/wire.ts';
import { filterQuery, inOrder, keptOf, messagesOf, sayingOf } from '../../../src/backends/julep/v1/mapping.ts';
import { createToolCalls } from '../../../src/backends/julep/v1/tool-calls.ts';
import { chunkShape, historyShape, sessionShape } from '../../../src/backends/julep/v1/wire.ts';
import { instant, parsed, textOf } from '../../../src/backends/julep/wire.ts';
import { isTooDeep } from '../../../src/backends/shared/depth.ts';
import { unknownId } from '../../emulators/julep/asking.ts';
import { expectProblem } from '../../support/core-fixtures.ts';

const asked = { name: 'julep', operation: 'read' };

describe('the wire', () => {
  test.each([
    ['2024-05-31T10:00:00Z', Date.UTC(2024, 4, 31, 10)],
    ['2024-05-31T10:00:00.123456+00:00', Date.UTC(2024, 4, 31, 10, 0, 0, 123)],
    ['2024-05-31T12:00:00+02:00', Date.UTC(2024, 4, 31, 10)],
    ['2024-05-31T10:00:00', Date.UTC(2024, 4, 31, 10)],
  ])('takes %s for an instant', (text, at) => {
    expect(instant.parse(text)).toBe(at);
  });

  test.each(['yesterday', '', 12, null, '5', '-271821-04-20T00:00:00Z', '2024-05-31', '2024-13-31T10:00:00Z'])(
    'takes %j for none',
    (given) => {
      expect(instant.safeParse(given).success).toBe(false);
    },
  );

  test('lets services say more than is used, and leave out what is not', () => {
    const row = { id: unknownId, user_id: null, agent_id: unknownId, situation: null, summary: null, metadata: null, more: { is: 'here' } };
    const session = parsed(sessionShapeV03, row, asked);
    expect(isProblem(session) ? session : sessionOfV03(session)).toEqual({
      id: unknownId,
      agentId: unknownId,
      situation: null,
      metadata: {},
      createdAt: undefined,
    });
  });

  test.each<readonly [string, Parameters<typeof parsed>[0], unknown, RegExp]>([
    ['a list', sessionShape, [], /the whole is not as expected/],
    ['nothing', sessionShape, null, /the whole/],
    ['a number for an id', sessionShape, { id: 1, created_at: '2024-05-31T10:00:00Z' }, /`id`/],
    [
      'a field deep within',
      chatShape,
      { id: 'a', response: [[{ id: 'a', role: 1, created_at: '2024-05-31T10:00:00Z' }]] },
      /`response\.0\.0\.role`/,
    ],
    ['a history that is no list', historyShape, { entries: {} }, /`entries`/],
    ['a chunk without choices', chunkShape, { id: 'a', created_at: '2024-05-31T10:00:00Z' }, /`choices`/],
  ])('names what is amiss with %s', (_, shape, body, detail) => {
    expect(expectProblem(parsed(shape, body, asked), 'UPSTREAM_FAILED').detail).toMatch(detail);
  });

  test.each([
    ['Hello', 'Hello'],
    [
      [
        { type: 'text', text: 'Hel' },
        { type: 'image_url', image_url: { url: 'https://x' } },
        { type: 'text', text: 'lo' },
      ],
      'Hello',
    ],
    [['Hel', 'lo'], 'Hello'],
    [{ type: 'text', text: 'Hello' }, 'Hello'],
    [[['Hel', 'lo'], { text: ['Hello'] }], ''],
    [{}, ''],
    [null, ''],
    [undefined, ''],
  ])('takes %j for the text %j', (content, text) => {
    expect(textOf(content)).toBe(text);
  });
});

describe('messages', () => {
  test.each([
    ['user', 'USER'],
    ['assistant', 'ASSISTANT'],
    ['function_call', 'ASSISTANT'],
    ['system', 'SYSTEM'],
    ['tool', 'TOOL'],
    ['function', 'TOOL'],
    ['developer', 'SYSTEM'],
    ['constructor', 'SYSTEM'],
  ])('of %s are of %s', (role, expected) => {
    expect(roleOf(role)).toBe(expected);
  });

  test('of v0.3 name who speaks', () => {
    expect(messageOfV03({ id: 'a', role: 'assistant', content: 'Hi', name: 'Ada', created_at: 5 })).toEqual({
      id: 'a',
      role: 'ASSISTANT',
      content: 'Hi',
      author: { id: null, name: 'Ada' },
      createdAt: 5,
    });
  });

  test('of v1 are put in order, by time and then by id, without those that say nothing', () => {
    const entries = [
      { id: 'c', role: 'user', source: 'meta', content: 'three', created_at: 2 },
      { id: 'b', role: 'user', source: 'meta', content: 'two', created_at: 1 },
      { id: 'd', role: 'assistant', source: 'meta', content: null, created_at: 3 },
      { id: 'a', role: 'user', source: 'meta', content: 'one', created_at: 1 },
    ];
    expect(messagesOf(inOrder(entries)).map(({ content }) => content)).toEqual(['one', 'two', 'three']);
  });

  test('that ask for tools say so as JSON', () => {
    const calls = [{ id: 'call_1', type: 'function' }];
    expect(sayingOf({ content: null, tool_calls: calls })).toBe(JSON.stringify(calls));
    expect(sayingOf({ content: 'Let me see', tool_calls: calls })).toBe('Let me see');
    expect(sayingOf({ content: '', tool_calls: [] })).toBe('');
  });

  test('pieces of calls of tools are put together', () => {
    const calls = createToolCalls();
    calls.add([{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"ci' } }]);
    calls.add([
      { index: 0, function: { name: null, arguments: 'ty":1}' } },
      { index: 1, id: 'call_2', function: { name: 'time', arguments: '{}' } },
    ]);
    calls.add(['nonsense']);
    expect(calls.all()).toMatchObject([
      { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":1}' } },
      { id: 'call_2', function: { name: 'time', arguments: '{}' } },
    ]);
  });

  test('suggestions are told apart by what they say', () => {
    const suggestion = { message_id: unknownId, target: 'user', content: 'Why?' } as const;
    expect(suggestionOf(suggestion)).toMatchObject({ target: 'USER', createdAt: null, messageId: unknownId });
    expect(suggestionOf({ ...suggestion, content: 'How?' }).id).not.toBe(suggestionOf(suggestion).id);
  });
});

describe('metadata', () => {
  test.each([
    [undefined, { a: 1, b: 2 }, false],
    [null, {}, true],
    [{ b: 3 }, { a: 1, b: 3 }, false],
    [{ a: null, c: 4 }, { b: 2, c: 4 }, true],
  ])('given %j comes to %j', (given, after, removes) => {
    expect(mergedMetadata({ a: 1, b: 2 }, given)).toEqual(after);
    expect(removesKeys(given)).toBe(removes);
  });

  test('is filtered by what a service compares', () => {
    const compared = scalars({ a: 'x', b: 2, c: true, d: null, e: { f: 1 }, g: [1] });
    expect(compared).toEqual({ a: 'x', b: 2, c: true });
    expect(filterQuery({ ...compared, h: '5', i: 'true', j: 'red team', k: 'NaN', l: '' })).toEqual({
      'metadata_filter.a': 'x',
      'metadata_filter.b': 2,
      'metadata_filter.j': 'red team',
    });
  });

  test('pages go on from where a full one ended', () => {
    expect([offsetOf(null), offsetOf('40'), offsetOf('x'), offsetOf('-1')]).toEqual([0, 40, 0, 0]);
    const rows = Array.from({ length: 18 });
    expect([nextPage(40, 20, { rows, unreadable: 2 }), nextPage(40, 20, { rows, unreadable: 1 })]).toEqual(['60', null]);
  });

  test('what only replacing resets is kept', () => {
    expect(keptOf({ id: unknownId, metadata: {}, created_at: 0, token_budget: null, render_templates: false, summary: 'x' })).toEqual({
      token_budget: null,
      render_templates: false,
    });
  });
});

test('JSON is too deep by its levels alone', () => {
  const nested = (levels: number): unknown => JSON.parse(`${'{"a":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`);
  expect([isTooDeep(nested(64)), isTooDeep(nested(66)), isTooDeep(nested(20_000))]).toEqual([false, true, true]);
  expect([isTooDeep(Array.from({ length: 1_000 }, () => [1])), isTooDeep(null), isTooDeep(undefined), isTooDeep('{'.repeat(200))]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

describe('options', () => {
  test('of sessions', () => {
    expect(sessionOptions({}, 'julep')).toEqual({ userId: null, renderTemplates: null, tokenBudget: null, contextOverflow: null });
    expect(sessionOptions({ userId: null, contextOverflow: 'TRUNCATE' }, 'julep')).toMatchObject({ contextOverflow: 'truncate' });
    for (const tokenBudget of [0, 1.5, 70_000]) {
      expectProblem(sessionOptions({ tokenBudget }, 'julep'), 'BAD_INPUT', ['options', 'julep', 'tokenBudget']);
    }
  });

  test('of chats are those that the API knows', () => {
    const given = { temperature: 3, preset: 'fun', model: 'gpt-4o', stop: 'end', top_k: 4, agent: unknownId, tools: [], stream: true };
    expect(chatSettings('v1', given, 'julep')).toEqual({ temperature: 3, model: 'gpt-4o', stop: ['end'] });
    expect(chatSettings('v0.3', { ...given, temperature: 2 }, 'julep')).toEqual({ temperature: 2, preset: 'fun', stop: 'end' });
    expect(chatSettings('v0.3', { temperature: null, top_p: undefined }, 'julep')).toEqual({});
    // Not the object's own.
    expect(chatSettings('v1', Object.create({ temperature: 1 }) as object as Record<string, unknown>, 'julep')).toEqual({});
  });

  test.each([
    ['v0.3', 'temperature', 2.1],
    ['v0.3', 'top_p', 0],
    ['v0.3', 'min_p', 1],
    ['v0.3', 'max_tokens', 16_385],
    ['v0.3', 'preset', 'angry'],
    ['v0.3', 'stop', []],
    ['v1', 'stop', ['a', 'b', 'c', 'd', 'e']],
    ['v1', 'seed', 1_001],
    ['v1', 'save', 'no'],
    ['v1', 'logit_bias', { 5: 101 }],
  ] as const)('of chats by %s keep to the bounds of %s', (contract, key, value) => {
    const refusal = expectProblem(chatSettings(contract, { [key]: value }, 'julep'), 'BAD_INPUT', ['options', key]);
    expect(refusal.detail).toMatch(`options.${key}`);
  });
});

const secret = 'sk-secret';
const at = { name: 'julep', operation: 'create the session', secret };

describe('refusals', () => {
  test.each<readonly [number, unknown, string, readonly string[] | null, RegExp]>([
    [403, { detail: 'Could not validate API KEY' }, 'UPSTREAM_REFUSED', null, /`apiKey`.*/],
    [401, null, 'UPSTREAM_REFUSED', null, /`apiKey`/],
    [
      403,
      { error: { message: 'Cost limit exceeded', code: 'cost_limit_exceeded', type: 'x' } },
      'UPSTREAM_REFUSED',
      null,
      /limit of its account/,
    ],
    [404, { detail: 'Session not found' }, 'NOT_FOUND', null, /Session not found/],
    [404, { detail: 'Not Found' }, 'UPSTREAM_FAILED', null, /no such call.*`url`/],
    [404, { message: 'no Route matched with those values' }, 'UPSTREAM_FAILED', null, /no such call/],
    [404, null, 'UPSTREAM_FAILED', null, /no such call/],
    [
      409,
      { error: { message: 'Reference to user not found during create' } },
      'NOT_FOUND',
      ['options', 'julep', 'userId'],
      /Reference to user/,
    ],
    [422, { error: { message: { message: 'Validation failed', code: 'validation_error' } } }, 'BAD_INPUT', null, /Validation failed/],
    [404, { error: { message: 'Session a not found for developer b' } }, 'NOT_FOUND', null, /not found for developer/],
    [409, { error: { message: 'Duplicate', code: 'http_409' } }, 'CONFLICT', null, /Duplicate/],
    [413, null, 'TOO_LARGE', null, /takes less/],
    [405, { error: { message: 'Method Not Allowed' } }, 'UPSTREAM_FAILED', null, /no such call/],
    [418, 'teapot', 'UPSTREAM_REFUSED', null, /status 418/],
    [400, { detail: 'metadata_filter is not a valid JSON' }, 'UPSTREAM_REFUSED', null, /not a valid JSON/],
    [422, { detail: [{ loc: ['body', 'agent_id'], msg: 'Field required', type: 'missing' }] }, 'BAD_INPUT', ['agentId'], /Field required/],
    [
      422,
      { status_code: 422, message: "[{'type': 'missing', 'loc': ('body', 'situation'), 'msg': 'Field required'}]", data: null },
      'BAD_INPUT',
      ['situation'],
      /Field required/,
    ],
    [
      422,
      { status_code: 422, message: '1 validation error for Request body -> metadata value is not a valid dict', data: null },
      'BAD_INPUT',
      ['metadata'],
      /not a valid dict/,
    ],
    [
      422,
      {
        error: {
          message: 'Validation error',
          code: 'validation_error',
          details: [{ type: 'a', msg: 'Too hot', loc: ['body', 'temperature'] }],
        },
      },
      'BAD_INPUT',
      ['options', 'temperature'],
      /Too hot/,
    ],
    [422, { error: { details: [{ type: 'a', msg: 'Not so', loc: ['body', 'messages', 0, 'role'] }] } }, 'BAD_INPUT', ['role'], /Not so/],
    [422, { error: { details: [{ msg: 'Not so', loc: ['body', 'messages', 0, 'content'] }] } }, 'BAD_INPUT', ['content'], /Not so/],
    [
      422,
      { error: { details: [{ msg: 'Not so', loc: ['body', 'token_budget'] }] } },
      'BAD_INPUT',
      ['options', 'julep', 'tokenBudget'],
      /Not so/,
    ],
    [422, { error: { details: [{ msg: 'Not so', loc: ['body', 'constructor'] }] } }, 'BAD_INPUT', null, /Not so/],
    [422, { detail: [{ msg: 'Not so', loc: [{}, ['body'], 'body', 'agent_id'] }] }, 'BAD_INPUT', null, /Not so/],
    [422, {}, 'BAD_INPUT', null, /does not take the input/],
  ])('of %i %j', (status, json, code, path, detail) => {
    expect(expectProblem(refused({ status, json }, at), code as 'BAD_INPUT', path).detail).toMatch(detail);
  });

  test('of a chat without a field are of the model', () => {
    const refusal = refused({ status: 400, json: { error: { message: 'context too long' } } }, { ...at, chat: true });
    expect(expectProblem(refusal, 'UPSTREAM_FAILED').detail).toMatch(/context too long/);
  });

  test('of calls that a service may lack', () => {
    expectProblem(refused({ status: 405, json: null }, { ...at, optional: true }), 'UNSUPPORTED');
    expectProblem(refused({ status: 404, json: { detail: 'Not Found' } }, { ...at, optional: true }), 'UNSUPPORTED');
    expectProblem(refused({ status: 404, json: { detail: 'Session not found' } }, { ...at, optional: true }), 'NOT_FOUND');
  });

  test('are quoted shortly, without the key', () => {
    const json = { detail: `bad ${secret} ${'x'.repeat(1_000)}` };
    const { detail } = refused({ status: 409, json }, at);
    expect(detail).not.toMatch(secret);
    expect(detail?.length).toBeLessThan(330);
  });

  test('that a stream brings are failures', () => {
    expect(failureInStream({ choices: [] }, at)).toBeNull();
    expect(failureInStream('text', at)).toBeNull();
    expect(expectProblem(failureInStream({ error: { message: 'overloaded' } }, at), 'UPSTREAM_FAILED').detail).toMatch(/overloaded/);
  });

  test('of a failing model say what it said', () => {
    expect(chatFailure({ status: 502, json: null }, at)).toBeNull();
    expect(chatFailure({ status: 429, json: { detail: 'x' } }, at)).toBeNull();
    expectProblem(chatFailure({ status: 502, json: { error: { message: 'overloaded' } } }, at), 'UPSTREAM_FAILED');
  });
});
