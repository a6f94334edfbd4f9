import { expect, it } from 'vitest';
import { canonicalJson, sameJson } from '../../src/core/canonical-json.ts';

it('is the same for what says the same', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  expect(sameJson({ a: 1, b: { c: 2, d: [] } }, { b: { d: [], c: 2 }, a: 1 })).toBe(true);
  expect(sameJson({ a: undefined }, {})).toBe(true);
});

it('is another where values, or the order of a list, differ', () => {
  for (const [a, b] of [
    [{ a: 1 }, { a: '1' }],
    [
      [1, 2],
      [2, 1],
    ],
    [null, {}],
    [{ a: null }, {}],
  ])
    expect(sameJson(a, b)).toBe(false);
});
