import { describe, expect, it } from 'vitest';
import { canonicalJson, sameJson } from '../../src/core/canonical-json.ts';

const values: readonly unknown[] = [
  undefined,
  null,
  0,
  Number.NaN,
  '',
  '0',
  false,
  [],
  [undefined],
  [null],
  [1, [2]],
  [1, [2, 3]],
  {},
  { a: undefined },
  { a: null },
  { a: 1, b: { c: [1], d: 'x' } },
  { b: { d: 'x', c: [1] }, a: 1 },
  { a: 1, b: { c: [2], d: 'x' } },
  { a: 1, b: undefined },
  { a: 1 },
  { 0: 1 },
  { hasOwnProperty: 1 },
  { toString: {} },
  new Date(0),
  new Date(1),
  { at: new Date(0) },
  { at: '1970-01-01T00:00:00.000Z' },
  JSON.parse('{"__proto__": 1}') as unknown,
];

describe('sameJson', () => {
  it('says of every two values what their canonical texts say', () => {
    for (const a of values) {
      for (const b of values) {
        const isSame = canonicalJson(a) === canonicalJson(b);
        expect(sameJson(a, b), `${canonicalJson(a)} and ${canonicalJson(b)}`).toBe(isSame);
        expect(sameJson(structuredClone(a), b)).toBe(isSame);
      }
    }
  });
});

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
