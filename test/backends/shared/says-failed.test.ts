import { expect, test } from 'vitest';
import { notDone, saysFailed } from '../../../src/backends/shared/says-failed.ts';

test.each<readonly [unknown, boolean]>([
  [null, false],
  ['error', false],
  [[], false],
  [{}, false],
  [{ success: true, error: null, errors: [], status: 'ok' }, false],
  [{ chatId: '1', message: 'it failed', status: 200 }, false],
  [{ success: false }, true],
  [{ ok: false }, true],
  [{ error: 'not done' }, true],
  [{ error: { message: 'not done' } }, true],
  [{ errors: { Rules: ['bad'] } }, true],
  [{ title: 'Conflict', status: 409 }, true],
  [{ status: 'error', message: 'not done' }, true],
])('%j: %o', (json, failed) => {
  expect(saysFailed(json)).toBe(failed);
});

test('what says so has perhaps been done all the same', () => {
  expect(notDone('rooms', 'end the session')).toMatchObject({
    code: 'UPSTREAM_FAILED',
    backend: 'rooms',
    detail: expect.stringContaining('(end the session): see whether it took effect'),
  });
});
