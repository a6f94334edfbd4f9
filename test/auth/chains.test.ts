import { expect, test } from 'vitest';
import { allowedChainId, chainLabel } from '../../src/auth/chains.ts';

test.each([
  ['ethereum', 1],
  ['Ethereum', 1],
  ['1', 1],
  ['polygon', 137],
  ['424242', 424_242],
])('%s is the chain %d', (chain, id) => {
  expect(allowedChainId(chain, [1, 137, 424_242])).toBe(id);
});

test.each(['optimism', '10', '', '0', '01', '1.0', '-1', ' 1', '1e0', '99999999999999999999', 'toString'])(
  'the chain %j is not among those allowed',
  (chain) => {
    expect(allowedChainId(chain, [1, 137])).toBeNull();
  },
);

test('a chain is labelled by its name, and by its number where it has none', () => {
  expect([1, 137, 424_242].map(chainLabel)).toEqual(['ethereum', 'polygon', '424242']);
});
