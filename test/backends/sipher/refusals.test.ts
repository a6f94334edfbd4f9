import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { quotaOf, refusalOf } from '../../../src/backends/sipher/refusals.ts';
import type { ProblemCode } from '../../../src/core/problem.ts';
import { expectProblem, noon } from '../../support/core-fixtures.ts';

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly body: unknown;
}
const file = new URL('../../emulators/recorded/sipher.json', import.meta.url);
const recorded = new Map((JSON.parse(readFileSync(file, 'utf8')) as readonly Recorded[]).map((each) => [each.name, each]));
const asked = { backend: 'vault', operation: 'read the session' };

const refusalOfRecorded = (name: string, sent = {}) => {
  const found = recorded.get(name);
  if (found === undefined) throw new Error(`"${name}" was not recorded.`);
  return refusalOf({ ...asked, sent }, { status: found.status, json: found.body });
};

test.each<readonly [string, ProblemCode, readonly string[] | null, RegExp]>([
  ['create without key', 'UPSTREAM_REFUSED', null, /does not take the gateway's key.*`apiKey`/],
  ['create with bad key', 'UPSTREAM_REFUSED', null, /does not take the gateway's key.*`apiKey`/],
  ['create with free key', 'TIER_REQUIRED', null, /of a tier without sessions.*pro or enterprise/],
  ['get: free key', 'TIER_REQUIRED', null, /of a tier without sessions/],
  ['get: other pro key (ownership)', 'EXPIRED', null, /has the session no longer/],
  ['get after delete', 'EXPIRED', null, /has the session no longer/],
  ['get: bad id format', 'UPSTREAM_REFUSED', null, /status 400.*"Invalid session ID format\. Expected/],
  ['create: malformed JSON', 'UPSTREAM_REFUSED', null, /status 400.*"Request body is not valid JSON"/],
  ['list sessions (no such route)', 'UPSTREAM_FAILED', null, /no such route.*check its `url`/],
  ['create: missing defaults', 'BAD_INPUT', ['defaults'], /`defaults` to be as backend vault wants it/],
  ['create: bad enum + ttl too small', 'BAD_INPUT', ['defaults', 'chain'], /to be one of solana,.* 2 more fields are wrong\.$/],
  ['create: null default value', 'BAD_INPUT', ['defaults', 'chain'], /to be one of solana/],
])('recorded: %s', (name, code, path, detail) => {
  const refusal = expectProblem(refusalOfRecorded(name), code, path);
  expect([refusal.detail, refusal.backend]).toEqual([expect.stringMatching(detail), 'vault']);
});

const invalid = (...details: readonly unknown[]) => ({ status: 400, json: { error: { code: 'VALIDATION_ERROR', message: 'x', details } } });

describe('a field that the service refuses', () => {
  test("is the lifetime where it is the service's time to live", () => {
    const refusal = refusalOf(asked, invalid({ path: ['ttlSeconds'], message: 'Too small' }));
    expect(expectProblem(refusal, 'BAD_INPUT', ['rules', 'lifetimeSeconds']).detail).toBe(
      'Expected `rules.lifetimeSeconds` to be as backend vault wants it ("Too small").',
    );
  });

  test('is quoted with its value, both within bounds, unless it is a secret', () => {
    const sent = { chain: 'x'.repeat(1_000), defaultViewingKey: 'hunter2' };
    const long = refusalOf({ ...asked, sent }, invalid({ path: ['defaults', 'chain'], message: 'y'.repeat(1_000) }));
    expect(long.detail?.length).toBeLessThan(400);
    expect(long.detail).toMatch(/y…"\), got "x+…\.$/);
    const secret = refusalOf({ ...asked, sent }, invalid({ path: ['defaults', 'defaultViewingKey'], message: 'no' }));
    expect(secret.detail).not.toContain('hunter2');
  });

  test('is not known where its report has another shape', () => {
    for (const json of [invalid('x').json, { error: { code: 'VALIDATION_ERROR' } }]) {
      expectProblem(refusalOf(asked, { status: 400, json }), 'UPSTREAM_REFUSED');
    }
  });
});

test.each([
  [401, null, 'UPSTREAM_REFUSED'],
  [403, { message: 'blocked' }, 'UPSTREAM_REFUSED'],
  [404, null, 'UPSTREAM_FAILED'],
  [404, { error: 'SESSION_NOT_FOUND' }, 'UPSTREAM_FAILED'],
  [418, [], 'UPSTREAM_REFUSED'],
] as const)("%i with a body that is not the service's", (status, json, code) => {
  expectProblem(refusalOf(asked, { status, json }), code);
});

describe('the quota of the day', () => {
  const used = (details: unknown) => ({ status: 429, json: { error: { code: 'DAILY_QUOTA_EXCEEDED', message: 'x', details } } });
  test('says when it is counted anew', () => {
    const refusal = expectProblem(quotaOf(asked, used({ resetAt: new Date(noon + 90_500).toISOString() }), noon), 'RATE_LIMITED');
    expect([refusal.retryAfterSeconds, refusal.detail]).toEqual([91, expect.stringContaining('2030-01-01T12:01:30.500Z')]);
    const far = expectProblem(quotaOf(asked, used({ resetAt: '9999-12-31T23:59:59Z' }), noon), 'RATE_LIMITED');
    expect([far.retryAfterSeconds, far.detail?.includes('9999')]).toEqual([86_400, false]);
    expect(quotaOf(asked, used({ resetAt: new Date(noon - 1).toISOString() }), noon)?.retryAfterSeconds).toBe(1);
  });
  test('is over tomorrow where the service does not say', () => {
    for (const details of [undefined, {}, { resetAt: 'soon' }]) {
      const refusal = expectProblem(quotaOf(asked, used(details), noon), 'RATE_LIMITED');
      expect([refusal.retryAfterSeconds, refusal.detail]).toEqual([null, expect.stringContaining('tomorrow')]);
    }
  });
  test('is not what other refusals are about', () => {
    expect(quotaOf(asked, { status: 429, json: { error: { code: 'RATE_LIMIT_EXCEEDED' } } }, noon)).toBeNull();
    expect(quotaOf(asked, { status: 500, json: used({}).json }, noon)).toBeNull();
  });
});
