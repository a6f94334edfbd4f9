import { expect, test } from 'vitest';
import { ProblemError, isProblem, orProblem, orThrow, problem, problemTable } from '../../src/core/problem.ts';

test('a problem has the status and title of its code, and what else is known', () => {
  expect(problem('SESSION_FULL', 'It is full.')).toEqual({
    kind: 'problem',
    code: 'SESSION_FULL',
    ...problemTable.SESSION_FULL,
    detail: 'It is full.',
    path: null,
    retryAfterSeconds: null,
    backend: null,
  });
  expect(problem('RATE_LIMITED', 'Wait.', { path: ['password'], retryAfterSeconds: 5, backend: 'local' })).toMatchObject({
    path: ['password'],
    retryAfterSeconds: 5,
    backend: 'local',
  });
});

test.each(Object.entries(problemTable))('%s stands for an HTTP error', (_, { status, title }) => {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(600);
  expect(title).toMatch(/^[A-Z].*[a-z]$/);
});

test.each([null, undefined, 'problem', {}, { kind: 'other' }, []])('%j is no problem', (value) => {
  expect(isProblem(value)).toBe(false);
});

test('where only an exception fits, it carries the problem, and can be made a value again', async () => {
  const full = problem('SESSION_FULL', 'It is full.');
  expect(() => orThrow(full)).toThrow(ProblemError);
  expect(orThrow('fine')).toBe('fine');
  expect(await orProblem(Promise.resolve('fine'))).toBe('fine');
  expect(await orProblem(Promise.reject(new ProblemError(full)))).toBe(full);
  await expect(orProblem(Promise.reject(new TypeError('bug')))).rejects.toThrow(TypeError);
});
