import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { deletedSession, errorIn, handlePattern, patchedSession, root, wholeSession } from '../../../src/backends/sipher/wire.ts';

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly body: { readonly data?: Readonly<Record<string, unknown>> };
}
const file = new URL('../../emulators/recorded/sipher.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as readonly Recorded[];

const kinds = { create: wholeSession, get: wholeSession, patch: patchedSession, delete: deletedSession } as const;
const kindOf = ({ name }: Recorded): keyof typeof kinds | undefined =>
  (['create', 'get', 'patch', 'delete'] as const).find((each) => name.split(/[ :]/, 1)[0] === each);

test('each recorded reply of a session is read, and each refusal', () => {
  const replies = recorded.filter((each) => kindOf(each) !== undefined && each.status < 300);
  expect(replies).toHaveLength(8);
  for (const each of replies) expect([each.name, kinds[kindOf(each) ?? 'get'].safeParse(each.body).success]).toEqual([each.name, true]);
  const refusals = recorded.filter(({ name, status }) => status >= 400 && name !== 'health');
  expect(refusals.filter(({ body }) => errorIn(body) === null)).toEqual([]);
});

const data = { sessionId: `sess_${'0'.repeat(64)}`, defaults: {}, createdAt: 1, expiresAt: 2 };
const faultOf = (parts: object): string | undefined => {
  const { error } = wholeSession.safeParse({ success: true, data: { ...data, ...parts } });
  return error?.issues[0]?.path.join('.');
};

describe('a session', () => {
  test('may have fields and defaults that are new', () => {
    expect(faultOf({ novel: 1, defaults: { chain: 'novel', novel: null } })).toBeUndefined();
  });

  test.each([
    ['data.sessionId', { sessionId: 'sess_1' }],
    ['data.defaults', { defaults: null }],
    ['data.createdAt', { createdAt: '2026-11-22T01:04:09.909Z' }],
    ['data.expiresAt', { expiresAt: undefined }],
    ['data.expiresAt', { expiresAt: -1 }],
  ])('has a %s of its form: %o', (field, parts) => {
    expect(faultOf(parts)).toBe(field);
  });

  test.each([Number.MAX_SAFE_INTEGER, 2 ** 63, 1.5])('is one at whatever instant: %d', (at) => {
    expect(faultOf({ createdAt: at, expiresAt: at })).toBeUndefined();
  });

  test('is not what comes in an envelope of a failure', () => {
    expect(wholeSession.safeParse({ success: false, data }).success).toBe(false);
  });
});

test('the front page names the service', () => {
  expect([root.safeParse({ name: 'sipher', novel: 1 }).success, root.safeParse({ name: 'other' }).success]).toEqual([true, false]);
});

test('handles are lower-case hexadecimal', () => {
  expect([
    handlePattern.test(data.sessionId),
    handlePattern.test(`${data.sessionId}0`),
    handlePattern.test(data.sessionId.toUpperCase()),
  ]).toEqual([true, false, false]);
});
