import { expect, test } from 'vitest';
import { createPasswordHasher } from '../../src/auth/passwords.ts';
import { ProblemError } from '../../src/core/problem.ts';

const hasher = createPasswordHasher();

test('a password is kept as argon2id with the recommended cost, salted', async () => {
  const [first, second] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
  expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(first).not.toBe(second);
  expect(first).not.toContain('correct');
});

test.each(['correct horse', '', 'x'.repeat(1_024), '🐴', 'a\u0000b'])('the password %j is recognised, and no other', async (password) => {
  const phc = await hasher.hash(password);
  expect(await hasher.verify(phc, password)).toBe(true);
  expect(await hasher.verify(phc, `${password}x`)).toBe(false);
  expect(await hasher.verify(phc, password.slice(0, -1))).toBe(password === '');
});

test('a password counts the same composed and decomposed', async () => {
  expect(await hasher.verify(await hasher.hash('caf\u00e9'), 'cafe\u0301')).toBe(true);
});

test('hashes of other costs are still recognised', async () => {
  // The reference implementation's test vector: `echo -n "password" | argon2 somesalt -id -t 2 -m 16 -p 1`.
  const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  expect(await hasher.verify(phc, 'password')).toBe(true);
  expect(await hasher.verify(phc, 'Password')).toBe(false);
});

test('what is no hash is a fault of the store, not a wrong password', async () => {
  await expect(hasher.verify('plain', 'plain')).rejects.toThrow('Decoding failed');
});

test('whoever has no place waits for one, in the order of coming', async () => {
  const bounded = createPasswordHasher({ concurrency: 1, maxWaiting: 50 });
  const settled: string[] = [];
  const slow = bounded.hash('x').then(() => settled.push('slow'));
  // By itself this one is done in no time: what is no hash is not computed.
  const quick = bounded.verify('plain', 'x').catch(() => settled.push('quick'));
  const last = bounded.hash('y').then(() => settled.push('last'));
  await Promise.all([slow, quick, last]);
  expect(settled).toEqual(['slow', 'quick', 'last']);
});

test('a flood is computed to the end, each with its own answer', async () => {
  const bounded = createPasswordHasher({ concurrency: 2, maxWaiting: 50 });
  const phc = await bounded.hash('right');
  const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => bounded.verify(phc, index % 3 === 0 ? 'right' : 'wrong')));
  expect(answers).toEqual(Array.from({ length: 30 }, (_, index) => index % 3 === 0));
});

test('beyond the queue a password is refused for now, and the others go on', async () => {
  const bounded = createPasswordHasher({ concurrency: 1, maxWaiting: 2 });
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => bounded.hash('x')));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
  const [, , , refused] = outcomes;
  const reason: unknown = refused?.status === 'rejected' ? refused.reason : null;
  expect(reason).toBeInstanceOf(ProblemError);
  expect(reason).toMatchObject({ problem: { code: 'RATE_LIMITED', retryAfterSeconds: 5 } });
  expect(await bounded.verify(await bounded.hash('x'), 'x')).toBe(true);
});

test('a failed computation gives its place back', async () => {
  const bounded = createPasswordHasher({ concurrency: 1, maxWaiting: 5 });
  await Promise.allSettled([bounded.verify('plain', 'x'), bounded.verify('plain', 'x')]);
  expect(await bounded.verify(await bounded.hash('x'), 'x')).toBe(true);
});
