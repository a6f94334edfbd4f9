import { describe, expect, test } from 'vitest';
import { chatRefused, createRefused, joinRefused, refused } from '../../../src/backends/quicksync/problems.ts';
import { type Refusal, refusalOf } from '../../../src/backends/quicksync/refusal.ts';
import type { ProblemCode } from '../../../src/core/problem.ts';
import type { HttpReply } from '../../../src/backends/shared/http-message.ts';
import { servicePassword } from '../../../src/core/rules.ts';
import type { Rules } from '../../../src/core/session.ts';
import { expectProblem } from '../../support/core-fixtures.ts';
import { recordOf } from './world.ts';

const jsonOf = (text: string): unknown => (/^[{"]/.test(text) ? JSON.parse(text) : null);
const reply = (status: number, text: string, headers: HttpReply['headers'] = {}): HttpReply => ({
  kind: 'reply',
  status,
  headers,
  json: jsonOf(text),
  text,
});
const details = (status: number, detail?: string, errors?: object): Refusal =>
  refusalOf(reply(status, JSON.stringify({ title: 'Client Error', detail, errors })));
const bare = (status: number, headers: HttpReply['headers'] = {}): Refusal => refusalOf(reply(status, '', headers));
const bearer = { 'www-authenticate': 'Bearer error="invalid_token"' };

describe('a refusal', () => {
  test.each<readonly [string, HttpReply, string | null]>([
    ['nothing', reply(401, ''), null],
    ['details', reply(422, '{"title":"Client Error","detail":"It is full."}'), 'Client Error: It is full.'],
    ['details of other types', reply(422, '{"title":1,"detail":{},"errors":[]}'), null],
    ['fields', reply(422, '{"errors":{"A":["one","two"],"B":"three","C":[4]}}'), 'one: two: three'],
    ['plain text', reply(400, 'No\r\n\u0000way', { 'content-type': 'text/plain; charset=utf-8' }), 'No way'],
    ['a JSON text', reply(400, '"No way"'), 'No way'],
    ['a page', reply(404, '<p>secret', { 'content-type': 'text/html' }), null],
    ['a stack trace', reply(400, '{"exception":"at Foo.Bar()"}'), null],
  ])('of %s', (_, said, text) => {
    expect(refusalOf(said).text).toBe(text);
  });

  test('is cut to 200 characters, none of them halved', () => {
    const { text } = refusalOf(reply(400, JSON.stringify({ detail: `No: ${'😀'.repeat(200)}` })));
    expect(text).toMatch(/^No: 😀.*…$/u);
    expect(text?.length).toBe(200);
    expect(text?.isWellFormed()).toBe(true);
  });
});

describe('a creation refused', () => {
  test.each<readonly [string, Refusal, ProblemCode, readonly string[] | null]>([
    ['by the key', details(401, 'Invalid API Key'), 'UPSTREAM_REFUSED', null],
    ['by the key, forbidden', bare(403), 'UPSTREAM_REFUSED', null],
    ['by the bearer', bare(401, bearer), 'UNAUTHENTICATED', null],
    ['by a field', details(422, 'Invalid', { 'rules.UserCapacity': ['too many'] }), 'BAD_INPUT', ['rules', 'maxMembers']],
    ['by a field of JSON', details(400, 'x', { '$.rules.whiteListAddresses[0]': ['x'] }), 'BAD_INPUT', ['rules', 'allowlist']],
    ['by a field in a sentence', details(422, 'Expiry duration in seconds is too long.'), 'BAD_INPUT', ['rules', 'lifetimeSeconds']],
    ['by the identity', details(422, 'x', { 'identity.chainAddress': ['x'] }), 'BAD_INPUT', ['identity', 'address']],
    ['by the password', details(422, 'The password is too short.'), 'BAD_INPUT', ['rules', 'password']],
    ['by nothing that is named', details(422, 'Try later.'), 'UPSTREAM_REFUSED', null],
    ['otherwise', bare(418), 'UPSTREAM_REFUSED', null],
  ])('%s', (_, refusal, code, path) => {
    expect(expectProblem(createRefused('qs', refusal), code, path).backend).toBe('qs');
  });
});

describe('a joining refused', () => {
  const withPassword = { passwordHash: servicePassword };
  test.each<readonly [string, Refusal, Partial<Rules>, ProblemCode]>([
    ['by the bearer', bare(401, bearer), withPassword, 'UNAUTHENTICATED'],
    ['without a word, with a password', bare(401), withPassword, 'WRONG_PASSWORD'],
    ['without a word, without one', bare(401), {}, 'UNAUTHENTICATED'],
    ['for the password, though none was known of', details(401, 'Wrong password.'), {}, 'WRONG_PASSWORD'],
    ['for the password by another status', details(422, 'Wrong password.'), {}, 'WRONG_PASSWORD'],
    ['by the key', details(401, 'API key missing'), withPassword, 'UPSTREAM_REFUSED'],
    ['being full', details(422, 'Session is full'), {}, 'SESSION_FULL'],
    ['by the capacity', details(422, 'User capacity reached'), {}, 'SESSION_FULL'],
    ['by the list', details(422, 'Address is not whitelisted'), {}, 'NOT_ALLOWLISTED'],
    ['by the list, forbidden', details(403, 'not on the allow list'), {}, 'NOT_ALLOWLISTED'],
    ['without a word, with a list', bare(422), { allowlistOnly: true }, 'NOT_ALLOWLISTED'],
    ['without a word, full', bare(422), { maxMembers: 1 }, 'SESSION_FULL'],
    ['without a word', bare(422), {}, 'UPSTREAM_REFUSED'],
    ['forbidden', bare(403), {}, 'FORBIDDEN'],
  ])('%s', (_, refusal, rules, code) => {
    const session = recordOf('s', rules, { activeMembers: 1 });
    expectProblem(joinRefused('qs', refusal, { session, secret: null, as: null }), code, code === 'WRONG_PASSWORD' ? ['password'] : null);
  });
});

test.each<readonly [Refusal, ProblemCode]>([
  [bare(401), 'NOT_A_MEMBER'],
  [bare(403), 'FORBIDDEN'],
  [bare(409), 'UPSTREAM_REFUSED'],
])('a call refused with %o', (refusal, code) => {
  expectProblem(refused('qs', 'do it', refusal), code);
});

test.each<readonly [Refusal, ProblemCode, readonly string[] | null]>([
  [bare(403), 'UPSTREAM_REFUSED', null],
  [bare(404), 'UPSTREAM_REFUSED', null],
  [details(422, 'too long'), 'BAD_INPUT', ['content']],
  [bare(401), 'NOT_A_MEMBER', null],
])('a chat refused with %o', (refusal, code, path) => {
  expectProblem(chatRefused('qs', refusal), code, path);
});
