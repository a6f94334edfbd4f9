import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createTokenTypeReader } from '../../src/auth/token-type.ts';

const key = new Uint8Array(32);
const sign = (typ: string | undefined, sub: string): Promise<string> =>
  new SignJWT({ sub }).setProtectedHeader({ alg: 'HS256', ...(typ === undefined ? {} : { typ }) }).sign(key);

test('reads the type of each token, the first time and again', async () => {
  const typeOf = createTokenTypeReader();
  const tokens = await Promise.all([sign('a', '1'), sign('b', '2'), sign(undefined, '3'), sign('a', '4')]);
  expect(tokens.map(typeOf)).toEqual(['a', 'b', '', 'a']);
  expect(tokens.map(typeOf)).toEqual(['a', 'b', '', 'a']);
});

test('more headers than it remembers are all read', async () => {
  const typeOf = createTokenTypeReader();
  const tokens = await Promise.all(Array.from({ length: 250 }, (_, index) => sign(`type-${index}`, 'x')));
  expect([...tokens, ...tokens].map(typeOf)).toEqual([...tokens.keys(), ...tokens.keys()].map((index) => `type-${index}`));
});

test.each(['', '.', '..', 'x', 'a.b.c', 'bm8gSlNPTg.e30.x', 'W10.e30.x', 'eyJ0eXAiOjF9', '\ud800.\u0000'])(
  'the text %j is no JWT',
  (text) => {
    expect(createTokenTypeReader()(text)).toBeNull();
  },
);
